/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong with an ACL, told to the person who wrote it. */
#ifndef POLICY_COMPLAIN_H
#define POLICY_COMPLAIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* One mistake. The texts are borrowed until complain() returns. */
struct flaw {
	uint32_t line, column; /* both count from 1, columns in bytes */
	const char *text;      /* what stands there, or NULL; quoted, bounded */
	size_t len;
	const char *what;  /* "is not a port" */
	const char *right; /* "write 1 to 65535" */
};

struct complaints {
	const char *file;  /* in which the next flaw is */
	const char *files; /* all names, as rules know them by offset */
	struct text *out;
	unsigned errors, warnings;
};

void complain_error(struct complaints *c, const struct flaw *flaw);
void complain_warning(struct complaints *c, const struct flaw *flaw);
/* Says how many there were beyond ACL_MAX_COMPLAINTS of each. */
void complain_finish(struct complaints *c);

#endif
