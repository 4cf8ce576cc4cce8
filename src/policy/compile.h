/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACL text to image.
 *
 * policy_compile() is pure: text in, image or complaints out. It runs in the
 * compiler process, which has no network, no capabilities and no way to open
 * anything (compiler_main()).
 */
#ifndef POLICY_COMPILE_H
#define POLICY_COMPILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

enum {
	ACL_MAX_BYTES = 64 << 20, /* a larger file is refused */
	ACL_MAX_LINE = 4096,
	/* of errors, and of warnings: what comes after is counted only */
	ACL_MAX_COMPLAINTS = 20,
	/* a buffer in which nothing of it is cut */
	ACL_COMPLAINTS_SIZE = 32768
};

struct policy_source {
	const char *name; /* as complaints shall call it */
	const char *text; /* need not end in NUL */
	size_t len;
};

/* The image is malloc()ed. complaints: lines
 * "FILE:LINE:COLUMN: error: what; what would be right", and
 * "FILE:LINE:COLUMN: warning: ..." (warnings refuse nothing).
 * ERR_SYNTAX where there was an error, ERR_FULL without memory. */
enum err policy_compile(const struct policy_source *source, void **image_out,
			size_t *size_out, struct text *complaints);

struct role_kit;
/* Main of the compiler process; see proc/role.h. It reads HAND_ACL to its
 * end, writes the image to HAND_IMAGE, complaints (and after them, where the
 * hand HAND_PRINT is there, nothing else) to HAND_COMPLAINTS, and the
 * canonical form to HAND_PRINT. Exit status 0, or 1 where refused. */
int compiler_main(struct role_kit *kit);

#endif
