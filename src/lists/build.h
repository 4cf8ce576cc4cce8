/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of all lists, gathered and made into an image. */
#ifndef LISTS_BUILD_H
#define LISTS_BUILD_H

#include "lists/entries.h"
#include "lists/image.h"
#include "lists/nodes.h"
#include "lists/store.h"

/* Of all lists together; and of all records at one name. */
enum { LISTS_ENTRIES_MAX = 1 << 24, LISTS_RECORDS_MAX = 49152 };

/* What the lists file says of a list; texts and data are copied. */
struct lists_about {
	const char *name, *file, *line;
	const char *nickname, *category, *contact; /* NULL: "" */
	enum list_form form;
	enum list_action action;
	bool wild;
	const uint8_t *data; /* of the action */
	size_t data_len;
	const struct net *client; /* none: all */
	size_t clients;
	const struct net *primary; /* who may say that it has changed */
	size_t primaries;
	uint32_t flags, max_ttl_s, ede, ns_levels;
	enum lists_soa soa_place;
};

struct lists_build {
	struct lists_list list[LISTS_MAX];
	uint32_t lists;
	struct entries entries;
	struct nodes nodes;
	struct store data; /* of entries and lists, as it came */
	struct net *net;
	size_t nets, nets_room;
	char *texts;
	size_t texts_len;
	uint32_t source, source_len, source_name; /* as of the head */
	uint64_t identity;
	struct hash_key key; /* drawn anew for each image */
	uint64_t roots, lengths[TRIGGER_COUNT][4];
	size_t items;
	size_t entries_before, items_before, nodes_before; /* the last list */
};

void lists_build_init(struct lists_build *b);
void lists_build_fini(struct lists_build *b);

/* The lists file that all of them are of. ERR_FULL. */
enum err lists_build_source(struct lists_build *b, const char *name,
			    const char *text, size_t len);
/* Another list, behind the others; entries that are added then are its.
 * ERR_RANGE: there are LISTS_MAX already. ERR_FULL. */
enum err lists_build_list(struct lists_build *b,
			  const struct lists_about *about);
/* Of the last list: the name of its zone, and its SOA as of lists_list. */
enum err lists_build_zone(struct lists_build *b, const struct name *zone);
enum err lists_build_soa(struct lists_build *b, const uint8_t *record,
			 size_t len);
/* ERR_RANGE: there are LISTS_ENTRIES_MAX already. ERR_FULL. */
enum err lists_build_add(struct lists_build *b, const struct item *item);
/* Forgets all entries of the last list. */
void lists_build_empty(struct lists_build *b);
/* The image is malloc()ed; nothing can be added any more. ERR_FULL. */
enum err lists_build_image(struct lists_build *b, void **image_out,
			   size_t *size_out);

#endif
