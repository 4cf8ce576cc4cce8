/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The warden's beginning, while it may still open what it needs: policy and
 * ledger are taken up, sets made or taken over, and both made one, so that
 * one that has died is missed by nobody.
 */
#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "firewall/fixed_keep.h"
#include "firewall/revoke.h"
#include "firewall/warden_inside.h"
#include "lists/member.h"

static void
tell_rules_gone(void *arg, enum rules_wish wish)
{
	struct warden *wd = arg;
	struct plain_letter letter = { .value = wish };
	const uint32_t lists = 1u << FIXED_STATIC4 | 1u << FIXED_STATIC6;

	if (wish == WISH_PLACE &&
	    (fixed_wanted(wd->admission.fixed) & lists) != 0)
		letter.value = WISH_PLACE_LISTS;
	post_head(&letter.head, POST_RULES_GONE, 0);
	/* Where it is not taken it is said again. */
	post_send(wd->kit->supervisor, &letter, sizeof(letter), -1);
}

static enum err
open_judge(struct warden *wd)
{
	struct role_kit *kit = wd->kit;
	struct judge *judge = &wd->admission.judge;
	enum err err =
	    policy_open(kit->policy, kit->generation, &judge->policy);

	if (err == ERR_NONE)
		err = lists_take(&judge->policy, &judge->lists);
	judge->opt = kit->opt;
	judge->families = kit->families;
	if (err == ERR_NONE)
		err = own_open(kit->own, &judge->own);
	if (err == ERR_NONE)
		policy_find_interfaces(&judge->policy, judge->own);
	return err;
}

static enum err
open_books(struct warden *wd)
{
	struct admission *a = &wd->admission;
	const struct options *opt = wd->kit->opt;
	size_t size = ledger_bytes(opt->set_size);
	void *map = role_map(wd->kit->ledger, size, true);
	struct quota_setup setup = { .max_pairs = opt->max_client_grants,
				     .max_new = opt->max_new_grants };
	struct random random;
	enum err err;

	if (map == NULL)
		return ERR_SYSTEM;
	random_init(&random);
	setup.hash.k0 = random_u64(&random);
	setup.hash.k1 = random_u64(&random);
	err = ledger_open(map, size, &setup.hash, &a->ledger);
	if (err != ERR_NONE)
		return err;
	setup.capacity = ledger_capacity(a->ledger);
	err = quota_new(&setup, &a->quota);
	if (err == ERR_NONE)
		admission_take_over(a);
	return err;
}

static enum err
open_backend(struct warden *wd)
{
	static const struct backend_kind *const kinds[] = {
		[FIREWALL_NONE] = &backend_none,
		[FIREWALL_IPTABLES] = &backend_ipset,
		[FIREWALL_NFTABLES] = &backend_nftables,
	};
	struct admission *a = &wd->admission;
	const struct options *opt = wd->kit->opt;
	struct backend_setup setup = {
		.prefix = opt->set_prefix[0] != '\0' || opt->enforce
			      ? opt->set_prefix
			      : opt->chain,
		.set_size = opt->set_size,
		.families = wd->kit->families,
		.opt = opt,
		.complaints = &a->complaints,
	};
	enum err err;

	a->kind = kinds[opt->firewall];
	err = a->kind->open(&setup, &a->backend);
	if (err == ERR_NONE)
		err = fixed_keeper_new(a, &a->fixed);
	if (err == ERR_NONE)
		fixed_plan(a->fixed);
	for (unsigned set = 0; set < SET_COUNT && err == ERR_NONE; set++) {
		if (set_in_families(set, wd->kit->families))
			err = admission_prepare(a, set);
	}
	if (err == ERR_BUSY && a->kind->place == NULL)
		tell_rules_gone(wd, WISH_CLEAR);
	if (err == ERR_NONE)
		err = admission_place(a);
	if (err == ERR_NONE && a->kind->place == NULL && a->fixed_placed != 0)
		tell_rules_gone(wd, WISH_PLACE);
	/* What stood in the way has gone by that. */
	return err == ERR_AGAIN ? admission_place(a) : err;
}

enum err
warden_begin(struct warden *wd)
{
	struct board *board = wd->kit->board;
	uint32_t families = wd->kit->families;
	struct comparison found;
	uint32_t gone;
	enum err err = open_judge(wd);

	wd->admission.board = board;
	if (err == ERR_NONE)
		err = open_books(wd);
	if (err == ERR_NONE)
		err = open_backend(wd);
	if (err == ERR_NONE)
		err = revoke_prepare(&wd->admission);
	if (err == ERR_NONE)
		err = admission_compare(&wd->admission, &found);
	if (err != ERR_NONE)
		return err;
	gone = revoke_not_given(&wd->admission);
	if (gone > 0)
		log_info("%u entries that were there and no rule gives were "
			 "revoked",
			 gone);
	if (admission_complete(&wd->admission) != ERR_NONE)
		wd->admission.suspect = true;
	atomic_store(&board->family4, (families & ROLE_IPV4) != 0);
	atomic_store(&board->family6, (families & ROLE_IPV6) != 0);
	atomic_store(&board->firewall_up, 0);
	atomic_store(&board->beat_ms, clock_ms());
	atomic_fetch_add(&board->set_epoch, 1);
	health_init(&wd->health, &wd->admission);
	wd->health.wish = tell_rules_gone;
	wd->health.arg = wd;
	return ERR_NONE;
}
