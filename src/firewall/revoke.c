/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Revoking is striking out reasons. An element without any goes from the
 * kernel at once; one that has others left is cut back to the end of those.
 * It promises that workers forget what they know before the first entry
 * goes (firewall/broom.c), and to touch nothing that is not meant.
 */
#include "firewall/revoke.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "firewall/broom.h"
#include "firewall/flows.h"
#include "firewall/names.h"
#include "firewall/review.h"

struct revocation {
	struct admission *a;
	int64_t now_ms;
	const struct revoke_letter *wish;
	struct name name; /* of the wish; len 0: all names */
};

/* ---- what is meant ----------------------------------------------------- */

static bool
is_not_given(void *arg, const struct ledger_element *e,
	     struct ledger_told *told)
{
	const struct revocation *r = arg;
	struct ledger_key key;

	if (told->reason.end_ms <= r->now_ms)
		return true;
	ledger_key_of(e, &key);
	return !review_gives(&r->a->judge, &key, told);
}

static bool
leads_to_us(void *arg, const struct ledger_element *e,
	    struct ledger_told *told)
{
	const struct revocation *r = arg;

	(void)told;
	return own_has(r->a->judge.own, &e->destination);
}

static bool
is_client(const struct revoke_letter *wish, const struct addr *client)
{
	switch ((enum revoke_scope)wish->scope) {
	case REVOKE_ALL:
		return true;
	case REVOKE_LOCAL:
		return client->family == 0;
	case REVOKE_NET:
		return client->family != 0 && addr_in_net(client, &wish->net);
	}
	return false;
}

static bool
is_wished(void *arg, const struct ledger_element *e, struct ledger_told *told)
{
	const struct revocation *r = arg;

	return is_client(r->wish, &e->client) &&
	       (r->name.len == 0 || names_hold_name(&told->names, &r->name));
}

/* ---- what happens to it ------------------------------------------------ */

/* The reason that gave it longest is gone, another one gives it still: its
 * end is that one's. */
static void
cut_back(const struct revocation *r, uint32_t slot, int64_t end_ms)
{
	struct admission *a = r->a;
	struct backend_fault fault;
	struct backend_entry entry = {
		.timeout_s = (uint32_t)((end_ms - r->now_ms + 999) / 1000)
	};

	ledger_key_of(ledger_at(a->ledger, slot), &entry.key);
	if (a->kind->add(a->backend, &entry, 1, &fault) != ERR_NONE)
		a->suspect = true;
	ledger_set_end(a->ledger, slot, end_ms);
}

static void
strike_one(struct revocation *r, struct broom *broom, uint32_t slot,
	   ledger_strike_fn *gone)
{
	struct ledger *l = r->a->ledger;
	const struct ledger_element *e = ledger_at(l, slot);
	int64_t end;

	if (e == NULL)
		return;
	/* It has ended by itself: what it let through goes on. */
	if (e->end_ms <= r->now_ms) {
		broom_forget(r->a, slot, r->now_ms);
		return;
	}
	end = ledger_strike(l, slot, gone, r);
	if (end <= r->now_ms)
		broom_take(broom, slot);
	else if (end < e->end_ms)
		cut_back(r, slot, end);
}

static uint32_t
strike_all(struct revocation *r, ledger_strike_fn *gone)
{
	struct broom broom = { .a = r->a, .cut = true };
	struct judge_memo memo = { 0 };

	r->a->judge.memo = &memo;
	r->now_ms = broom.now_ms = clock_ms();
	for (uint32_t i = 0; i < ledger_top(r->a->ledger); i++)
		strike_one(r, &broom, i, gone);
	r->a->judge.memo = NULL;
	broom_finish(&broom);
	admission_show_live(r->a);
	return broom.swept;
}

enum err
revoke_prepare(struct admission *a)
{
	struct flows_setup setup = { .judge = &a->judge,
				     .cut = &a->board->flows_cut };

	return a->judge.opt->cut_flows ? flows_open(&setup, &a->flows)
				       : ERR_NONE;
}

uint32_t
revoke_not_given(struct admission *a)
{
	struct revocation r = { .a = a };

	return strike_all(&r, is_not_given);
}

uint32_t
revoke_own(struct admission *a)
{
	struct revocation r = { .a = a };
	uint32_t gone = strike_all(&r, leads_to_us);

	if (gone > 0)
		log_info("Grants revoked that led to an address that is ours "
			 "now: %u", gone);
	return gone;
}

/* ---- what somebody wishes ------------------------------------------------ */

static const char *
client_text(const struct revoke_letter *wish, char buf[NET_TEXT_SIZE])
{
	switch ((enum revoke_scope)wish->scope) {
	case REVOKE_LOCAL:
		return "local";
	case REVOKE_NET:
		return net_print(&wish->net, buf);
	case REVOKE_ALL:
		break;
	}
	return "all";
}

static void
say_wish(const struct revocation *r, uint32_t gone)
{
	char client[NET_TEXT_SIZE], name[NAME_TEXT_SIZE];
	struct text text;

	text_init(&text, name, sizeof(name));
	text_str(&text, "all");
	if (r->name.len > 0) {
		text_init(&text, name, sizeof(name));
		name_print(&r->name, &text);
	}
	log_info("Grants revoked by dns-firewallctl: %u uid=%u client=%s "
		 "name=%s",
		 gone, r->wish->uid, client_text(r->wish, client), name);
}

/* The control process reads what local users write: what it says is looked
 * at like a worker's. */
static bool
is_sound(const struct revoke_letter *wish)
{
	const struct net *n = &wish->net;

	return wish->scope != REVOKE_NET ||
	       (n->addr.family == 4 && n->bits <= 32) ||
	       (n->addr.family == 6 && n->bits <= 128);
}

void
revoke_wished(struct admission *a, const struct revoke_letter *wish,
	      struct revoked_letter *done_out)
{
	struct revocation r = { .a = a, .wish = wish };
	size_t at = 0;

	*done_out = (struct revoked_letter){ .seq = wish->seq, .ok = 1 };
	post_head(&done_out->head, POST_REVOKE_DONE, 0);
	if (!is_sound(wish))
		return;
	if (wish->name_len > 0 &&
	    name_read(wish->name, wish->name_len, &at, &r.name) != ERR_NONE)
		return;
	done_out->count = strike_all(&r, is_wished);
	say_wish(&r, done_out->count);
}
