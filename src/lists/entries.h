/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Millions of entries gathered, and then sorted, in twice the room that they
 * take and no more.
 */
#ifndef LISTS_ENTRIES_H
#define LISTS_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct lists_entry {
	uint64_t hash; /* of what is listed */
	uint32_t what; /* ENTRY_*: sorts by list, reach and rank */
	uint32_t data; /* its own */
};

enum entry_rank { RANK_EXCEPTION, RANK_ACTION, RANK_DATA };

static inline uint32_t
entry_what(unsigned list, unsigned reach, enum entry_rank rank)
{
	return list << 24 | reach << 20 | (uint32_t)rank << 16;
}

static inline uint8_t
entry_list(const struct lists_entry *e)
{
	return (uint8_t)(e->what >> 24);
}

static inline uint8_t
entry_reach(const struct lists_entry *e)
{
	return e->what >> 20 & 0xf;
}

static inline enum entry_rank
entry_rank(const struct lists_entry *e)
{
	return e->what >> 16 & 0xf;
}

static inline uint8_t
entry_flags(const struct lists_entry *e)
{
	return (uint8_t)(e->what >> 8);
}

static inline uint8_t
entry_action(const struct lists_entry *e)
{
	return (uint8_t)e->what;
}

struct entries_page; /* entries.c's */

struct entries {
	struct entries_page *first, *last;
	size_t count;
};

void entries_fini(struct entries *e);
/* ERR_FULL. */
enum err entries_add(struct entries *e, const struct lists_entry *entry);
/* Keeps the first ones only. */
void entries_cut(struct entries *e, size_t count);
/* By hash, then list, reach and rank; what is the same in these stays in its
 * order. Those that were gathered are gone; *sorted_out is malloc()ed.
 * ERR_FULL. */
enum err entries_sort(struct entries *e, struct lists_entry **sorted_out);

#endif
