/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lists file, and the lists it names, to an image (dns-firewall.lists(5)).
 *
 * A line of the lists file that is wrong refuses all of it; a line of a list
 * that is not understood is counted, told, and left out. A list that is not
 * fetched yet is empty.
 */
#ifndef LISTS_COMPILE_H
#define LISTS_COMPILE_H

#include <stddef.h>

#include "conf/options.h"
#include "lists/image.h"
#include "policy/compile.h"

/* Opens what a list is made of, for us to close: "list:PATH", a file of the
 * owner, or "kept:NAME.kept", what was fetched of that list: of a feed its
 * text. "saved:" is the image of last time (lists/saved.h).
 * "key:PATH" is opened for somebody else. *fd_out stays -1 where there
 * is none, or none for us. ERR_DENIED: why says, as the end of a sentence,
 * what is wrong. */
typedef enum err lists_open_fn(void *arg, const char *what, struct text *why,
			       int *fd_out);

struct lists_source {
	const char *name; /* of the lists file, as complaints call it */
	const char *text; /* need not end in NUL */
	size_t len;
	const struct options *opt; /* never_block of it; may be NULL */
	lists_open_fn *open;
	void *arg;
	/* The lists file has not changed since these, whose place the new
	 * ones take: no keys; and a copy that cannot be read is an error
	 * where there was more of it. NULL: it may have. */
	const struct lists *before;
};

/* complaints as of policy_compile(). ERR_SYNTAX where there was an error,
 * ERR_FULL without memory. The image is malloc()ed. */
enum err lists_compile(const struct lists_source *source, void **image_out,
		       size_t *size_out, struct text *complaints);

struct role_kit;
/* Main of the compiler process; see proc/role.h. It reads HAND_ACL to its
 * end, writes the image to HAND_IMAGE, complaints (and after them, where the
 * hand HAND_PRINT is there, nothing else) to HAND_COMPLAINTS, and the
 * canonical form to HAND_PRINT. Without HAND_ACL the source is a directory.
 * Where the options name a lists file, the image of the lists follows that of
 * the policy. With HAND_POLICY that policy is written as it is, and only its
 * lists are made anew, by the lists file that they were made of.
 * Exit status 0, COMPILER_FOLLOWS (proc/compilation.h), or 1 where refused. */
int compiler_main(struct role_kit *kit);

#endif
