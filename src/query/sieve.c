/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sorting an answer's records.
 *
 * Under `->` a client gets the records that lead from its question to the
 * addresses, and those addresses that it will be able to reach; everything
 * else is left out, so that nothing it hears of is shut. Under `~>` it gets
 * the answer as it came. Only addresses of the type asked that stand where
 * the chain ends are ever granted: authority and additional records are what
 * a forger would like to be believed.
 */
#include "query/sieve.h"

#include <stdatomic.h>

#include "query/guard.h"

enum fate { FATE_GRANT, FATE_FOREIGN, FATE_GUARDED, FATE_OVER };

/* An answer on the table. */
struct sorting {
	struct query *q;
	const struct message *m;
	const struct aliases *c;
	struct sieve *out;
	bool error; /* nothing is granted, whatever stands in it */
};

/* Whether answers to this query may open the firewall. */
static bool
may_grant(const struct query *q)
{
	uint16_t type = q->in.question.type;

	return q->verdict.port_count > 0 &&
	       (type == TYPE_A || type == TYPE_AAAA);
}

static bool
some_port_is_exact(const struct verdict *v)
{
	for (unsigned i = 0; i < v->port_count; i++)
		if (v->port[i].exact)
			return true;
	return false;
}

/* The firewall has no rules for this family, but has for the other. */
static bool
family_is_missing(const struct query_house *h, uint8_t family)
{
	bool have4 =
	    atomic_load_explicit(&h->board->family4, memory_order_relaxed) != 0;
	bool have6 =
	    atomic_load_explicit(&h->board->family6, memory_order_relaxed) != 0;

	return family == 4 ? !have4 && have6 : !have6 && have4;
}

static bool
is_foreign(const struct query *q, const struct addr *a)
{
	if (!q->client_is_local && a->family != q->origin.client.addr.family)
		return true;
	return family_is_missing(q->house, a->family);
}

static unsigned
most_addresses(const struct query *q)
{
	unsigned most = q->house->opt->max_addresses;
	unsigned by_batch = GRANT_BATCH_MAX / q->verdict.port_count;

	if (most > QUERY_MAX_ADDRESSES)
		most = QUERY_MAX_ADDRESSES;
	return most < by_batch ? most : by_batch;
}

static bool
is_kept(const struct query *q, const struct addr *a)
{
	for (unsigned i = 0; i < q->kept_count; i++)
		if (addr_equal(&q->kept[i].addr, a))
			return true;
	return false;
}

static enum fate
fate_of(struct query *q, const struct addr *a)
{
	enum guard guard = guard_of(q, a);

	if (guard == GUARD_SHUT ||
	    (guard == GUARD_EXACT_ONLY && !some_port_is_exact(&q->verdict)))
		return FATE_GUARDED;
	if (is_foreign(q, a))
		return FATE_FOREIGN;
	if (is_kept(q, a) || q->kept_count == most_addresses(q))
		return FATE_OVER;
	q->kept[q->kept_count++] =
	    (struct kept){ *a, guard == GUARD_EXACT_ONLY };
	return FATE_GRANT;
}

static bool
is_proof(uint16_t type)
{
	return type == TYPE_RRSIG || type == TYPE_NSEC || type == TYPE_NSEC3;
}

/* Records beside links and addresses: the SOA of a negative answer, and
 * signatures for a client that validates. */
static bool
passes_beside(const struct sorting *s, unsigned i)
{
	const struct rr *rr = &s->m->rr[i];
	bool proof = (s->q->in.edns.flags & EDNS_DO) && is_proof(rr->type);

	if (rr->section == SECTION_ANSWER)
		return proof && aliases_hold(s->c, i);
	if (rr->section != SECTION_AUTHORITY)
		return false;
	return proof || (rr->type == TYPE_SOA && s->out->addresses == 0);
}

/* A rule that names the name may lead to a private address. */
static bool
passes_guard_dns_only(const struct query *q, const struct addr *a)
{
	const struct image_rule *rule =
	    policy_rule(&q->house->policy, q->verdict.rule);
	enum guard guard;

	if (!q->house->opt->guard_dns_only)
		return true;
	guard = guard_of(q, a);
	if (guard == GUARD_EXACT_ONLY)
		return rule->kind == DOMAIN_EXACT ||
		       some_port_is_exact(&q->verdict);
	return guard == GUARD_OPEN;
}

static bool
is_wanted_address(const struct sorting *s, unsigned i)
{
	const struct rr *rr = &s->m->rr[i];

	return !s->error && rr->section == SECTION_ANSWER &&
	       rr->class == CLASS_IN && rr->type == s->q->in.question.type &&
	       aliases_end_at(s->c, i);
}

static uint32_t
rule_time(const struct options *opt, uint32_t ttl)
{
	if (ttl < opt->min_rule_time_s)
		ttl = opt->min_rule_time_s;
	if (ttl > opt->max_rule_time_s)
		ttl = opt->max_rule_time_s;
	return ttl < KERNEL_MAX_S ? ttl : KERNEL_MAX_S;
}

/* An address where the chain ends, under whatever arrows there are. */
static bool
take_address(const struct sorting *s, const struct addr *a)
{
	struct query *q = s->q;
	enum fate fate = may_grant(q) ? fate_of(q, a) : FATE_OVER;
	bool pass, guarded;

	if (q->verdict.dns_only) {
		pass = passes_guard_dns_only(q, a);
		guarded = !pass;
	} else {
		pass = fate == FATE_GRANT ||
		       (fate == FATE_FOREIGN &&
			q->house->opt->compat == COMPAT_RUST);
		guarded = fate == FATE_GUARDED;
	}
	s->out->addresses++;
	s->out->passed += pass;
	s->out->guarded += guarded;
	return pass;
}

static bool
take_other(const struct sorting *s, unsigned i)
{
	struct addr a;

	if (s->m->rr[i].class != CLASS_IN)
		return false;
	if (s->q->verdict.dns_only)
		return !rr_address(s->m, &s->m->rr[i], &a) ||
		       passes_guard_dns_only(s->q, &a);
	return s->c->leads[i] || passes_beside(s, i);
}

void
sieve_answer(struct query *q, const struct message *m, const struct aliases *c,
	     struct sieve *out)
{
	const struct sorting s = {
		q, m, c, out, message_rcode(m) != RCODE_NOERROR
	};
	uint32_t ttl = c->ttl;
	struct addr a;

	q->kept_count = 0;
	out->addresses = out->passed = out->guarded = 0;
	for (unsigned i = 0; i < m->rr_count; i++) {
		const struct rr *rr = &m->rr[i];

		if (!is_wanted_address(&s, i) || !rr_address(m, rr, &a)) {
			out->pass[i] = take_other(&s, i);
			continue;
		}
		out->pass[i] = take_address(&s, &a);
		if (rr_ttl(rr) < ttl)
			ttl = rr_ttl(rr);
	}
	q->rule_time_s = rule_time(q->house->opt, ttl);
}
