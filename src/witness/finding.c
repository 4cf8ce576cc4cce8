/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One refused attempt, held against everything that is remembered.
 *
 * First the ledger: what stands open now, for this client and for others.
 * Then the past: under which names the client was told the address, and what
 * the policy says of each of them today. Of several names the one that comes
 * nearest to being allowed is told. It looks at the whole ledger, so callers
 * bound how often they ask.
 */
#include "witness/finding.h"

#include <string.h>

#include "firewall/doors.h"
#include "firewall/judge.h"
#include "firewall/ledger.h"
#include "firewall/names.h"
#include "policy/prefixed.h"

struct search {
	const struct evidence *e;
	const struct attempt *a;
	int64_t now_ms;
	struct finding *out;
	bool mine;		  /* out tells of a name of this client */
	int64_t best_ms;	  /* when that was last asked */
	bool other_open;	  /* another client has it open now */
	struct past_entry other;  /* latest of another client; kind NONE */
	struct verdict verdict;
};

static bool
is_local(const struct evidence *e, const struct addr *client)
{
	return client->family == 0 || addr_is_loopback(client) ||
	       (e->own && own_is_local(e->own, client));
}

/* This host has many addresses and is one client. */
static bool
is_same_client(const struct search *s, const struct addr *client)
{
	return addr_equal(client, &s->a->client) ||
	       (s->out->local && is_local(s->e, client));
}

static void
add_port(struct finding *f, uint8_t protocol, uint16_t port)
{
	for (unsigned i = 0; i < f->port_count; i++)
		if (f->port[i].protocol == protocol && f->port[i].port == port)
			return;
	if (f->port_count == FINDING_PORTS) {
		f->ports_cut = true;
		return;
	}
	f->port[f->port_count].protocol = protocol;
	f->port[f->port_count++].port = port;
}

static bool
is_tried(const struct attempt *a, uint8_t protocol, uint16_t port)
{
	return (a->protocol == 0 || a->protocol == protocol) &&
	       (!a->has_port || a->port == port);
}

/* ---- what stands open --------------------------------------------------- */

/* Under which rule and name it was given, as far as the ledger knows. */
static void
take_reason(struct search *s, const struct ledger_element *at,
	    const struct ledger_element *e)
{
	const struct ledger_view whole = { s->e->ledger, s->e->ledger_size };
	struct finding *f = s->out;
	struct ledger_told last;
	size_t first = 0;

	f->rule = IMAGE_NONE;
	f->name.len = 0;
	if (!ledger_read_last(&whole, at, e, &last))
		return;
	f->rule = policy_find_identity(s->e->policy, last.reason.identity);
	names_next(&last.names, &first, &f->name);
}

static void
weigh_element(struct search *s, const struct ledger_element *at,
	      const struct ledger_element *e)
{
	struct finding *f = s->out;

	if (!is_same_client(s, &e->client)) {
		s->other_open = true;
		f->other = e->client;
		return;
	}
	add_port(f, e->protocol, e->port);
	if (f->cause == CAUSE_OPEN &&
	    (!is_tried(s->a, e->protocol, e->port) || e->end_ms < f->end_ms))
		return;
	take_reason(s, at, e);
	if (!is_tried(s->a, e->protocol, e->port))
		return;
	f->cause = CAUSE_OPEN;
	f->end_ms = e->end_ms;
}

static void
look_into_ledger(struct search *s)
{
	uint32_t count = 0;
	const struct ledger_element *at =
	    s->e->ledger ? ledger_elements(s->e->ledger, s->e->ledger_size,
					   &count)
			 : NULL;
	struct ledger_element e;

	if (!at)
		return;
	for (uint32_t i = 0; i < count; i++)
		if (addr_equal(&at[i].destination, &s->a->address) &&
		    ledger_read(&at[i], s->now_ms, &e) &&
		    addr_equal(&e.destination, &s->a->address))
			weigh_element(s, &at[i], &e);
}

static void
take_door(void *arg, const struct door_told *d)
{
	struct search *s = arg;
	struct finding *f = s->out;

	add_port(f, d->protocol, d->port);
	if (f->cause == CAUSE_OPEN || !is_tried(s->a, d->protocol, d->port))
		return;
	f->cause = CAUSE_OPEN;
	f->is_static = true;
	f->rule = d->rule;
}

/* What a list has is open without a question, once it is in its set. */
static void
look_into_lists(struct search *s)
{
	const struct evidence *e = s->e;
	enum fixed_index set =
	    s->a->address.family == 4 ? FIXED_STATIC4 : FIXED_STATIC6;
	const struct door_wanted wanted = { &s->a->client, &s->a->address };
	struct judge j;

	if (e->lists == NULL || e->opt == NULL || e->own == NULL ||
	    e->board == NULL || e->board->fixed_state[set] != FIXED_STANDS)
		return;
	j = (struct judge){ .policy = *e->policy,
			    .lists = *e->lists,
			    .own = e->own,
			    .opt = e->opt };
	doors_find(&j, &wanted, take_door, s);
}

/* ---- what was ----------------------------------------------------------- */

static void
judge(struct search *s, const struct name *name)
{
	const struct policy_client client = { &s->a->client, s->a->ifindex };

	policy_match_prefixed(s->e->policy, &client, name, &s->verdict);
}

