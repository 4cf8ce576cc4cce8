/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small regular file, read whole. */
#ifndef CONF_CONTENT_H
#define CONF_CONTENT_H

#include <stddef.h>

enum { CONTENT_MAX_BYTES = 64 << 10 };

/* Who may have the right to write it. */
enum content_trust { CONTENT_FROM_ANYBODY, CONTENT_FROM_OWNER };

struct content {
	size_t len;
	char bytes[CONTENT_MAX_BYTES + 1]; /* ends in NUL */
};

/* NULL, or what is wrong with the file: "it is not a regular file". Never
 * waits, whatever the path leads to. */
const char *content_read(const char *path, enum content_trust trust,
			 struct content *out);

#endif
