/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ledger and kernel compared, entry by entry: when they do not hold the same
 * number, when an answer told of none, and now and then in any case.
 *
 * What others deleted or shortened is written again, and until it is nothing
 * is granted; what they prolonged ends when it should have; what no rule
 * gives is revoked.
 */
#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "firewall/health.h"
#include "firewall/revoke.h"

enum {
	COMPARE_AGAIN_MS = 200,
	/* Single entries that nobody counts are looked at that often, where
	 * it takes no more than one part of so many of our time; and once in
	 * a minute, however long it took when there was no CPU for it. */
	COMPARE_ALL_MS = 10000,
	COMPARE_PARTS = 200,
	COMPARE_LEAST_MS = 60000,
	/* The kernel's end may lie that much behind ours: it has whole
	 * seconds. */
	LATE_MS = 1500
};

static void
count_up(_Atomic uint64_t *counter, uint64_t by)
{
	atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

/* Entries beyond those of the ledger and the canary; where some are about to
 * end it is not known to one. */
static void
excess(const struct health *h, enum set_index set,
       const struct backend_look *look, int64_t bounds_out[2])
{
	const struct ledger *l = h->a->ledger;
	int64_t now = clock_ms();
	int64_t there = (int64_t)look->entries - h->odd[set];

	bounds_out[0] = there - ledger_live(l, set);
	bounds_out[1] = bounds_out[0];
	if (bounds_out[0] == 0)
		return;
	bounds_out[0] = there - ledger_lasting(l, set, now - LATE_MS);
	bounds_out[1] = there - ledger_lasting(l, set, now);
}

bool
health_counts_differ(const struct health *h, enum set_index set,
		     const struct backend_look *look)
{
	int64_t bounds[2];

	excess(h, set, look, bounds);
	return bounds[0] > 0 || bounds[1] < 0;
}

/* What the ledger cannot hold is not missed at every look. */
static void
note_odd(struct health *h)
{
	struct admission *a = h->a;

	for (unsigned set = 0; set < SET_COUNT; set++) {
		struct backend_look look;
		int64_t bounds[2];

		h->odd[set] = 0;
		if (!health_owns(h, set) ||
		    a->kind->look(a->backend, set, &look) != ERR_NONE)
			continue;
		look.entries -= look.entries > 0; /* the canary */
		excess(h, set, &look, bounds);
		h->odd[set] = bounds[0] > 0 ? bounds[0] : 0;
	}
}

static void
put_right(struct health *h, const struct comparison *found)
{
	struct admission *a = h->a;

	if (found->lacking > 0 && !a->down) {
		log_error("%u entries were deleted or shortened by others: "
			  "nothing is granted until they are put back",
			  found->lacking);
		health_go_down(h);
	}
	if (found->lasting > 0)
		log_warn("%u entries were prolonged by others: they end when "
			 "they should have",
			 found->lasting);
	if (admission_complete(a) != ERR_NONE)
		a->suspect = true;
	count_up(&a->board->put_back, found->lacking);
	count_up(&a->board->cut_short, found->lasting);
}

static void
plan_next(struct health *h, int64_t start_ms)
{
	int64_t rest = (clock_ms() - start_ms) * COMPARE_PARTS;

	if (rest < COMPARE_ALL_MS)
		rest = COMPARE_ALL_MS;
	else if (rest > COMPARE_LEAST_MS)
		rest = COMPARE_LEAST_MS;
	h->due_ms = start_ms + rest;
}

/* Makes ledger and kernel one: they have not the same number of entries, or
 * no answer told of some, or it was long ago. */
void
health_compare(struct health *h, int64_t now_ms)
{
	struct admission *a = h->a;
	struct comparison found;
	uint32_t revoked;

	h->compare_ms = now_ms + COMPARE_AGAIN_MS;
	count_up(&a->board->comparisons, 1);
	if (admission_compare(a, &found) != ERR_NONE) {
		a->suspect = true;
		return;
	}
	revoked = revoke_not_given(a);
	if (revoked > 0) {
		log_warn("Entries revoked that no rule gives: %u", revoked);
		health_new_epoch(h);
	}
	if (found.lacking > 0 || found.lasting > 0)
		put_right(h, &found);
	note_odd(h);
	plan_next(h, now_ms);
}
