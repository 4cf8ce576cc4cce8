/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each entry as it is written and removed, and all of them at rest.
 */
#include <stdio.h>
#include <string.h>

#include "explain.h"
#include "firewall/admission.h"
#include "oracle.h"
#include "universe.h"
#include "world.h"

enum {
	ROUNDING_US = 2500 * MS, /* lists have whole seconds */
	/* An end is reckoned before the call that may take so long. */
	SLOW_CALL_US = 2 * SECOND,
	SMALL_SET = 64
};

/* Where there is little room a client's own pairs are revoked, and of many
 * reasons for one entry those that end first are not kept. */
static bool
reasons_have_room(void)
{
	return !oracle_is_tight() && oracle_options()->set_size > SMALL_SET;
}

static void
check_promises(const struct entry *e, int64_t end_us, const char *what)
{
	for (unsigned i = 0; i < PROMISES_MOST; i++) {
		const struct promise *p = &e->promise[i];

		if (p->until_us <= now_us() ||
		    p->until_us <= end_us + ROUNDING_US ||
		    oracle_is_taken_back(p, &e->key))
			continue;
		broken("%s: %s, but %s was promised to client %d by %s "
		       "for another %lld ms (policy %u, the warden's %u)",
		       what, end_us <= now_us() ? "it is gone" : "shortened",
		       entry_text(&e->key), p->client,
		       universe.name[p->name].text,
		       (long long)(p->until_us - now_us()) / MS, p->generation,
		       oracle_warden_generation());
	}
}

/* It was there, or should have been, until then or longer. */
static bool
was_explained(const struct entry *e, int64_t end_us)
{
	/* What had no end gets one before it is asked who gives it. */
	if (e->end_us == FOR_EVER)
		return end_us <= now_us() + BACKEND_DEFAULT_TIMEOUT * SECOND;
	return end_us <= e->explained_us + ROUNDING_US + SLOW_CALL_US &&
	       explain_gives_any(oracle_warden_generation(), &e->key);
}

static void
check_timeout(const struct entry *e, uint32_t timeout_s)
{
	uint64_t most = (uint64_t)oracle_options()->max_rule_time_s +
			oracle_options()->grace_s;

	if (is_canary(&e->key) && timeout_s == BACKEND_DEFAULT_TIMEOUT)
		return;
	if (timeout_s == 0)
		broken("R2: %s for ever", entry_text(&e->key));
	if (timeout_s > most &&
	    !was_explained(e, now_us() + (int64_t)timeout_s * SECOND))
		broken("R2: %s for %u s", entry_text(&e->key), timeout_s);
}

static void
check_shortening(const struct entry *e, int64_t end_us)
{
	if (!entry_stands(e) || e->end_us == FOR_EVER ||
	    end_us >= e->end_us - ROUNDING_US)
		return;
	if (reasons_have_room())
		check_promises(e, end_us, "R2");
}

void
oracle_on_add(struct entry *e, uint32_t timeout_s)
{
	int64_t end_us = now_us() + (int64_t)timeout_s * SECOND, most_us;

	say("%s for %u s, was %lld ms", entry_text(&e->key), timeout_s,
	    entry_stands(e) ? (long long)(e->end_us - now_us()) / MS : 0);
	check_timeout(e, timeout_s);
	if (is_canary(&e->key))
		return;
	most_us = explain_latest_end_us(oracle_options(),
					oracle_warden_generation(), &e->key);
	if (end_us > most_us && !was_explained(e, end_us))
		broken("R2: %s for %u s has no reason (%lld ms at most, "
		       "policy %u)",
		       entry_text(&e->key), timeout_s,
		       most_us > 0 ? (long long)(most_us - now_us()) / MS : 0,
		       oracle_warden_generation());
	check_shortening(e, end_us);
	if (end_us > e->explained_us || e->explained_us == FOR_EVER)
		e->explained_us = end_us;
}

void
oracle_on_remove(struct entry *e)
{
	if (is_canary(&e->key))
		return;
	say("%s is removed, was %lld ms", entry_text(&e->key),
	    entry_stands(e) ? (long long)(e->end_us - now_us()) / MS : 0);
	if (reasons_have_room())
		check_promises(e, 0, "revoked");
	memset(e->promise, 0, sizeof(e->promise));
}

struct rest {
	const struct ledger_element *element;
	uint32_t count;
	unsigned standing;
};

static bool
is_close(int64_t one_us, int64_t other_us)
{
	int64_t off = one_us - other_us;

	return off < ROUNDING_US + SLOW_CALL_US && off > -ROUNDING_US;
}

static bool
is_in_ledger(const struct rest *r, const struct entry *e)
{
	for (uint32_t i = 0; i < r->count; i++) {
		struct ledger_element copy;
		struct ledger_key key;

		if (!ledger_read(&r->element[i], now_us() / MS, &copy))
			continue;
		ledger_key_of(&copy, &key);
		if (memcmp(&key, &e->key, sizeof(key)) == 0)
			return is_close(e->end_us, copy.end_ms * MS);
	}
	return false;
}

static void
look_at_entry(struct entry *e, void *arg)
{
	struct rest *r = arg;

	if (is_canary(&e->key))
		return;
	if (reasons_have_room() && !e->touched)
		check_promises(e, e->end_us, "at rest");
	if (e->end_us <= now_us() + ROUNDING_US)
		return;
	r->standing++;
	if (!explain_gives_any(oracle_warden_generation(), &e->key))
		broken("at rest: %s stands, and no rule gives it",
		       entry_text(&e->key));
	if (!e->touched && !is_in_ledger(r, e))
		broken("at rest: %s is not in the ledger, or until another "
		       "time (kernel: %lld ms left)",
		       entry_text(&e->key),
		       (long long)(e->end_us - now_us()) / MS);
}

void
oracle_at_rest(const void *ledger, size_t size)
{
	struct rest r = { 0 };

	r.element = ledger_elements(ledger, size, &r.count);
	sets_each(look_at_entry, &r);
	for (uint32_t i = 0; i < r.count; i++) {
		struct ledger_element copy;
		struct ledger_key key;
		const struct entry *e;

		if (!ledger_read(&r.element[i], now_us() / MS, &copy) ||
		    copy.end_ms * MS <= now_us() + ROUNDING_US)
			continue;
		ledger_key_of(&copy, &key);
		e = sets_find(&key);
		if (!entry_stands(e) && !(e != NULL && e->touched))
			broken("at rest: %s is in the ledger only",
			       entry_text(&key));
	}
	say("at rest: %u entries stand", r.standing);
}
