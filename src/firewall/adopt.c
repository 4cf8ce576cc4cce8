/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ledger and kernel made one: at start, after a reload, and whenever one may
 * have what the other has not.
 *
 * Entries are never flushed. What the kernel has and the ledger has not stays
 * until its own end where a rule could have given it, and is revoked at once
 * where none could; what had no end gets one. What both have ends when the
 * ledger says, and what the kernel has lost it gets again: the ledger holds
 * nothing that was not acknowledged.
 */
#include <stdatomic.h>

#include "base/clock.h"
#include "firewall/admission.h"
#include "firewall/broom.h"
#include "firewall/fixed_keep.h"

/* Documentation addresses (RFC 5737, RFC 3849) and the discard port. */
void
canary_of(enum set_index set, struct backend_entry *out)
{
	static const uint8_t v4[4] = { 192, 0, 2, 1 };
	static const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	struct addr a, b;

	if (set_family(set) == 4)
		addr_from_v4(v4, &a);
	else
		addr_from_v6(v6, &a);
	b = a;
	b.byte[set_family(set) == 4 ? 3 : 15] = 2;
	*out = (struct backend_entry){
		.key = { .set = (uint8_t)set,
			 .protocol = IPPROTO_TCP,
			 .port = 9,
			 .destination = b },
		.timeout_s = BACKEND_DEFAULT_TIMEOUT,
	};
	if (!set_is_local(set))
		out->key.client = a;
}

bool
is_canary(const struct ledger_key *key)
{
	struct backend_entry canary;

	canary_of(key->set, &canary);
	return key->port == canary.key.port &&
	       key->protocol == canary.key.protocol &&
	       addr_equal(&key->client, &canary.key.client) &&
	       addr_equal(&key->destination, &canary.key.destination);
}

void
admission_take_over(struct admission *a)
{
	int64_t now = clock_ms();

	quota_begin(a->quota);
	for (uint32_t i = 0; i < ledger_top(a->ledger); i++) {
		const struct ledger_element *e = ledger_at(a->ledger, i);
		struct ledger_key key;

		if (e == NULL)
			continue;
		ledger_key_of(e, &key);
		quota_take_over(a->quota, i, &key, now);
		quota_renew(a->quota, i, e->end_ms);
	}
}

enum err
admission_prepare(struct admission *a, enum set_index set)
{
	struct backend_look look;
	uint64_t size = a->judge.opt->set_size;
	enum err err = a->kind->prepare(a->backend, set);

	if (err == ERR_NONE)
		err = a->kind->look(a->backend, set, &look);
	if (err != ERR_NONE)
		return err;
	if (!look.present)
		return ERR_MISSING;
	if (look.capacity < size)
		size = look.capacity;
	a->limit[set] = (uint32_t)(size * 3 / 4);
	return ERR_NONE;
}

enum err
admission_place(struct admission *a)
{
	struct backend_fence fence = { .policy = &a->judge.policy,
				       .own = a->judge.own };

	enum err err = ERR_NONE;

	fixed_stand(a->fixed, &fence.fixed);
	if (a->kind->place != NULL)
		err = a->kind->place(a->backend, &fence);
	if (err == ERR_NONE)
		a->fixed_placed = fence.fixed;
	return err;
}

int
admission_watch(const struct admission *a)
{
	return a->kind->watch != NULL ? a->kind->watch(a->backend) : -1;
}

/* ---- the kernel's list -------------------------------------------------- */

enum { CLOSE_MS = 2000 };

struct adoption {
	struct admission *a;
	int64_t now_ms;
	struct comparison found;
};

/* The list has whole seconds: where the ledger knows better, it stands. */
static bool
is_close(int64_t ours_ms, int64_t theirs_ms)
{
	return ours_ms < theirs_ms + CLOSE_MS && theirs_ms < ours_ms + CLOSE_MS;
}

/* An entry that would stay for ever gets an end as it is completed. */
static void
adopt(struct adoption *ad, const struct backend_entry *entry)
{
	struct admission *a = ad->a;
	uint32_t slot = ledger_enter(a->ledger, &entry->key);
	uint32_t left_s = entry->timeout_s;

	if (slot == LEDGER_NONE) {
		ad->found.left_out++;
		return;
	}
	if (left_s == 0)
		left_s = BACKEND_DEFAULT_TIMEOUT;
	quota_take_over(a->quota, slot, &entry->key, ad->now_ms);
	ledger_set_end(a->ledger, slot, ad->now_ms + (int64_t)left_s * 1000);
	quota_renew(a->quota, slot, ledger_at(a->ledger, slot)->end_ms);
	ad->found.adopted++;
	if (entry->timeout_s == 0)
		ad->found.lasting++;
	else
		ledger_mark(a->ledger, slot);
}

static void
on_listed(void *arg, const struct backend_entry *entry)
{
	struct adoption *ad = arg;
	struct ledger *l = ad->a->ledger;
	uint32_t slot = ledger_find(l, &entry->key);
	int64_t ours, theirs = ad->now_ms + (int64_t)entry->timeout_s * 1000;

	if (is_canary(&entry->key))
		return;
	if (slot == LEDGER_NONE) {
		adopt(ad, entry);
		return;
	}
	ours = ledger_at(l, slot)->end_ms;
	if (entry->timeout_s != 0 && is_close(ours, theirs)) {
		ledger_mark(l, slot);
	} else if (ours <= ad->now_ms) {
		/* Its time was over, and yet it stands. */
		broom_forget(ad->a, slot, ad->now_ms);
		adopt(ad, entry);
	} else if (entry->timeout_s == 0 || theirs > ours) {
		ad->found.lasting++;
	}
}

