/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of reasons.
 *
 * They come and go with every answer, so that taking one and giving it back
 * is a step each. Those that were never used are not touched: reading a hole
 * of a memfd makes a page of it. Two names on one address are two reasons,
 * and neither ends the other. Whoever asks by many names has as many reasons
 * as are left when every other element may have one: what is taken from the
 * others would look as if nothing gave it.
 */
#include "firewall/reasons.h"

#include <assert.h>
#include <stdlib.h>

#include "firewall/names.h"

struct reasons {
	struct ledger_reason *at; /* number i is at[i - 1] */
	bool *taken;
	uint32_t count, top, free;
	uint32_t used, lists; /* taken, and by so many elements */
	uint32_t elements;    /* that may need one */
	const struct names_block *blocks;
	uint32_t block_count;
	struct names *names;
};

static struct ledger_reason *
reason_at(const struct reasons *r, uint32_t id)
{
	assert(id > 0 && id <= r->count);
	return &r->at[id - 1];
}

/* ---- the pool ---------------------------------------------------------- */

static uint32_t
take(struct reasons *r)
{
	uint32_t id = r->free;

	if (id != 0)
		r->free = reason_at(r, id)->next;
	else if (r->top < r->count)
		id = ++r->top;
	if (id != 0) {
		r->taken[id - 1] = true;
		r->used++;
	}
	return id;
}

static void
lay_aside(struct reasons *r, uint32_t id)
{
	*reason_at(r, id) = (struct ledger_reason){ .next = r->free };
	r->free = id;
}

static void
give(struct reasons *r, uint32_t id)
{
	r->taken[id - 1] = false;
	r->used--;
	lay_aside(r, id);
}

/* The first of a list goes; the next one follows. */
static void
drop_first(struct reasons *r, uint32_t *list)
{
	uint32_t id = *list;
	const struct ledger_reason *first = reason_at(r, id);

	*list = first->next;
	names_let_go(r->names, first->names);
	give(r, id);
}

/* ---- what another process left ----------------------------------------- */

static bool
claim(struct reasons *r, uint32_t id)
{
	struct ledger_reason *one;

	if (id > r->count || r->taken[id - 1])
		return false;
	r->taken[id - 1] = true;
	r->used++;
	if (id > r->top)
		r->top = id;
	one = reason_at(r, id);
	if (!names_claim(r->names, one->names))
		one->names = NAMES_NONE;
	return true;
}

void
reasons_claim(struct reasons *r, uint32_t *list)
{
	const uint32_t *first = list;

	for (unsigned i = 0; *list != 0; i++) {
		if (i == LEDGER_REASONS || !claim(r, *list))
			*list = 0;
		else
			list = &reason_at(r, *list)->next;
	}
	r->lists += *first != 0;
}

void
reasons_settle(struct reasons *r)
{
	for (uint32_t id = 1; id <= r->top; id++)
		if (!r->taken[id - 1])
			lay_aside(r, id);
	names_settle(r->names);
}

enum err
reasons_open(const struct ledger_shape *shape, const struct hash_key *hash,
	     struct reasons **out)
{
	struct reasons *r = calloc(1, sizeof(*r));
	enum err err;

	if (r == NULL)
		return ERR_FULL;
	*r = (struct reasons){ .at = shape->reason,
			       .count = shape->reasons,
			       .elements = shape->capacity,
			       .blocks = shape->block,
			       .block_count = shape->blocks };
	r->taken = calloc(r->count, sizeof(*r->taken));
	err = names_open(shape->block, shape->blocks, hash, &r->names);
	if (r->taken != NULL && err == ERR_NONE) {
		*out = r;
		return ERR_NONE;
	}
	reasons_close(r);
	return ERR_FULL;
}

void
reasons_close(struct reasons *r)
{
	if (r->names != NULL)
		names_close(r->names);
	free(r->taken);
	free(r);
}

