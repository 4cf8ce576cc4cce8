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

enum { NODES_RECENT = 4096 };

/* Those that were added last, so that few are added twice. */
struct nodes {
	uint64_t recent[NODES_RECENT];
};

/* Adds the names above `name`, but for the root; key: of the trigger. */
enum err nodes_add(struct nodes *n, struct entries *to, unsigned list,
		   const struct hash_key *key, const struct name *name);
/* Takes away, of sorted entries, those that matter nothing, and returns how
 * many are left. ERR_FULL. */
enum err nodes_prune(struct lists_entry *entry, size_t *count);

#endif