static void
count_lacking(struct adoption *ad)
{
	const struct ledger *l = ad->a->ledger;
	uint32_t unmarked = 0;

	for (uint32_t i = 0; i < ledger_top(l); i++) {
		const struct ledger_element *e = ledger_at(l, i);

		unmarked += e != NULL && !ledger_is_marked(l, i) &&
			    e->end_ms > ad->now_ms;
	}
	ad->found.lacking = unmarked - ad->found.lasting;
}

enum err
admission_compare(struct admission *a, struct comparison *out)
{
	struct adoption ad = { .a = a, .now_ms = clock_ms() };

	quota_begin(a->quota);
	ledger_unmark_all(a->ledger);
	for (unsigned set = 0; set < SET_COUNT; set++) {
		enum err err;

		if (!set_in_families(set, a->judge.families))
			continue;
		err = a->kind->list(a->backend, set, on_listed, &ad);
		if (err != ERR_NONE)
			return err;
	}
	a->suspect = false;
	count_lacking(&ad);
	if (ad.found.left_out > 0)
		log_warn("%u entries of the sets do not fit into the ledger: "
			 "they stay until their own end",
			 ad.found.left_out);
	atomic_fetch_add_explicit(&a->board->adopted, ad.found.adopted,
				  memory_order_relaxed);
	*out = ad.found;
	return ERR_NONE;
}

/* ---- the other way ------------------------------------------------------ */

/* Elements on their way back into their sets, by the batch of one set. */
struct restoring {
	struct admission *a;
	struct backend_entry entry[BACKEND_BATCH];
	uint32_t slot[BACKEND_BATCH];
	unsigned count;
	uint32_t left_out;
};

/* Those that did not get in are not granted any more. Which of them stand
 * all the same is found out by comparing. */
static void
leave_out(struct restoring *r, unsigned first)
{
	int64_t now = clock_ms();

	for (unsigned i = first; i < r->count; i++)
		broom_forget(r->a, r->slot[i], now);
	r->left_out += r->count - first;
	r->a->suspect = true;
}

static enum err
put_back(struct restoring *r)
{
	struct admission *a = r->a;
	struct backend_fault fault = { 0 };
	enum err err;

	if (r->count == 0)
		return ERR_NONE;
	err = a->kind->add(a->backend, r->entry, r->count, &fault);
	if (err != ERR_NONE && fault.cause == FAULT_FULL) {
		leave_out(r, fault.first_bad);
		err = ERR_NONE;
	}
	r->count = 0;
	return err;
}

static enum err
take_along(struct restoring *r, uint32_t slot)
{
	const struct ledger_element *e = ledger_at(r->a->ledger, slot);
	int64_t left_ms = e->end_ms - clock_ms();
	enum err err = ERR_NONE;

	if (left_ms <= 0)
		return ERR_NONE;
	if (r->count > 0 &&
	    (r->count == BACKEND_BATCH || r->entry[0].key.set != e->set))
		err = put_back(r);
	r->slot[r->count] = slot;
	ledger_key_of(e, &r->entry[r->count].key);
	r->entry[r->count++].timeout_s = (uint32_t)((left_ms + 999) / 1000);
	return err;
}

static enum err
finish(struct restoring *r, enum err err)
{
	if (err == ERR_NONE)
		err = put_back(r);
	if (r->left_out > 0)
		log_error("%u grants did not find room in their set again and "
			  "are lost: it is smaller than it was",
			  r->left_out);
	return err;
}

enum err
admission_complete(struct admission *a)
{
	struct restoring r = { .a = a };
	enum err err = ERR_NONE;

	for (uint32_t i = 0; i < ledger_top(a->ledger) && err == ERR_NONE; i++)
		if (ledger_at(a->ledger, i) != NULL &&
		    !ledger_is_marked(a->ledger, i))
			err = take_along(&r, i);
	return finish(&r, err);
}

enum err
admission_restore(struct admission *a, enum set_index set)
{
	struct restoring r = { .a = a };
	enum err err = ERR_NONE;

	for (uint32_t i = 0; i < ledger_top(a->ledger) && err == ERR_NONE;
	     i++) {
		const struct ledger_element *e = ledger_at(a->ledger, i);

		if (e != NULL && e->set == set)
			err = take_along(&r, i);
	}
	return finish(&r, err);
}

/* ---- what has ended ----------------------------------------------------- */

void
admission_sweep(struct admission *a, uint32_t *at, uint32_t most)
{
	int64_t now = clock_ms();

	for (; most > 0; most--) {
		const struct ledger_element *e;

		if (*at >= ledger_top(a->ledger)) {
			*at = 0;
			break;
		}
		e = ledger_at(a->ledger, *at);
		if (e != NULL && e->end_ms <= now)
			broom_forget(a, *at, now);
		(*at)++;
	}
	admission_show_live(a);
}