/* ---- a list ------------------------------------------------------------ */

static void
read_names(const struct reasons *r, uint32_t id, struct grant_names *out)
{
	if (!names_copy(r->blocks, r->block_count, id, out))
		out->len = out->links = out->borrowed = 0;
}

static bool
is_the_same(const struct reasons *r, const struct ledger_reason *one,
	    const struct ledger_told *told)
{
	struct grant_names names;

	if (one->identity != told->reason.identity)
		return false;
	read_names(r, one->names, &names);
	return names_ask_the_same(&names, &told->names);
}

/* A first one, or one that nobody else will miss. */
static bool
may_take(const struct reasons *r, const uint32_t *list, unsigned count)
{
	return *list == 0 || (count < LEDGER_REASONS &&
			      r->count - r->used > r->elements - r->lists);
}

/* The place of a new one: at the head of the list, or that of the one which
 * is missed least, where that ends sooner. NULL: there is none. */
static struct ledger_reason *
place_for(struct reasons *r, uint32_t *list, int64_t end_ms)
{
	struct ledger_reason *least = NULL;
	unsigned count = 0;
	uint32_t fresh;

	for (uint32_t id = *list; id != 0; count++) {
		struct ledger_reason *one = reason_at(r, id);

		if (least == NULL || one->end_ms < least->end_ms)
			least = one;
		id = one->next;
	}
	fresh = may_take(r, list, count) ? take(r) : 0;
	if (fresh == 0)
		return least != NULL && least->end_ms < end_ms ? least : NULL;
	r->lists += *list == 0;
	*reason_at(r, fresh) = (struct ledger_reason){ .next = *list };
	*list = fresh;
	return reason_at(r, fresh);
}

static struct ledger_reason *
find(const struct reasons *r, uint32_t list, const struct ledger_told *told)
{
	while (list != 0) {
		struct ledger_reason *one = reason_at(r, list);

		if (is_the_same(r, one, told))
			return one;
		list = one->next;
	}
	return NULL;
}

void
reasons_renew(struct reasons *r, uint32_t *list, const struct ledger_told *told)
{
	struct ledger_reason *one = find(r, *list, told);
	struct ledger_reason fresh = told->reason;

	if (one != NULL && one->end_ms > fresh.end_ms)
		fresh.end_ms = one->end_ms;
	if (one == NULL)
		one = place_for(r, list, fresh.end_ms);
	if (one == NULL)
		return;
	fresh.names = names_take(r->names, &told->names);
	fresh.next = one->next;
	names_let_go(r->names, one->names);
	*one = fresh;
}

int64_t
reasons_last(const struct reasons *r, uint32_t list, uint32_t *line_out)
{
	int64_t end = 0;

	*line_out = 0;
	while (list != 0) {
		const struct ledger_reason *one = reason_at(r, list);

		if (one->end_ms > end) {
			end = one->end_ms;
			*line_out = one->line;
		}
		list = one->next;
	}
	return end;
}

static bool
is_struck(const struct reasons *r, struct ledger_reason *one,
	  const struct reasons_strike *strike)
{
	struct ledger_told told = { .reason = *one };

	read_names(r, one->names, &told.names);
	if (strike->gone(strike->arg, strike->element, &told))
		return true;
	one->identity = told.reason.identity;
	one->line = told.reason.line;
	return false;
}

void
reasons_strike(struct reasons *r, uint32_t *list,
	       const struct reasons_strike *strike)
{
	const uint32_t *first = list;
	bool had_some = *first != 0;

	while (*list != 0) {
		struct ledger_reason *one = reason_at(r, *list);

		if (is_struck(r, one, strike))
			drop_first(r, list);
		else
			list = &one->next;
	}
	r->lists -= had_some && *first == 0;
}

void
reasons_drop(struct reasons *r, uint32_t *list)
{
	r->lists -= *list != 0;
	while (*list != 0)
		drop_first(r, list);
}
