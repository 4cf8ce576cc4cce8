/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sorting an answer's records.
 *
 * Under `->` a client gets the records that lead from its question to the
 * addresses, and those addresses that it will be able to reach; everything
 * else is left out, so that nothing it hears of is shut. Under `~>` it gets
 * the answer as it came. Only addresses of the type asked, or in hints of
 * the services asked for, that stand where the chain ends are ever granted:
 * authority and additional records are what a forger would like to be
 * believed.
 */
#include "query/sieve.h"

#include "query/fate.h"
#include "query/note.h"
#include "query/scratch.h"
#include "query/threat.h"

/* An answer on the table. */
struct sorting {
	struct query *q;
	const struct message *m;
	const struct aliases *c;
	struct services *services;
	struct sieve *out;
	bool error; /* nothing is granted, whatever stands in it */
};

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
	return proof || (rr->type == TYPE_SOA && s->out->addresses == 0 &&
			 s->services->found == 0);
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
	enum fate fate = fate_may_grant(q) ? fate_of(q, a) : FATE_OVER;
	bool pass, guarded;

	if (q->verdict.dns_only) {
		pass = fate_passes_dns_only(q, a);
		guarded = !pass;
		if (pass && fate != FATE_GRANT && fate != FATE_KEPT)
			note_resolved(q, a);
	} else {
		pass = fate == FATE_GRANT ||
		       (fate == FATE_FOREIGN &&
			q->house->opt->compat == COMPAT_RUST);
		guarded = fate == FATE_GUARDED;
	}
	s->out->addresses++;
	s->out->shut += fate == FATE_GUARDED;
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
		       (fate_passes_dns_only(s->q, &a) &&
			!threat_hides(s->q, &a));
	return s->c->leads[i] || passes_beside(s, i);
}

static void
lower(uint32_t *ttl, const struct rr *rr)
{
	if (rr_ttl(rr) < *ttl)
		*ttl = rr_ttl(rr);
}

/* Whether record i passes; *ttl becomes that of the shortest one that an
 * address came from. */
static bool
take(const struct sorting *s, unsigned i, uint32_t *ttl)
{
	const struct rr *rr = &s->m->rr[i];
	struct addr a;

	if (is_wanted_address(s, i) && rr_address(s->m, rr, &a)) {
		lower(ttl, rr);
		return take_address(s, &a);
	}
	if (!services_has(s->q, s->m, s->c, i))
		return take_other(s, i);
	lower(ttl, rr);
	return services_take(s->q, s->m, rr, s->services);
}

void
sieve_answer(struct query *q, const struct message *m, const struct aliases *c,
	     struct sieve *out)
{
	const struct sorting s = { q,
				   m,
				   c,
				   &q->house->scratch->services,
				   out,
				   message_rcode(m) != RCODE_NOERROR };
	uint32_t ttl = c->ttl;

	q->kept_count = 0;
	out->addresses = out->passed = out->shut = out->guarded = 0;
	for (unsigned i = 0; i < m->rr_count; i++)
		out->pass[i] = take(&s, i, &ttl);
	q->rule_time_s = rule_time(q->house->opt, ttl);
}
