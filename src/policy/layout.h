/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef POLICY_LAYOUT_H
#define POLICY_LAYOUT_H

#include "policy/build.h"
#include "policy/named.h"

struct interface_names {
	uint32_t count;
	struct image_interface name[IMAGE_MAX_INTERFACES];
};

/* What an image holds beside its rules. */
struct layout_matter {
	const char *files; /* names, each with its NUL; rules name them by
			      offset */
	size_t files_len;
	const struct interface_names *interfaces;
	const struct named_lists *lists;
	bool follows_own;
};

/* Settled rules become an image (see image.h), malloc()ed. ERR_FULL: no
 * memory, or over 4 GiB. */
enum err layout_image(struct build *b, const struct layout_matter *matter,
		      void **image_out, size_t *size_out);

#endif
