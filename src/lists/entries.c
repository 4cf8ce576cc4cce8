/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hashes are spread evenly, so that their first bits tell nearly where each
 * entry goes: one pass counts, one puts every entry into its drawer, and the
 * few of a drawer are sorted by merging. Nothing here can be made slow by the
 * choice of names, nor by saying one name a million times.
 */
#include "lists/entries.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_ENTRIES = 65536, DRAWER = 16, DRAWER_BITS_MAX = 20, FEW = 12 };

struct entries_page {
	struct entries_page *next;
	size_t count;
	struct lists_entry entry[PAGE_ENTRIES];
};

void
entries_fini(struct entries *e)
{
	while (e->first != NULL) {
		struct entries_page *page = e->first;

		e->first = page->next;
		free(page);
	}
	*e = (struct entries){ 0 };
}

static enum err
turn_page(struct entries *e)
{
	struct entries_page *page = malloc(sizeof(*page));

	if (page == NULL)
		return ERR_FULL;
	page->next = NULL;
	page->count = 0;
	if (e->last != NULL)
		e->last->next = page;
	else
		e->first = page;
	e->last = page;
	return ERR_NONE;
}

enum err
entries_add(struct entries *e, const struct lists_entry *entry)
{
	if ((e->last == NULL || e->last->count == PAGE_ENTRIES) &&
	    turn_page(e) != ERR_NONE)
		return ERR_FULL;
	e->last->entry[e->last->count++] = *entry;
	e->count++;
	return ERR_NONE;
}

void
entries_cut(struct entries *e, size_t count)
{
	struct entries_page *page = e->first, *next;

	if (count == 0) {
		entries_fini(e);
		return;
	}
	e->count = count;
	for (; count > PAGE_ENTRIES; count -= PAGE_ENTRIES)
		page = page->next;
	page->count = count;
	e->last = page;
	while (page->next != NULL) {
		next = page->next;
		page->next = next->next;
		free(next);
	}
}

/* ---- sorting ------------------------------------------------------------ */

struct sorting {
	unsigned bits;
	uint32_t *end; /* of each drawer */
	struct lists_entry *sorted;
	struct lists_entry *beside; /* room for the largest drawer */
};

static bool
goes_before(const struct lists_entry *a, const struct lists_entry *b)
{
	if (a->hash != b->hash)
		return a->hash < b->hash;
	return a->what >> 16 < b->what >> 16;
}

static void
sort_few(struct lists_entry *e, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct lists_entry x = e[i];
		size_t at = i;

		for (; at > 0 && goes_before(&x, &e[at - 1]); at--)
			e[at] = e[at - 1];
		e[at] = x;
	}
}

/* Both halves are sorted; the first one stands beside already. */
static void
merge(struct lists_entry *e, const struct lists_entry *first, size_t half,
      size_t count)
{
	size_t a = 0, b = half, to = 0;

	while (a < half) {
		if (b < count && goes_before(&e[b], &first[a]))
			e[to++] = e[b++];
		else
			e[to++] = first[a++];
	}
}

static void
sort_drawer(struct lists_entry *e, struct lists_entry *beside, size_t count)
{
	for (size_t at = 0; at < count; at += FEW)
		sort_few(e + at, count - at < FEW ? count - at : FEW);
	for (size_t run = FEW; run < count; run *= 2) {
		for (size_t at = 0; at + run < count; at += 2 * run) {
			size_t rest = count - at;

			memcpy(beside, e + at, run * sizeof(*e));
			merge(e + at, beside, run,
			      rest < 2 * run ? rest : 2 * run);
		}
	}
}

static size_t
drawer_of(const struct sorting *s, const struct lists_entry *e)
{
	return (size_t)(e->hash >> (64 - s->bits));
}

/* Where each drawer begins; returns the size of the largest. */
static size_t
measure(struct sorting *s, const struct entries *e)
{
	size_t largest = 0;
	uint32_t at = 0;

	for (const struct entries_page *p = e->first; p != NULL; p = p->next) {
		for (size_t i = 0; i < p->count; i++)
			s->end[drawer_of(s, &p->entry[i])]++;
	}
	for (size_t i = 0; i < (size_t)1 << s->bits; i++) {
		uint32_t count = s->end[i];

		largest = count > largest ? count : largest;
		s->end[i] = at;
		at += count;
	}
	return largest;
}

static void
put_away(struct sorting *s, struct entries *e)
{
	while (e->first != NULL) {
		struct entries_page *page = e->first;

		for (size_t i = 0; i < page->count; i++)
			s->sorted[s->end[drawer_of(s, &page->entry[i])]++] =
			    page->entry[i];
		e->first = page->next;
		free(page);
	}
	*e = (struct entries){ 0 };
}

static void
sort_drawers(struct sorting *s)
{
	size_t from = 0;

	for (size_t i = 0; i < (size_t)1 << s->bits; i++) {
		sort_drawer(s->sorted + from, s->beside, s->end[i] - from);
		from = s->end[i];
	}
}

enum err
entries_sort(struct entries *e, struct lists_entry **sorted_out)
{
	struct sorting s = { .bits = 1 };
	enum err err = ERR_FULL;
	size_t largest;

	while (s.bits < DRAWER_BITS_MAX && e->count >> s.bits > DRAWER)
		s.bits++;
	s.end = calloc((size_t)1 << s.bits, sizeof(*s.end));
	s.sorted = malloc((e->count + 1) * sizeof(*s.sorted));
	if (s.end == NULL || s.sorted == NULL)
		goto undo;
	largest = measure(&s, e);
	s.beside = malloc((largest + 1) * sizeof(*s.beside));
	if (s.beside == NULL)
		goto undo;
	put_away(&s, e);
	sort_drawers(&s);
	*sorted_out = s.sorted;
	s.sorted = NULL;
	err = ERR_NONE;
undo:
	free(s.end);
	free(s.beside);
	free(s.sorted);
	return err;
}
