/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image that was in force last, as a file beside the copies of lists: with
 * it a start needs no text.
 */
#ifndef LISTS_SAVED_H
#define LISTS_SAVED_H

#include "lists/image.h"

/* The checksum of an image, whatever it says of itself. size: of lists_view().
 */
uint64_t saved_sum(const void *image, size_t size);
/* ERR_MISSING: what is there is of other contents, damaged, or nothing. The
 * image is malloc()ed. */
enum err saved_read(int fd, uint64_t identity, void **image_out,
		    size_t *size_out);
/* Whether that file is of what the image is made of. One that may not be right
 * for what it was made of is of nothing, and not to be saved. */
bool saved_is(int fd, const struct lists *l);
/* ERR_SYSTEM: the file, which was empty, is so again. */
enum err saved_write(int fd, const struct lists *l);

#endif
