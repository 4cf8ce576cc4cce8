/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of all lists, gathered and made into an image. */
#ifndef LISTS_BUILD_H
#define LISTS_BUILD_H

#include "lists/image.h"

/* Of all lists together. */
enum { LISTS_ENTRIES_MAX = 1 << 24 };

struct lists_entry; /* build.c's */

struct lists_build {
	struct lists_list list[LISTS_MAX];
	uint32_t lists;
	struct lists_entry *entry;
	size_t count, room;
	char *texts;
	size_t texts_len;
	uint32_t source, source_len, source_name; /* as of the head */
	struct hash_key key; /* drawn anew for each image */
	uint64_t lengths4, lengths6[3];
};

void lists_build_init(struct lists_build *b);
void lists_build_fini(struct lists_build *b);

/* The lists file that all of them are of. ERR_FULL. */
enum err lists_build_source(struct lists_build *b, const char *name,
			    const char *text, size_t len);
/* Another list, behind the others; entries that are added then are its.
 * ERR_RANGE: there are LISTS_MAX already. ERR_FULL. */
enum err lists_build_list(struct lists_build *b, const char *name,
			  const char *file, enum list_form form,
			  enum list_action action);
/* ERR_RANGE: there are LISTS_ENTRIES_MAX already. ERR_FULL. */
enum err lists_build_add(struct lists_build *b, const struct item *item);
/* The image is malloc()ed. ERR_FULL. */
enum err lists_build_image(struct lists_build *b, void **image_out,
			   size_t *size_out);

#endif
