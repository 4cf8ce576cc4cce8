/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters by name, in a page of fixed size. */
#include "lists/tally.h"

#include <stdatomic.h>
#include <stdbool.h>

_Static_assert((unsigned)STATS_LISTS == (unsigned)LISTS_MAX,
	       "every list has a place");

/* What stands for a name on the page (FNV-1a); 0 is a place that is free. */
static uint32_t
mark_of(const char *name)
{
	uint32_t mark = 2166136261u;

	for (; *name != '\0'; name++)
		mark = (mark ^ (uint8_t)*name) * 16777619u;
	return mark != 0 ? mark : 1;
}

static uint32_t
mark_at(const struct lists *l, uint32_t list)
{
	return mark_of(lists_text(l, lists_at(l, list)->name));
}

static bool
is_in_use(const struct lists *l, uint32_t mark)
{
	for (uint32_t i = 0; i < lists_count(l); i++)
		if (mark_at(l, i) == mark)
			return true;
	return false;
}

static uint32_t
mark_in(const struct worker_stats *s, unsigned place)
{
	return atomic_load_explicit(&s->list[place].mark,
				    memory_order_relaxed);
}

/* Its own place, or one that none of the lists has. */
static uint8_t
find_place(struct worker_stats *s, const struct lists *l, uint32_t mark)
{
	unsigned place = 0;

	for (unsigned i = 0; i < STATS_LISTS; i++)
		if (mark_in(s, i) == mark)
			return (uint8_t)i;
	while (place + 1 < STATS_LISTS && mark_in(s, place) != 0 &&
	       is_in_use(l, mark_in(s, place)))
		place++;
	s->list[place].hits = 0;
	s->list[place].mark = mark;
	return (uint8_t)place;
}

void
tally_take(struct tally *t, const struct lists *l)
{
	for (uint32_t i = 0; i < lists_count(l); i++)
		t->place[i] = find_place(t->stats, l, mark_at(l, i));
}

void
tally_add(const struct tally *t, uint32_t list)
{
	if (list < LISTS_MAX)
		atomic_fetch_add_explicit(&t->stats->list[t->place[list]].hits,
					  1, memory_order_relaxed);
}

uint64_t
tally_of(const struct worker_stats *stats, const char *name)
{
	uint32_t mark = mark_of(name);

	for (unsigned i = 0; i < STATS_LISTS; i++)
		if (mark_in(stats, i) == mark)
			return atomic_load_explicit(&stats->list[i].hits,
						    memory_order_relaxed);
	return 0;
}
