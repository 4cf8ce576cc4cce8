/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Only the highest name below a wildcard matters: a question from further down
 * meets it before the wildcard.
 *
 * The names of wildcards are a set of hashes, kept as bits: a bit that is set
 * for another hash keeps an empty name that matters nothing, which costs room
 * and changes no answer.
 *
 * A zone of names with a hundred labels each would need a hundred times the
 * memory of one that people write: what is more than that is left out, and
 * wildcards above it reach further.
 */
#include "lists/nodes.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lists/image.h"

enum { BITS_EACH = 32, BITS_LEAST = 12, BITS_MOST = 28 };

static enum err
add_node(struct entries *to, unsigned list, uint64_t hash, uint64_t parent)
{
	const struct lists_entry entry = { .hash = hash,
					   .what = entry_what(list, LISTS_NODE,
							      RANK_ACTION) |
						   MARK_ENDS << 8,
					   .data = (uint32_t)parent };

	return entries_add(to, &entry);
}

void
nodes_begin(struct nodes *n)
{
	n->room = NODES_MORE;
	memset(n->recent, 0, sizeof(n->recent));
}

enum err
nodes_add(struct nodes *n, struct entries *to, unsigned list,
	  const struct hash_key *key, const struct name *name)
{
	unsigned at = name->wire[0] != 0 ? name->wire[0] + 1u : 0;
	uint64_t hash, parent;

	n->room += NODES_A_NAME;
	hash = lists_name_hash(key, name->wire + at, name->len - at);
	while (name->wire[at] != 0) {
		uint64_t known = hash + list;
		uint64_t *recent = &n->recent[known >> 52];
		enum err err;

		if (*recent == known || n->room == 0 ||
		    n->count == NODES_MOST)
			break;
		*recent = known;
		n->room--;
		n->count++;
		at += name->wire[at] + 1u;
		parent = lists_name_hash(key, name->wire + at, name->len - at);
		err = add_node(to, list, hash, parent);
		if (err != ERR_NONE)
			return err;
		hash = parent;
	}
	return ERR_NONE;
}

/* ---- those that matter -------------------------------------------------- */

struct wildcards {
	uint64_t *word;
	unsigned bits;
};

static uint64_t
place_of(const struct wildcards *w, const struct lists_entry *e, uint32_t hash)
{
	return (hash + (uint64_t)entry_list(e) + 1) * 0x9e3779b97f4a7c15u >>
	       (64 - w->bits);
}

static bool
has(const struct wildcards *w, const struct lists_entry *e, uint32_t hash)
{
	uint64_t at = place_of(w, e, hash);

	return (w->word[at / 64] >> at % 64 & 1) != 0;
}

static void
add(struct wildcards *w, const struct lists_entry *e, uint32_t hash)
{
	uint64_t at = place_of(w, e, hash);

	w->word[at / 64] |= 1ull << at % 64;
}

static bool
is_wildcard(const struct lists_entry *e)
{
	return entry_reach(e) == REACH_BELOW &&
	       (entry_flags(e) & MARK_ENDS) != 0;
}

static bool
is_node(const struct lists_entry *e)
{
	return entry_reach(e) == LISTS_NODE;
}

/* One that is an entry as well is none. */
static void
prune(const struct wildcards *w, struct lists_entry *entry, size_t *count)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		const struct lists_entry *last = &entry[kept - (kept > 0)];

		if (is_node(&entry[i]) &&
		    (w == NULL || !has(w, &entry[i], entry[i].data) ||
		     (kept > 0 && last->hash == entry[i].hash &&
		      entry_list(last) == entry_list(&entry[i]))))
			continue;
		entry[kept++] = entry[i];
	}
	*count = kept;
}

enum err
nodes_prune(struct lists_entry *entry, size_t *count)
{
	struct wildcards w = { .bits = BITS_LEAST };
	size_t found = 0;

	for (size_t i = 0; i < *count; i++)
		found += is_wildcard(&entry[i]);
	if (found == 0) {
		prune(NULL, entry, count);
		return ERR_NONE;
	}
	while (w.bits < BITS_MOST && found * BITS_EACH >> w.bits > 0)
		w.bits++;
	w.word = calloc((size_t)1 << (w.bits - 6), sizeof(*w.word));
	if (w.word == NULL)
		return ERR_FULL;
	for (size_t i = 0; i < *count; i++) {
		if (is_wildcard(&entry[i]))
			add(&w, &entry[i], (uint32_t)entry[i].hash);
	}
	prune(&w, entry, count);
	free(w.word);
	return ERR_NONE;
}
