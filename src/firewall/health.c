/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Noticing loss, and mending it.
 *
 * A firewall script that flushes or destroys takes with it what clients were
 * promised. Each set is asked for three things: that it is there, that a
 * rule refers to it, and that an entry of our own, the canary, is in it. As
 * soon as one is missing nothing more is granted (firewall_up is 0) and
 * workers forget what they know; then sets and entries are made anew, and
 * the supervisor places the rules. It promises never to say that the
 * firewall is up when it has not seen all three.
 */
#include "firewall/health.h"

#include <stdatomic.h>

#include "base/log.h"

enum { CANARY_RENEW_MS = 20000, ASK_AGAIN_MS = 1000, RETRY_MS = 1000 };

enum finding { SOUND, EMPTIED, UNUSED, GONE, UNKNOWN };

void
health_init(struct health *h, struct admission *a)
{
	*h = (struct health){ .a = a };
	a->down = true;
}

void
health_new_epoch(struct health *h)
{
	atomic_fetch_add_explicit(&h->a->board->set_epoch, 1,
				  memory_order_release);
}

static bool
is_ours(const struct health *h, unsigned set)
{
	return set_in_families(set, h->a->judge.families);
}

static enum finding
look_at(struct health *h, enum set_index set)
{
	struct admission *a = h->a;
	struct backend_entry canary;
	struct backend_look look;
	bool has;

	if (a->kind->look(a->backend, set, &look) != ERR_NONE)
		return UNKNOWN;
	atomic_store_explicit(&a->board->references[set], look.references,
			      memory_order_relaxed);
	if (!look.present)
		return GONE;
	canary_of(set, &canary);
	if (a->kind->has(a->backend, &canary, &has) != ERR_NONE)
		return UNKNOWN;
	/* A full set has no room for a canary, and was not emptied. */
	if (!has && look.entries < look.capacity)
		return EMPTIED;
	return look.references == 0 && h->placed ? UNUSED : SOUND;
}

/* Whether it is there now is for look_at() to say. */
static void
set_canary(struct health *h, enum set_index set)
{
	struct backend_entry canary;
	struct backend_fault fault;

	canary_of(set, &canary);
	h->a->kind->add(h->a->backend, &canary, 1, &fault);
}

static void
renew_canaries(struct health *h, int64_t now_ms)
{
	if (h->canary_ms != 0 && now_ms - h->canary_ms < CANARY_RENEW_MS)
		return;
	h->canary_ms = now_ms;
	for (unsigned set = 0; set < SET_COUNT; set++) {
		if (is_ours(h, set))
			set_canary(h, set);
	}
}

static void
want_rules(struct health *h)
{
	h->placed = false;
	h->wanted = true;
}

static void
ask_for_rules(struct health *h, int64_t now_ms)
{
	if (!h->wanted ||
	    (h->asked_ms != 0 && now_ms - h->asked_ms < ASK_AGAIN_MS))
		return;
	h->asked_ms = now_ms;
	h->rules_gone(h->arg);
}

static void
fall(struct health *h, enum finding finding)
{
	static const char *const words[] = {
		[SOUND] = "is sound",
		[EMPTIED] = "was emptied",
		[UNUSED] = "has no rule that refers to it",
		[GONE] = "is gone",
		[UNKNOWN] = "cannot be looked at",
	};

	h->a->down = true;
	atomic_store_explicit(&h->a->board->firewall_up, 0,
			      memory_order_relaxed);
	health_new_epoch(h);
	log_error("A set of the firewall %s: nothing is granted until it is "
		  "repaired",
		  words[finding]);
}

static void
rise(struct health *h)
{
	struct board *b = h->a->board;

	h->a->down = false;
	health_new_epoch(h);
	atomic_store_explicit(&b->firewall_up, 1, memory_order_relaxed);
	if (h->was_up) {
		atomic_fetch_add_explicit(&b->repairs, 1, memory_order_relaxed);
		log_info("The firewall is repaired: all live grants stand");
	}
	h->was_up = true;
}

/* What the ledger says is in the set again, whatever set that is now. */
static bool
fill(struct health *h, enum set_index set, int64_t now_ms)
{
	if (admission_prepare(h->a, set) != ERR_NONE) {
		h->retry_ms = now_ms + RETRY_MS;
		return false;
	}
	if (admission_restore(h->a, set) != ERR_NONE)
		return false;
	set_canary(h, set);
	return true;
}

/* Brings one set back to what the ledger says; false: not yet. */
static bool
mend(struct health *h, enum set_index set, int64_t now_ms)
{
	enum finding finding = look_at(h, set);

	/* A set that rules refer to cannot go before them. */
	if (finding == GONE && h->was_up)
		want_rules(h);
	if (finding == GONE || finding == EMPTIED) {
		if (!fill(h, set, now_ms))
			return false;
		finding = look_at(h, set);
	}
	if (finding == UNUSED)
		want_rules(h);
	return finding == SOUND;
}

/* Rules come last: one that refers to a set of another shape would match
 * what nobody granted, and keep the set from being replaced. */
static void
mend_all(struct health *h, int64_t now_ms)
{
	bool sound = true;

	if (now_ms < h->retry_ms)
		return;
	for (unsigned set = 0; set < SET_COUNT; set++) {
		if (is_ours(h, set) && !mend(h, set, now_ms))
			sound = false;
	}
	if (now_ms < h->retry_ms)
		return;
	ask_for_rules(h, now_ms);
	if (sound && h->placed)
		rise(h);
}

/* The kernel may have what no answer told of. */
static void
compare(struct health *h)
{
	if (admission_adopt(h->a) != ERR_NONE)
		return;
	admission_purge(h->a);
	health_new_epoch(h);
}

void
health_placed(struct health *h, int64_t now_ms)
{
	h->placed = true;
	h->wanted = false;
	if (h->a->down)
		mend_all(h, now_ms);
}

void
health_tick(struct health *h, int64_t now_ms)
{
	enum finding finding;

	renew_canaries(h, now_ms);
	h->next = (h->next + 1) % SET_COUNT;
	if (!h->a->down && is_ours(h, h->next)) {
		finding = look_at(h, h->next);
		if (finding != SOUND)
			fall(h, finding);
	}
	if (h->a->down)
		mend_all(h, now_ms);
	if (h->a->suspect && !h->a->down)
		compare(h);
}
