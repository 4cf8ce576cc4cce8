/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons by search over everything there is: every client, every name that
 * ever had the address, every name that ever led there.
 */
#include "explain.h"

#include <string.h>

#include "process.h"
#include "resolvers.h"
#include "trouble.h"
#include "universe.h"
#include "world.h"

enum {
	OWN_KNOWN = 16,
	OWN_SETTLES_US = 5 * SECOND,
	REVOKED_US = 8 * SECOND,
	SLOW_START_US = 3 * SECOND
};

static struct {
	struct said said[GENERATIONS_MOST][CLIENTS][NAMES];
	bool known[GENERATIONS_MOST][CLIENTS][NAMES];
	struct own {
		struct addr addr;
		int64_t until_us;
	} own[OWN_KNOWN];
	unsigned own_count;
	int64_t trouble_us;	     /* when it was last replaced */
	int64_t revoked_us[CLIENTS]; /* until then it may be done */
} explain;

const struct said *
explain_say(uint32_t generation, int client, int name)
{
	uint32_t g = generation % GENERATIONS_MOST;
	struct said *s = &explain.said[g][client][name];

	if (!explain.known[g][client][name])
		rules_say(generation, client, name, s);
	explain.known[g][client][name] = true;
	return s;
}

void
explain_forget(uint32_t generation)
{
	memset(explain.known[generation % GENERATIONS_MOST], 0,
	       sizeof(explain.known[0]));
}

void
explain_revoke(int client)
{
	explain.revoked_us[client] = now_us() + REVOKED_US;
}

bool
explain_is_revoked(int client)
{
	return explain.revoked_us[client] > now_us();
}

void
explain_own_begin(void)
{
	for (unsigned i = 0; i < explain.own_count; i++) {
		if (explain.own[i].until_us == FOR_EVER)
			explain.own[i].until_us = now_us() + OWN_SETTLES_US;
	}
}

void
explain_own(const struct addr *a)
{
	unsigned i = 0;

	while (i < explain.own_count && !addr_equal(&explain.own[i].addr, a))
		i++;
	if (i == OWN_KNOWN)
		broken("too many addresses of our own");
	explain.own[i] = (struct own){ *a, FOR_EVER };
	if (i == explain.own_count)
		explain.own_count++;
}

bool
explain_is_own(const struct addr *a)
{
	for (unsigned i = 0; i < explain.own_count; i++) {
		if (addr_equal(&explain.own[i].addr, a))
			return explain.own[i].until_us > now_us();
	}
	return false;
}

bool
explain_was_own(const struct addr *a)
{
	for (unsigned i = 0; i < explain.own_count; i++) {
		if (addr_equal(&explain.own[i].addr, a))
			return true;
	}
	return false;
}

bool
explain_was_offered(int name, const struct addr *a)
{
	int address = universe_find_address(a);

	return address != -1 && offered_until_us(name, address) != 0;
}

bool
explain_kernel_is_hindered(void)
{
	return trouble.set_slow > 0 || trouble.set_blind > 0 ||
	       trouble.set_silent > 0 || trouble.set_refuses > 0;
}

void
explain_note_trouble(void)
{
	if (explain_kernel_is_hindered())
		explain.trouble_us = now_us();
}

bool
explain_kernel_was_hindered(void)
{
	return explain_kernel_is_hindered() ||
	       now_us() - explain.trouble_us < SLOW_START_US;
}

bool
explain_warden_is_hindered(void)
{
	const struct process *p = process_of(ROLE_WARDEN, 0);

	return p == NULL || p->generation == 0 || p->stopped_us > now_us() ||
	       explain_kernel_is_hindered();
}

void
explain_key(int client, const struct addr *to, const struct said_port *port,
	    struct ledger_key *out)
{
	bool six = to->family == 6, local = universe.client[client].local;

	*out = (struct ledger_key){ .protocol = port->protocol,
				    .port = port->port,
				    .destination = *to };
	out->set = local ? (six ? SET_V6_LOCAL : SET_V4_LOCAL)
			 : (six ? SET_V6 : SET_V4);
	if (!local)
		out->client = universe.client[client].addr;
}

/* ---- by offers ---------------------------------------------------------- */

static bool
concerns(const struct ledger_key *key, int client)
{
	const struct inhabitant *c = &universe.client[client];

	if (set_is_local(key->set))
		return c->local;
	return !c->local && addr_equal(&c->addr, &key->client);
}

