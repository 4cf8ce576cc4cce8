/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACL text to image.
 *
 * policy_compile() is pure: text in, image or complaints out. It runs in the
 * compiler process, which has no network, no capabilities and no way to open
 * anything (lists/compiler.c).
 */
#ifndef POLICY_COMPILE_H
#define POLICY_COMPILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "proc/letter.h"

enum {
	ACL_MAX_BYTES = 64 << 20, /* a larger file is refused */
	ACL_MAX_LINE = 4096,
	ACL_MAX_FILES = 256,  /* with all it includes */
	ACL_MAX_DEPTH = 8,    /* of files that include files */
	ACL_PATH_SIZE = INCLUDE_PATH_SIZE, /* with its NUL */
	/* of errors, and of warnings: what comes after is counted only */
	ACL_MAX_COMPLAINTS = 20,
	/* a buffer in which nothing of it is cut */
	ACL_COMPLAINTS_SIZE = 32768
};

/* Which file it is, whatever it was called by; inode 0: not known. */
struct policy_file {
	uint64_t device, inode;
};

struct policy_text {
	const char *name; /* as complaints shall call it */
	struct policy_file file;
	const char *text; /* need not end in NUL */
	size_t len;
	void *owned; /* free()d when the policy is compiled; name and text lie
			in it. NULL: they are the caller's */
};

/* Hands over one file; its error ends the wish for more. */
typedef enum err policy_text_fn(void *arg, const struct policy_text *text);
/* Calls each for every file that the pattern of glob(7) matches, sorted.
 * ERR_DENIED: why says, as the end of a sentence, what is wrong. */
typedef enum err policy_include_fn(void *arg, const char *pattern,
				   struct text *why, policy_text_fn *each,
				   void *each_arg);

struct own_addresses;

struct policy_source {
	const char *name; /* as in struct policy_text */
	struct policy_file file;
	const char *text;
	size_t len;
	/* what localhost, localnets and interfaces mean; NULL: not known, and
	 * any name of an interface is good */
	const struct own_addresses *own;
	policy_include_fn *include; /* NULL: nothing can be included */
	bool is_directory; /* name is that, and text includes its files */
	/* Rules that are not of a file, behind all others; name NULL: none. */
	struct policy_text more;
	void *arg;
};

/* The image is malloc()ed. complaints: lines
 * "FILE:LINE:COLUMN: error: what; what would be right", and
 * "FILE:LINE:COLUMN: warning: ..." (warnings refuse nothing).
 * ERR_SYNTAX where there was an error, ERR_FULL without memory. */
enum err policy_compile(const struct policy_source *source, void **image_out,
			size_t *size_out, struct text *complaints);

#endif
