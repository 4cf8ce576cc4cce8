/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef POLICY_LAYOUT_H
#define POLICY_LAYOUT_H

#include "policy/build.h"

/* Settled rules become an image (see image.h), malloc()ed. file: as rules
 * shall name where they stand. ERR_FULL: no memory, or over 4 GiB. */
enum err layout_image(struct build *b, const char *file, void **image_out,
		      size_t *size_out);

#endif
