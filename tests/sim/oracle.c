/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle knows what the upstreams offered, what the policies say, and
 * what stands in the kernel; of the daemon it knows nothing.
 */
#include "oracle.h"

#include <stdio.h>
#include <string.h>

#include "explain.h"
#include "firewall/admission.h"
#include "process.h"
#include "proc/role.h"
#include "resolvers.h"
#include "rules.h"
#include "universe.h"
#include "wire/message.h"
#include "wire/svcb.h"
#include "world.h"

enum {
	HEARD_MOST = 128,
	NOTICE_US = SECOND /* from a loss to its notice */
};

static struct {
	const struct options *opt;
	const struct board *board;
	int64_t down_us; /* since when the warden knows of a loss; 0: up */
	int64_t took_us[2][GENERATIONS_MOST];
	uint64_t answers;
} oracle;

void
oracle_begin(const struct options *opt, const struct board *board)
{
	oracle.opt = opt;
	oracle.board = board;
}

uint64_t
oracle_answers(void)
{
	return oracle.answers;
}

void
oracle_on_step(void)
{
	if (oracle.board->firewall_up != 0)
		oracle.down_us = 0;
	else if (oracle.down_us == 0)
		oracle.down_us = now_us();
}

void
oracle_on_policy(uint32_t worker, uint32_t generation)
{
	oracle.took_us[worker][generation % GENERATIONS_MOST] = now_us();
}

uint32_t
oracle_warden_generation(void)
{
	const struct process *p = process_of(ROLE_WARDEN, 0);

	return p != NULL ? p->generation : 0;
}

bool
oracle_is_tight(void)
{
	return oracle.opt->max_client_grants < 1000;
}

const struct options *
oracle_options(void)
{
	return oracle.opt;
}

bool
oracle_is_taken_back(const struct promise *p, const struct ledger_key *key)
{
	uint32_t now = oracle_warden_generation();

	for (uint32_t g = p->generation + 1; g <= now; g++) {
		if (!explain_is_kept(p, g, key->protocol, key->port))
			return true;
	}
	return now == 0 || explain_is_revoked(p->client) ||
	       explain_was_own(&key->destination);
}

/* ---- answers ------------------------------------------------------------ */

struct heard {
	struct addr addr;
	uint32_t ttl;
};

struct hearing {
	int client, name;
	int64_t asked_us;
	struct message m;
	struct heard heard[HEARD_MOST];
	unsigned count;
};

static void
hear_address(struct hearing *h, const struct addr *a, uint32_t ttl)
{
	if (h->count == HEARD_MOST)
		broken("R1: an answer has too many addresses");
	h->heard[h->count++] = (struct heard){ *a, ttl };
}

static void
hear_service(struct hearing *h, const struct rr *rr)
{
	struct svcb record;
	struct addr a;

	/* In alias mode nobody looks at them (RFC 9460 2.4.2). */
	if (rr_service(&h->m, rr, &record) != ERR_NONE || record.priority == 0)
		return;
	for (uint8_t family = 4; family <= 6; family += 2) {
		unsigned n = svcb_hint_count(&record, family);

		for (unsigned i = 0; i < n; i++) {
			svcb_hint(&record, family, i, &a);
			hear_address(h, &a, rr_ttl(rr));
		}
	}
}

static void
hear_all(struct hearing *h)
{
	struct addr a;

	for (unsigned i = 0; i < h->m.rr_count; i++) {
		const struct rr *rr = &h->m.rr[i];

		if (rr_address(&h->m, rr, &a))
			hear_address(h, &a, rr_ttl(rr));
		else if (rr->type == TYPE_HTTPS)
			hear_service(h, rr);
	}
}

/* Until the warden says that it knows, an answer that rests on what was
 * granted before may be ahead of the repair. */
static bool
is_unnoticed(const struct entry *e)
{
	/* It was on its way to the socket when the loss was noticed. */
	if (oracle.down_us != 0 && process_current()->woke_us < oracle.down_us)
		return true;
	return e != NULL && e->lost_us != 0 && oracle.board->firewall_up != 0 &&
	       (e->touched || now_us() - e->lost_us < NOTICE_US ||
		explain_warden_is_hindered() || explain_kernel_was_hindered());
}

/* The answer's way takes time that the grace has to bear. */
static int64_t
tolerance_us(void)
{
	return (oracle.opt->grace_s >= 10 ? 2 : 8000) * MS;
}

static bool
one_stands(const struct hearing *h, const struct heard *a,
	   const struct promise *p, const struct said_port *port)
{
	int64_t needed = now_us() + (int64_t)a->ttl * SECOND - tolerance_us();
	struct ledger_key key;
	struct entry *e;

	explain_key(h->client, &a->addr, port, &key);
	e = sets_find(&key);
	if (entry_stands(e) && e->end_us >= needed)
		return true;
	/* It may have become ours on the way. */
	if (explain_is_own(&a->addr))
		return true;
	if (is_unnoticed(e))
		return true;
	if (oracle_is_tight() || explain_is_revoked(h->client) ||
	    (oracle_warden_generation() != p->generation &&
	     oracle_is_taken_back(p, &key)))
		return true;
	say("missing: %s %lld ms, of %u s; owners took it %lld ms ago",
	    entry_text(&key),
	    e != NULL ? (long long)(e->end_us - now_us()) / MS : 0, a->ttl,
	    e != NULL && e->lost_us != 0
		? (long long)(now_us() - e->lost_us) / MS
		: -1);
	return false;
}

/* Our own addresses come and go, and there is a most of what is granted. */
static bool
passes_ungranted(const struct hearing *h, const struct heard *a)
{
	return explain_is_own(&a->addr) || h->count > oracle.opt->max_addresses;
}

