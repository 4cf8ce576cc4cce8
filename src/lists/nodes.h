/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The empty names of policy zones: those that only stand above others.
 *
 * They matter where a wildcard of the same zone stands right above them, for
 * they keep its reach from what is below them. Which these are is known when
 * all entries are: until then an empty name has the hash of its parent for
 * data.
 */
#ifndef LISTS_NODES_H
#define LISTS_NODES_H

#include "base/hash.h"
#include "lists/entries.h"
#include "wire/name.h"

enum {
	NODES_RECENT = 4096,
	/* A list may have so many for each of its names, and some more; all
	 * together NODES_MOST. */
	NODES_A_NAME = 4,
	NODES_MORE = 65536,
	NODES_MOST = 1 << 24
};

struct nodes {
	/* Those that were added last, so that few are added twice. */
	uint64_t recent[NODES_RECENT];
	uint64_t room;	/* of the list that is being read */
	uint64_t count; /* of all lists */
};

/* Another list is read from here. */
void nodes_begin(struct nodes *n);

/* Adds the names above `name`, but for the root, as far as there is room; key:
 * of the trigger. */
enum err nodes_add(struct nodes *n, struct entries *to, unsigned list,
		   const struct hash_key *key, const struct name *name);
/* Takes away, of sorted entries, those that matter nothing, and returns how
 * many are left. ERR_FULL. */
enum err nodes_prune(struct lists_entry *entry, size_t *count);

#endif