/* The rule that gives what was tried, or IMAGE_NONE. */
static uint32_t
giver(const struct search *s)
{
	const struct verdict *v = &s->verdict;

	for (unsigned i = 0; i < v->port_count; i++)
		if (is_tried(s->a, v->port[i].protocol, v->port[i].port))
			return v->port[i].rule;
	return IMAGE_NONE;
}

static enum cause
cause_of(const struct search *s, const struct past_entry *e)
{
	const struct verdict *v = &s->verdict;

	if (v->kind == VERDICT_BLOCKED)
		return CAUSE_BLOCKED;
	/* It was given as the alias of another name, which says for what. */
	if (e->borrowed && v->port_count == 0)
		return e->end_ms > s->now_ms ? CAUSE_REVOKED : CAUSE_EXPIRED;
	if (v->kind != VERDICT_ALLOWED)
		return CAUSE_NO_RULE;
	if (v->port_count == 0)
		return CAUSE_DNS_ONLY;
	if (giver(s) == IMAGE_NONE)
		return CAUSE_WRONG_PORT;
	if (e->kind != PAST_GRANTED)
		return CAUSE_UNASKED;
	return e->end_ms > s->now_ms ? CAUSE_REVOKED : CAUSE_EXPIRED;
}

static void
take_ports(struct search *s)
{
	const struct verdict *v = &s->verdict;

	s->out->port_count = 0;
	s->out->ports_cut = v->ports_cut;
	for (unsigned i = 0; i < v->port_count; i++)
		add_port(s->out, v->port[i].protocol, v->port[i].port);
}

/* It stands open: only when it was asked is left to find. */
static void
date_open(struct search *s, const struct past_entry *e, const struct name *name)
{
	struct finding *f = s->out;

	if (f->name.len == 0)
		f->name = *name;
	if (name_equal(&f->name, name) && e->last_ms > f->asked_ms)
		f->asked_ms = e->last_ms;
}

/* A name that this client asked for, and was told the address. */
static void
weigh_name(struct search *s, const struct past_entry *e)
{
	struct finding *f = s->out;
	struct name name;
	enum cause cause;

	past_name(e, &name);
	if (f->cause == CAUSE_OPEN) {
		date_open(s, e, &name);
		return;
	}
	judge(s, &name);
	cause = cause_of(s, e);
	if (s->mine && (cause > f->cause ||
			(cause == f->cause && e->last_ms <= s->best_ms)))
		return;
	s->mine = true;
	s->best_ms = f->asked_ms = e->last_ms;
	f->name = name;
	f->cause = cause;
	f->end_ms = e->end_ms;
	f->rule = giver(s) != IMAGE_NONE ? giver(s) : s->verdict.rule;
	if (cause == CAUSE_WRONG_PORT)
		take_ports(s);
}

static void
look_into_past(struct search *s)
{
	struct past_entry e;

	s->other.kind = PAST_NONE;
	for (uint32_t i = 0; s->e->queries.head && i < s->e->queries.count;
	     i++) {
		if (!addr_equal(&s->e->queries.entry[i].address,
				&s->a->address) ||
		    !past_read(&s->e->queries, i, &e) ||
		    !addr_equal(&e.address, &s->a->address) ||
		    (e.kind != PAST_GRANTED && e.kind != PAST_RESOLVED))
			continue;
		if (is_same_client(s, &e.client))
			weigh_name(s, &e);
		else if (s->other.kind == PAST_NONE ||
			 e.last_ms > s->other.last_ms)
			s->other = e;
	}
}

/* ---- and where the client has no part in it ----------------------------- */

/* Somebody else asked for a name that leads there. */
static void
blame_other(struct search *s)
{
	struct finding *f = s->out;

	f->cause = CAUSE_OTHER_CLIENT;
	if (s->other.kind == PAST_NONE)
		return;
	f->other = s->other.client;
	f->asked_ms = s->other.last_ms;
	past_name(&s->other, &f->name);
	judge(s, &f->name);
	f->rule = giver(s);
	f->given = f->rule != IMAGE_NONE;
	if (s->verdict.kind != VERDICT_BLOCKED)
		return;
	f->cause = CAUSE_BLOCKED;
	f->rule = s->verdict.rule;
}

/* DNS (RFC 1035), or over TLS (RFC 7858). */
static bool
is_resolver(const struct attempt *a)
{
	return a->has_port && (a->port == 53 || a->port == 853) &&
	       (a->protocol == IPPROTO_UDP || a->protocol == IPPROTO_TCP);
}

void
finding_of(const struct evidence *e, const struct attempt *a, int64_t now_ms,
	   struct finding *out)
{
	const struct policy_client client = { &a->client, a->ifindex };
	struct search s = { .e = e, .a = a, .now_ms = now_ms, .out = out };

	*out = (struct finding){ .cause = CAUSE_NEVER, .rule = IMAGE_NONE };
	out->local = is_local(e, &a->client);
	out->known = policy_knows(e->policy, &client);
	look_into_ledger(&s);
	look_into_lists(&s);
	if (out->is_static)
		return;
	look_into_past(&s);
	if (s.mine || out->cause == CAUSE_OPEN)
		return;
	if (out->port_count > 0)
		out->cause = CAUSE_WRONG_PORT;
	else if (s.other_open || s.other.kind != PAST_NONE)
		blame_other(&s);
	else
		out->is_resolver = is_resolver(a);
	out->is_own = out->cause == CAUSE_NEVER && e->own != NULL &&
		      own_has(e->own, &a->address);
}