/* A private address is given by rules that spell the name out alone. */
static bool
is_needed(const struct heard *a, const struct said_port *port)
{
	return port->exact || addr_class_of(&a->addr) != ADDR_PRIVATE;
}

/* Every port that these rules give to the address stands. */
static bool
all_stand(const struct hearing *h, const struct heard *a,
	  const struct promise *p, const struct said *said)
{
	const struct addr *client = &universe.client[h->client].addr;
	enum addr_class class = addr_class_of(&a->addr);
	bool needed = false;
	char text[ADDR_TEXT_SIZE];

	say("  policy %u, by %s: %s of class %d, %u ports%s", p->generation,
	    universe.name[p->name].text, addr_print(&a->addr, text), class,
	    said->count, said->dns_only ? ", DNS only" : "");
	if (class == ADDR_NEVER)
		return said->dns_only;
	/* Under `~>` records pass that no name led to. */
	if (said->dns_only && !explain_was_offered(h->name, &a->addr))
		return true;
	if (!universe.client[h->client].local &&
	    client->family != a->addr.family)
		return said->dns_only;
	for (unsigned i = 0; i < said->count; i++) {
		if (!is_needed(a, &said->port[i]))
			continue;
		needed = true;
		if (!one_stands(h, a, p, &said->port[i]))
			return said->dns_only && passes_ungranted(h, a);
	}
	return needed || said->dns_only;
}

/* A private address needs a rule that spells the name out; it may be that of
 * a name that led here. */
static bool
stands_by_alias(const struct hearing *h, const struct heard *a,
		uint32_t generation)
{
	for (int origin = 0; origin < NAMES; origin++) {
		struct promise p = { .generation = generation,
				     .client = h->client,
				     .name = origin };
		const struct said *said =
		    explain_say(generation, h->client, origin);

		if (origin != h->name && leads_to(origin, h->name) &&
		    said->count > 0 && all_stand(h, a, &p, said))
			return true;
	}
	return false;
}

static bool
every_address_stands(const struct hearing *h, uint32_t generation, int origin)
{
	struct promise p = { .generation = generation,
			     .client = h->client,
			     .name = origin };
	const struct said *said = explain_say(generation, h->client, origin);

	if (said->kind != VERDICT_ALLOWED || said->count == 0)
		return false;
	for (unsigned i = 0; i < h->count; i++) {
		const struct heard *a = &h->heard[i];

		if (!all_stand(h, a, &p, said) &&
		    !(addr_class_of(&a->addr) == ADDR_PRIVATE &&
		      stands_by_alias(h, a, generation)))
			return false;
	}
	return true;
}

static bool
is_configured(const struct hearing *h, uint32_t generation,
	      const struct said *said)
{
	const struct rule *r = &rules_of(generation)->rule[said->rule];

	return h->count == 1 && addr_equal(&h->heard[0].addr, &r->answer);
}

/* The answer may be what this policy makes of it. */
static bool
is_right_under(const struct hearing *h, uint32_t generation)
{
	const struct said *said = explain_say(generation, h->client, h->name);

	if (said->kind == VERDICT_STRANGER)
		return false;
	if (said->kind == VERDICT_BLOCKED)
		return is_configured(h, generation, said);
	if (said->count > 0)
		return every_address_stands(h, generation, h->name);
	if (said->dns_only)
		return true;
	for (int origin = 0; origin < NAMES; origin++) {
		if (origin != h->name && leads_to(origin, h->name) &&
		    every_address_stands(h, generation, origin))
			return true;
	}
	return false;
}

static void
promise(const struct hearing *h, uint32_t generation)
{
	const struct said *said = explain_say(generation, h->client, h->name);

	for (unsigned i = 0; i < h->count * said->count; i++) {
		const struct heard *a = &h->heard[i / said->count];
		struct promise p = {
			.until_us = now_us() + (int64_t)a->ttl * SECOND -
				    tolerance_us(),
			.generation = generation,
			.client = h->client,
			.name = h->name,
		};
		struct ledger_key key;
		struct entry *e;

		explain_key(h->client, &a->addr, &said->port[i % said->count],
			    &key);
		e = sets_find(&key);
		if (entry_stands(e) && e->end_us >= p.until_us &&
		    is_needed(a, &said->port[i % said->count]))
			explain_promise(e, &p);
	}
}

/* The worker's policy may have changed since it was asked. */
static bool
is_right(const struct hearing *h)
{
	const struct process *worker = process_current();
	uint32_t g = worker->generation;
	const int64_t *took = oracle.took_us[worker->index];

	for (;; g--) {
		if (is_right_under(h, g)) {
			/* Else it may be the promise of another. */
			if (g == worker->generation &&
			    took[g % GENERATIONS_MOST] < h->asked_us)
				promise(h, g);
			return true;
		}
		if (g <= 1 || worker->generation - g > 20 ||
		    took[g % GENERATIONS_MOST] < h->asked_us)
			return false;
	}
}

void
oracle_on_answer(int client, int64_t asked_us, const uint8_t *bytes, size_t len)
{
	static struct hearing h;

	h.client = client;
	h.asked_us = asked_us;
	h.count = 0;
	if (message_read(bytes, len, &h.m) != ERR_NONE)
		broken("an answer cannot be read");
	if (h.m.header.qdcount == 0)
		return;
	h.name = universe_find_name(&h.m.question.name);
	hear_all(&h);
	if (h.name == NO_NAME || h.count == 0)
		return;
	oracle.answers++;
	if (!is_right(&h))
		broken("R1: client %d hears of %u addresses of %s that are "
		       "not all open (worker's policy %u, the warden's %u)",
		       client, h.count, universe.name[h.name].text,
		       process_current()->generation,
		       oracle_warden_generation());
}
