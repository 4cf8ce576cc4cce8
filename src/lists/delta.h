/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs from a sorted copy of a zone: records that have come, and
 * records that have gone. A record can come and go any number of times; the
 * last of it counts.
 */
#ifndef LISTS_DELTA_H
#define LISTS_DELTA_H

#include "base/hash.h"
#include "lists/content.h"

enum delta_state { DELTA_UNKNOWN, DELTA_GONE, DELTA_HERE };

struct delta_entry {
	uint64_t at; /* of the record in bytes */
	enum delta_state state;
};

struct delta {
	struct hash_key key;
	uint8_t *bytes;
	size_t len, room;
	struct delta_entry *entry;
	size_t count, entries;
	uint32_t *slot; /* number of an entry plus 1, by hash; 0: free */
	size_t slots;
};

void delta_init(struct delta *d);
void delta_fini(struct delta *d);
/* What it says of a record. */
enum delta_state delta_of(const struct delta *d, const struct zone_record *r);
/* ERR_FULL: without memory, and nothing is changed. */
enum err delta_set(struct delta *d, const struct zone_record *r,
		   enum delta_state state);
/* Sorts the entries as records are; then only delta_at() may be asked. */
void delta_sort(struct delta *d);
/* Entry i of count, and the record it is of. */
enum delta_state delta_at(const struct delta *d, size_t i,
			  struct zone_record *out);

#endif
