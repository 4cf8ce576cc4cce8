/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small regular file, read whole. */
#ifndef CONF_FILE_H
#define CONF_FILE_H

#include <stddef.h>

enum { FILE_MAX_BYTES = 64 << 10 };

/* Who may have the right to write it. */
enum file_trust { FILE_FROM_ANYBODY, FILE_FROM_OWNER };

struct file_text {
	size_t len;
	char bytes[FILE_MAX_BYTES + 1]; /* ends in NUL */
};

/* NULL, or what is wrong with the file: "it is not a regular file". Never
 * waits, whatever the path leads to. */
const char *file_read(const char *path, enum file_trust trust,
		      struct file_text *out);

#endif
