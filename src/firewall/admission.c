/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From letter to kernel.
 *
 * The order is the promise: every item is judged and accounted for before
 * the first byte goes to the kernel, the ledger is written only after the
 * kernel has acknowledged, and where the kernel refuses half-way what this
 * letter had newly opened is shut again. Nothing is ever shortened: an entry
 * that lives longer than asked for is left alone.
 */
#include "firewall/admission.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "firewall/broom.h"
#include "firewall/names.h"

enum { ITEMS_MAX = 64, OWN_SETTLES_MS = 3000 };

/* One item on its way. */
struct step {
	uint32_t slot;
	int64_t end_ms; /* asked for */
	bool fresh;	/* its slot was taken for this letter */
	bool stands;	/* the kernel has it until end_ms */
};

struct plan {
	struct admission *a;
	const struct grant_item *item;
	const struct grant_names *names;
	unsigned count;
	int64_t now_ms;
	struct granted_letter *out;
	struct step step[ITEMS_MAX];
};

static void
count_up(_Atomic uint64_t *counter, uint64_t by)
{
	atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

static bool
fail(struct plan *p, enum grant_status status, unsigned item, uint32_t detail)
{
	p->out->status = status;
	p->out->first_bad = item;
	p->out->detail = detail;
	return false;
}

/* ---- judged ------------------------------------------------------------- */

static bool
is_for_us(struct plan *p, const struct grant_letter *letter, uint32_t epoch)
{
	if (letter->pad != 0 || p->count == 0 || p->count > ITEMS_MAX)
		return fail(p, GRANT_REFUSED, 0, DETAIL_PAD);
	if (letter->epoch != epoch)
		return fail(p, GRANT_REFUSED, 0, DETAIL_EPOCH);
	if (!names_are_sound(p->names))
		return fail(p, GRANT_REFUSED, 0, DETAIL_NAMES);
	if (p->a->down)
		return fail(p, GRANT_DOWN, 0, 0);
	if (letter->generation != p->a->judge.policy.generation)
		return fail(p, GRANT_STALE, 0, 0);
	return true;
}

/* A worker hears of our addresses when the warden does, or a little later;
 * until then it asks in good faith. */
static bool
may_know_better_soon(const struct plan *p, enum grant_detail detail)
{
	if (p->now_ms - p->a->own_ms > OWN_SETTLES_MS)
		return false;
	return detail == DETAIL_OWN || detail == DETAIL_NOT_LOCAL ||
	       detail == DETAIL_CLIENT;
}

static bool
all_may(struct plan *p)
{
	for (unsigned i = 0; i < p->count; i++) {
		enum grant_detail detail;
		enum grant_status status =
		    judge_item(&p->a->judge, &p->item[i], &detail);

		if (status == GRANT_REFUSED && may_know_better_soon(p, detail))
			status = GRANT_STALE;
		if (status != GRANT_OK)
			return fail(p, status, i, detail);
	}
	return true;
}

/* ---- accounted for ------------------------------------------------------ */

static void
alarm_full(struct admission *a, enum set_index set, int64_t now_ms)
{
	uint64_t missed;

	atomic_store_explicit(&a->board->full_ms[set], now_ms,
			      memory_order_relaxed);
	if (log_may(&a->full_log, now_ms, &missed))
		log_error("No room in a set of IPv%u: %u live grants, limit "
			  "%u; new grants are refused missed=%llu",
			  set_family(set), ledger_live(a->ledger, set),
			  a->limit[set], (unsigned long long)missed);
}

/* LEDGER_NONE: no room, or no token. */
static uint32_t
enter(struct plan *p, unsigned i, const struct ledger_key *key)
{
	struct admission *a = p->a;
	uint32_t slot = LEDGER_NONE;

	if (ledger_live(a->ledger, key->set) < a->limit[key->set])
		slot = ledger_enter(a->ledger, key);
	if (slot == LEDGER_NONE) {
		alarm_full(a, key->set, p->now_ms);
		fail(p, GRANT_FULL, i, 0);
		return LEDGER_NONE;
	}
	if (!quota_enter(a->quota, slot, key, p->now_ms)) {
		ledger_drop(a->ledger, slot);
		fail(p, GRANT_RATE, i, 0);
		return LEDGER_NONE;
	}
	return slot;
}

static bool
has_ended(const struct admission *a, uint32_t slot, int64_t now_ms)
{
	int64_t end = ledger_at(a->ledger, slot)->end_ms;

	return end != 0 && end <= now_ms;
}

/* The same element twice in one letter: both are asked for until the later
 * end, or the last one written would win. */
static void
join_twins(struct plan *p, unsigned i)
{
	struct step *s = &p->step[i];

	for (unsigned j = 0; j < i; j++) {
		if (p->step[j].slot != s->slot)
			continue;
		if (p->step[j].end_ms > s->end_ms)
			s->end_ms = p->step[j].end_ms;
		p->step[j].end_ms = s->end_ms;
	}
}

static bool
account_for(struct plan *p, unsigned i)
{
	struct admission *a = p->a;
	struct step *s = &p->step[i];
	struct ledger_key key;

	judge_key(&p->item[i], &key);
	*s = (struct step){ .slot = ledger_find(a->ledger, &key) };
	s->end_ms = p->now_ms + (int64_t)p->item[i].ttl_s * 1000;
	if (s->slot != LEDGER_NONE && has_ended(a, s->slot, p->now_ms)) {
		broom_forget(a, s->slot, p->now_ms);
		s->slot = LEDGER_NONE;
	}
	if (s->slot == LEDGER_NONE) {
		s->slot = enter(p, i, &key);
		s->fresh = true;
	}
	if (s->slot == LEDGER_NONE)
		return false;
	quota_renew(a->quota, s->slot, s->end_ms);
	join_twins(p, i);
	return true;
}

/* Takes back what was entered for the first `count` items. */
static void
undo(struct plan *p, unsigned count)
{
	for (unsigned i = count; i-- > 0;) {
		struct step *s = &p->step[i];

		if (!s->fresh)
			continue;
		quota_undo(p->a->quota, s->slot, p->now_ms);
		ledger_drop(p->a->ledger, s->slot);
	}
}

static bool
all_fit(struct plan *p)
{
	quota_begin(p->a->quota);
	for (unsigned i = 0; i < p->count; i++) {
		if (account_for(p, i))
			continue;
		undo(p, i);
		return false;
	}
	return true;
}

static void
say_evicted(struct admission *a, const struct addr *client, int64_t now_ms)
{
	char name[ADDR_TEXT_SIZE];
	uint64_t missed;

	if (log_may(&a->evict_log, now_ms, &missed))
		log_warn("Client %s has too many grants: the one that ends "
			 "first was revoked missed=%llu",
			 client->family != 0 ? addr_print(client, name)
					     : "localhost",
			 (unsigned long long)missed);
}

/* The pair of a slot goes, with all its ports. */
static bool
evict(struct admission *a, uint32_t victim, int64_t now_ms)
{
	struct broom broom = { .a = a, .now_ms = now_ms };
	struct addr client = ledger_at(a->ledger, victim)->client;
	uint32_t next = victim;

	say_evicted(a, &client, now_ms);
	count_up(&a->board->evicted, 1);
	do {
		victim = next;
		next = quota_next(a->quota, victim);
		broom_take(&broom, victim);
	} while (next != victim);
	return broom_finish(&broom) == ERR_NONE;
}

/* Where a client has too much now, its own pairs make room. */
static bool
make_room(struct plan *p)
{
	for (unsigned i = 0; i < p->count; i++) {
		uint32_t slot = p->step[i].slot;

		while (p->step[i].fresh && quota_is_over(p->a->quota, slot)) {
			uint32_t victim = quota_victim(p->a->quota, slot);

			if (victim == LEDGER_NONE)
				return fail(p, GRANT_FULL, i, 0);
			if (!evict(p->a, victim, p->now_ms))
				return fail(p, GRANT_KERNEL, i, EIO);
		}
	}
	return true;
}

/* ---- written ------------------------------------------------------------ */

/* Items of one set that the kernel must hear of. */
struct batch {
	struct backend_entry entry[ITEMS_MAX];
	unsigned item[ITEMS_MAX];
	unsigned count;
};

static uint32_t
seconds_until(int64_t end_ms, int64_t now_ms)
{
	return (uint32_t)((end_ms - now_ms + 999) / 1000);
}

static void
gather(struct plan *p, enum set_index set, struct batch *out)
{
	out->count = 0;
	for (unsigned i = 0; i < p->count; i++) {
		const struct step *s = &p->step[i];
		const struct ledger_element *e =
		    ledger_at(p->a->ledger, s->slot);
		struct backend_entry *to = &out->entry[out->count];

		if (e->set != set || e->end_ms >= s->end_ms)
			continue;
		ledger_key_of(e, &to->key);
		to->timeout_s = seconds_until(s->end_ms, p->now_ms);
		out->item[out->count++] = i;
	}
}

static bool
explain(struct plan *p, const struct batch *b, const struct backend_fault *f)
{
	struct admission *a = p->a;
	unsigned bad = b->item[f->first_bad < b->count ? f->first_bad : 0];

	if (!f->known)
		a->suspect = true;
	if (f->cause == FAULT_FULL) {
		alarm_full(a, b->entry[0].key.set, p->now_ms);
		return fail(p, GRANT_FULL, bad, f->code);
	}
	if (f->cause == FAULT_GONE) {
		a->suspect = true;
		return fail(p, GRANT_DOWN, bad, f->code);
	}
	return fail(p, GRANT_KERNEL, bad, f->code);
}

static bool
write_set(struct plan *p, enum set_index set)
{
	struct backend_fault fault = { 0 };
	unsigned good;
	struct batch b;
	enum err err;

	gather(p, set, &b);
	if (b.count == 0)
		return true;
	err = p->a->kind->add(p->a->backend, b.entry, b.count, &fault);
	good = err == ERR_NONE ? b.count : fault.known ? fault.first_bad : 0;
	for (unsigned i = 0; i < good; i++)
		p->step[b.item[i]].stands = true;
	return err == ERR_NONE || explain(p, &b, &fault);
}

static bool
write_all(struct plan *p)
{
	for (unsigned set = 0; set < SET_COUNT; set++) {
		if (!write_set(p, set))
			return false;
	}
	return true;
}

/* ---- entered, or taken back -------------------------------------------- */

static void
settle(struct plan *p, unsigned i)
{
	const struct step *s = &p->step[i];
	const struct image_rule *rule =
	    policy_rule(&p->a->judge.policy, p->item[i].rule);
	struct ledger_told told = {
		.reason = { .end_ms =
				p->now_ms + (int64_t)p->item[i].ttl_s * 1000,
			    .identity = rule->identity,
			    .line = rule->line,
			    .ifindex = p->item[i].ifindex },
		.names = *p->names,
	};

	ledger_renew(p->a->ledger, s->slot, &told);
	if (s->end_ms > ledger_at(p->a->ledger, s->slot)->end_ms)
		ledger_set_end(p->a->ledger, s->slot, s->end_ms);
}

static void
settle_all(struct plan *p)
{
	int64_t lowest = INT64_MAX;
	unsigned fresh = 0;

	for (unsigned i = 0; i < p->count; i++) {
		int64_t end;

		settle(p, i);
		end = ledger_at(p->a->ledger, p->step[i].slot)->end_ms;
		if (end < lowest)
			lowest = end;
		if (p->step[i].fresh)
			fresh++;
	}
	p->out->applied = p->count;
	p->out->lowest_ttl_s = (uint32_t)((lowest - p->now_ms) / 1000);
	count_up(&p->a->board->granted, fresh);
	count_up(&p->a->board->refreshed, p->count - fresh);
}

/* What was opened for this letter is shut again; what was only prolonged
 * stays as long as the kernel now has it. Of what got no answer the kernel
 * may have all or nothing, so that goes too. */
static void
take_back(struct plan *p)
{
	struct broom broom = { .a = p->a, .now_ms = p->now_ms, .undo = true };

	for (unsigned i = 0; i < p->count; i++) {
		if (p->step[i].fresh)
			broom_take(&broom, p->step[i].slot);
		else if (p->step[i].stands &&
			 ledger_at(p->a->ledger, p->step[i].slot))
			settle(p, i);
	}
	broom_finish(&broom);
}

static void
carry_out(struct plan *p)
{
	if (!make_room(p) || !write_all(p))
		take_back(p);
	else
		settle_all(p);
}

void
admission_show_live(struct admission *a)
{
	uint64_t live = 0;

	for (unsigned i = 0; i < SET_COUNT; i++) {
		uint32_t here = ledger_live(a->ledger, i);

		live += here;
		atomic_store_explicit(&a->board->set_live[i], here,
				      memory_order_relaxed);
		atomic_store_explicit(&a->board->set_limit[i], a->limit[i],
				      memory_order_relaxed);
	}
	atomic_store_explicit(&a->board->live, live, memory_order_relaxed);
}

static void
publish(struct admission *a, const struct granted_letter *out)
{
	admission_show_live(a);
	if (out->status == GRANT_REFUSED)
		count_up(&a->board->refused, 1);
	else if (out->status != GRANT_OK && out->status != GRANT_STALE)
		count_up(&a->board->failed, 1);
}

void
admit(struct admission *a, const struct grant_letter *letter, uint32_t epoch,
      struct granted_letter *out)
{
	struct plan p = {
		.a = a,
		.item = (const void *)((const char *)letter + sizeof(*letter)),
		.names = &letter->names,
		.count = letter->head.count,
		.now_ms = clock_ms(),
		.out = out,
	};

	*out = (struct granted_letter){ .seq = letter->seq };
	post_head(&out->head, POST_GRANTED, 0);
	if (is_for_us(&p, letter, epoch) && all_may(&p) && all_fit(&p))
		carry_out(&p);
	out->set_epoch =
	    atomic_load_explicit(&a->board->set_epoch, memory_order_relaxed);
	publish(a, out);
}
