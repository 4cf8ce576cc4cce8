/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Noticing loss, and mending it.
 *
 * A firewall script that flushes or destroys takes with it what clients were
 * promised. Each set is asked for three things: that it is there, that a
 * rule refers to it, and that an entry of our own, the canary, is in it; and
 * it must have as many entries as the ledger. As soon as something is missing
 * nothing more is granted (firewall_up is 0) and workers forget what they
 * know; then sets and entries are made anew, and the supervisor places the
 * rules. It promises never to say that the firewall is up when it has not
 * seen all of it.
 */
#include "firewall/health.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"

enum { CANARY_RENEW_MS = 20000, ASK_AGAIN_MS = 500, RETRY_MS = 500 };

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

static void
count_up(_Atomic uint64_t *counter, uint64_t by)
{
	atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

/* ---- looking ------------------------------------------------------------ */

/* Whether it is there now is for look_at() to say. */
static enum backend_cause
set_canary(struct health *h, enum set_index set)
{
	struct backend_entry canary;
	struct backend_fault fault = { .cause = FAULT_OTHER };

	canary_of(set, &canary);
	h->a->kind->add(h->a->backend, &canary, 1, &fault);
	return fault.cause;
}

/* Where nobody counts the entries it is tried out. */
static bool
has_no_room(struct health *h, enum set_index set,
	    const struct backend_look *look)
{
	if (look->counted)
		return look->entries >= look->capacity;
	return set_canary(h, set) == FAULT_FULL;
}

/* What the set has beside its canary. */
static enum set_finding
look_inside(struct health *h, enum set_index set, struct backend_look *look)
{
	struct admission *a = h->a;
	struct backend_entry canary;
	bool has;

	canary_of(set, &canary);
	if (a->kind->has(a->backend, &canary, &has) != ERR_NONE)
		return SET_UNKNOWN;
	/* A full set has no room for a canary, and was not emptied. */
	if (!has && !has_no_room(h, set, look))
		return SET_EMPTIED;
	look->entries -= has;
	if (look->references == 0 && h->rules == RULES_STAND)
		return SET_UNUSED;
	if (look->counted && health_counts_differ(h, set, look))
		a->suspect = true;
	return SET_SOUND;
}

static enum set_finding
look_once(struct health *h, enum set_index set)
{
	struct admission *a = h->a;
	struct backend_look look;

	if (a->kind->look(a->backend, set, &look) != ERR_NONE)
		return SET_UNKNOWN;
	atomic_store_explicit(&a->board->references[set], look.references,
			      memory_order_relaxed);
	if (look.present)
		return look_inside(h, set, &look);
	return look.other ? SET_OTHER : SET_GONE;
}

/* The kernel's answer to a question may be lost, where it is short of room. */
static enum set_finding
look_at(struct health *h, enum set_index set)
{
	enum set_finding finding = look_once(h, set);

	if (finding == SET_UNKNOWN)
		finding = look_once(h, set);
	atomic_store_explicit(&h->a->board->finding[set], finding,
			      memory_order_relaxed);
	return finding;
}

static void
renew_canaries(struct health *h, int64_t now_ms)
{
	if (h->canary_ms != 0 && now_ms - h->canary_ms < CANARY_RENEW_MS)
		return;
	h->canary_ms = now_ms;
	for (unsigned set = 0; set < SET_COUNT; set++) {
		if (health_owns(h, set))
			set_canary(h, set);
	}
}

/* ---- down, and up again ------------------------------------------------- */

void
health_go_down(struct health *h)
{
	h->a->down = true;
	atomic_store_explicit(&h->a->board->firewall_up, 0,
			      memory_order_relaxed);
	health_new_epoch(h);
}

static void
fall(struct health *h, enum set_index set, enum set_finding finding)
{
	static const char *const words[SET_FINDINGS] = {
		[SET_SOUND] = "is sound",
		[SET_UNKNOWN] = "cannot be looked at",
		[SET_GONE] = "is gone",
		[SET_OTHER] = "has another type",
		[SET_HELD] = "has another type and is in use",
		[SET_EMPTIED] = "was emptied",
		[SET_UNUSED] = "is without our rules as they were placed",
	};

	health_go_down(h);
	log_error("The %sset of IPv%u %s: nothing is granted until it is "
		  "repaired",
		  set_is_local(set) ? "local " : "", set_family(set),
		  words[finding]);
}

static void
rise(struct health *h)
{
	struct board *b = h->a->board;

	h->a->down = false;
	complaints_end(&h->a->complaints, clock_ms());
	health_new_epoch(h);
	atomic_store_explicit(&b->firewall_up, 1, memory_order_relaxed);
	if (h->was_up) {
		count_up(&b->repairs, 1);
		log_info("The firewall is repaired: all live grants stand");
	}
	h->was_up = true;
}

/* ---- rules -------------------------------------------------------------- */

static void
set_word(struct health *h, enum rules_word word)
{
	h->rules = word;
	h->wanted = word != RULES_STAND;
	atomic_store_explicit(&h->a->board->rules, word, memory_order_relaxed);
}

static void
want_rules(struct health *h)
{
	if (h->rules == RULES_STAND)
		set_word(h, RULES_MISSING);
}

/* A set of another type that a rule refers to cannot be replaced; rules in
 * our own chain make room. */
static void
ask_for_rules(struct health *h, bool sets_stand, int64_t now_ms)
{
	bool clear = h->held && h->rules != RULES_CLEARED;

	if (!h->wanted || (!sets_stand && !clear) ||
	    (h->asked_ms != 0 && now_ms - h->asked_ms < ASK_AGAIN_MS))
		return;
	h->asked_ms = now_ms;
	h->wish(h->arg, clear ? WISH_CLEAR : WISH_PLACE);
}

/* Some backends need nobody for it. */
static void
place_rules(struct health *h, int64_t now_ms)
{
	enum err err;

	if (!h->wanted)
		return;
	err = admission_place(h->a);
	if (err == ERR_MISSING)
		set_word(h, RULES_NO_CHAIN);
	else
		set_word(h, err == ERR_NONE ? RULES_STAND : RULES_REFUSED);
	if (err != ERR_NONE)
		h->retry_ms = now_ms + RETRY_MS;
}

/* ---- sets --------------------------------------------------------------- */

/* The set is there, and of the right type. */
static enum err
prepare(struct health *h, enum set_index set, int64_t now_ms)
{
	enum err err = admission_prepare(h->a, set);

	if (err == ERR_BUSY) {
		atomic_store_explicit(&h->a->board->finding[set], SET_HELD,
				      memory_order_relaxed);
		if (h->rules != RULES_CLEARED)
			set_word(h, RULES_MISSING);
		h->held = true;
	}
	/* The sets are where the chain is. */
	if (err == ERR_MISSING && h->a->kind->place != NULL)
		set_word(h, RULES_NO_CHAIN);
	if (err != ERR_NONE)
		h->retry_ms = now_ms + RETRY_MS;
	return err;
}

/* What the ledger says is in the set again, whatever set that is now. */
static bool
fill(struct health *h, enum set_index set, int64_t now_ms)
{
	if (prepare(h, set, now_ms) != ERR_NONE ||
	    admission_restore(h->a, set) != ERR_NONE)
		return false;
	set_canary(h, set);
	return true;
}

static bool
needs_filling(enum set_finding finding)
{
	return finding == SET_GONE || finding == SET_OTHER ||
	       finding == SET_EMPTIED;
}

/* Brings one set back to what the ledger says; false: not yet. */
static bool
mend(struct health *h, enum set_index set, int64_t now_ms)
{
	enum set_finding finding = look_at(h, set);

	/* A set that rules refer to cannot go before them. */
	if ((finding == SET_GONE || finding == SET_OTHER) && h->was_up)
		want_rules(h);
	if (needs_filling(finding)) {
		if (!fill(h, set, now_ms))
			return false;
		finding = look_at(h, set);
	}
	if (finding == SET_UNUSED)
		want_rules(h);
	return finding == SET_SOUND || finding == SET_UNUSED;
}

/* ---- all of it ---------------------------------------------------------- */

static bool
sets_stand(struct health *h, int64_t now_ms)
{
	bool sound = true;

	if (now_ms < h->retry_ms)
		return false;
	h->held = false;
	for (unsigned set = 0; set < SET_COUNT; set++) {
		if (health_owns(h, set) && !mend(h, set, now_ms))
			sound = false;
	}
	if (sound && h->a->suspect && now_ms >= h->compare_ms)
		health_compare(h, now_ms);
	return sound && !h->a->suspect;
}

/* Where rules shut as well as open they come before what they open: with
 * sets that are still empty. */
static bool
shut_first(struct health *h, int64_t now_ms)
{
	enum err err = ERR_NONE;

	if (now_ms < h->retry_ms)
		return false;
	for (unsigned set = 0; set < SET_COUNT && err == ERR_NONE; set++) {
		if (health_owns(h, set) && look_at(h, set) != SET_SOUND) {
			want_rules(h);
			err = prepare(h, set, now_ms);
		}
	}
	if (err == ERR_NONE)
		place_rules(h, now_ms);
	return err == ERR_NONE && h->rules == RULES_STAND;
}

/* Rules come last: one that refers to a set of another shape would match
 * what nobody granted, and keep the set from being replaced. */
static void
mend_all(struct health *h, int64_t now_ms)
{
	bool stand;

	if (h->a->kind->place != NULL && !shut_first(h, now_ms))
		return;
	stand = sets_stand(h, now_ms);
	if (h->a->kind->place == NULL)
		ask_for_rules(h, stand, now_ms);
	if (stand && h->rules == RULES_STAND)
		rise(h);
}

/* ---- what the warden calls ---------------------------------------------- */

void
health_rules(struct health *h, enum rules_word word, int64_t now_ms)
{
	set_word(h, word);
	if (word == RULES_CLEARED) {
		h->retry_ms = h->asked_ms = 0;
	} else if (word != RULES_STAND) {
		h->asked_ms = now_ms;
		if (!h->a->down) {
			log_error("The rules were changed: nothing is granted "
				  "until they are repaired");
			health_go_down(h);
		}
	}
	if (h->a->down)
		mend_all(h, now_ms);
}

void
health_want_rules(struct health *h)
{
	want_rules(h);
	if (h->a->down)
		return;
	log_error("The rules could not be replaced: nothing is granted until "
		  "they are");
	health_go_down(h);
}

static void
look_at_all(struct health *h)
{
	for (unsigned set = 0; set < SET_COUNT && !h->a->down; set++) {
		enum set_finding finding =
		    health_owns(h, set) ? look_at(h, set) : SET_SOUND;

		if (finding != SET_SOUND)
			fall(h, set, finding);
	}
}

void
health_alarm(struct health *h, int64_t now_ms)
{
	h->a->suspect = true;
	/* It need not be as it was when it could not be mended. */
	h->retry_ms = 0;
	look_at_all(h);
	if (h->a->down)
		mend_all(h, now_ms);
}

void
health_tick(struct health *h, int64_t now_ms)
{
	enum set_finding finding;

	renew_canaries(h, now_ms);
	h->next = (h->next + 1) % SET_COUNT;
	if (!h->a->down && health_owns(h, h->next)) {
		finding = look_at(h, h->next);
		if (finding != SET_SOUND)
			fall(h, h->next, finding);
	}
	if (!h->a->down && now_ms >= h->compare_ms &&
	    (h->a->suspect || now_ms >= h->due_ms))
		health_compare(h, now_ms);
	if (h->a->down)
		mend_all(h, now_ms);
}