static bool
gives(uint32_t generation, int client, int name, const struct ledger_key *key)
{
	bool private = addr_class_of(&key->destination) == ADDR_PRIVATE;
	const struct said *s = explain_say(generation, client, name);

	for (unsigned i = 0; i < s->count; i++) {
		if (s->port[i].protocol == key->protocol &&
		    s->port[i].port == key->port &&
		    (!private || s->port[i].exact))
			return true;
	}
	return false;
}

/* Some name that led to this one gives it, or it does itself. */
static bool
some_origin_gives(uint32_t generation, int client, int name,
		  const struct ledger_key *key)
{
	for (int origin = 0; origin < NAMES; origin++) {
		if (leads_to(origin, name) &&
		    gives(generation, client, origin, key))
			return true;
	}
	return false;
}

static int64_t
end_of_offer_us(const struct options *opt, int64_t until_us)
{
	int64_t left_s = (until_us - now_us()) / SECOND;

	if (left_s < 0 && -left_s > opt->serve_stale_s)
		return 0;
	if (left_s < 30 && opt->serve_stale_s > 0)
		left_s = 30;
	if (left_s < opt->min_rule_time_s)
		left_s = opt->min_rule_time_s;
	if (left_s > opt->max_rule_time_s)
		left_s = opt->max_rule_time_s;
	left_s += opt->grace_s;
	return now_us() + (left_s > 0 ? left_s + 1 : 1) * SECOND;
}

int64_t
explain_latest_end_us(const struct options *opt, uint32_t generation,
		      const struct ledger_key *key)
{
	int address = universe_find_address(&key->destination);
	int64_t latest = 0;

	if (address == -1 || addr_class_of(&key->destination) == ADDR_NEVER)
		return 0;
	for (int name = 0; name < NAMES; name++) {
		int64_t until = offered_until_us(name, address), end;

		end = until != 0 ? end_of_offer_us(opt, until) : 0;
		if (end <= latest)
			continue;
		for (int client = 0; client < CLIENTS; client++) {
			if (concerns(key, client) &&
			    some_origin_gives(generation, client, name, key))
				latest = end;
		}
	}
	return latest;
}

/* Which of the router's addresses asked is not in the entry. */
static bool
gives_here(uint32_t generation, const struct ledger_key *key)
{
	for (unsigned i = 0; i < explain.own_count; i++) {
		if (rules_give_any(generation, &explain.own[i].addr,
				   key->protocol, key->port))
			return true;
	}
	return false;
}

bool
explain_gives_any(uint32_t generation, const struct ledger_key *key)
{
	if (set_is_local(key->set) && gives_here(generation, key))
		return true;
	for (int client = 0; client < CLIENTS; client++) {
		if (concerns(key, client) &&
		    rules_give_any(generation, &universe.client[client].addr,
				   key->protocol, key->port))
			return true;
	}
	return false;
}

/* ---- by promises -------------------------------------------------------- */

bool
explain_is_kept(const struct promise *p, uint32_t generation, uint8_t protocol,
		uint16_t port)
{
	const struct ledger_key key = {
		.protocol = protocol,
		.port = port,
		.destination = universe.address[ADDRESSES - 1],
	};
	const struct generation *then = rules_of(p->generation);

	if (!gives(generation, p->client, p->name, &key))
		return false;
	/* Blocked on the way, as it was or may have been. */
	for (int name = 0; name < NAMES; name++) {
		if (name != p->name && leads_to(p->name, name) &&
		    explain_say(generation, p->client, name)->kind ==
			VERDICT_BLOCKED)
			return false;
	}
	for (unsigned i = 0; i < then->count; i++) {
		const struct rule *r = &then->rule[i];

		if (r->arrow == ARROW_GRANT && r->protocol == protocol &&
		    r->port == port &&
		    addr_in_net(&universe.client[p->client].addr, &r->net) &&
		    !rules_has_line(generation, r->text))
			return false;
	}
	return true;
}

void
explain_promise(struct entry *e, const struct promise *p)
{
	struct promise *least = &e->promise[0];

	for (unsigned i = 0; i < PROMISES_MOST; i++) {
		struct promise *at = &e->promise[i];

		if (at->client == p->client && at->name == p->name &&
		    at->generation == p->generation) {
			least = at;
			break;
		}
		if (at->until_us < least->until_us)
			least = at;
	}
	if (p->until_us > least->until_us)
		*least = *p;
}
