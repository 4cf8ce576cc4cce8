/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What came from the upstream is looked through, and the answer built from
 * the parts of it that the client may have. The upstream's bytes are ours
 * only during this step; nothing of them is passed on unread.
 *
 * A name that the policy blocks blocks the answer wherever it stands on the
 * way from QNAME, also in an error; an unlisted one is fine.
 */
#include "lists/member.h"
#include "query/aliases.h"
#include "query/audit.h"
#include "query/compose.h"
#include "query/note.h"
#include "query/scratch.h"
#include "query/services.h"
#include "query/sieve.h"
#include "query/steps.h"
#include "query/threat.h"
#include "query/threat_instead.h"
#include "query/trail.h"

static const struct ending unanswered[] = {
	[UPSTREAM_SILENT] = { RCODE_SERVFAIL, EDE_NO_REACHABLE,
			      "no upstream answered in time", RECORD_BAD_ANSWER,
			      REASON_UPSTREAM_SILENT },
	[UPSTREAM_FAILED] = { RCODE_SERVFAIL, EDE_NETWORK_ERROR,
			      "upstream cannot be reached", RECORD_BAD_ANSWER,
			      REASON_UPSTREAM_FAILED },
	[UPSTREAM_FORGED] = { RCODE_SERVFAIL, EDE_NETWORK_ERROR,
			      "upstream's answer looked forged",
			      RECORD_BAD_ANSWER, REASON_UPSTREAM_FORGED },
	[UPSTREAM_TORN] = { RCODE_SERVFAIL, EDE_NETWORK_ERROR,
			    "upstream's answer was malformed",
			    RECORD_BAD_ANSWER, REASON_UPSTREAM_TORN },
};
static const struct ending chain_blocked = { RCODE_REFUSED, EDE_BLOCKED, NULL,
					     RECORD_BAD_ANSWER,
					     REASON_CHAIN_BLOCKED };
static const struct ending guarded = { RCODE_REFUSED, EDE_FILTERED,
				       "only guarded addresses",
				       RECORD_BAD_ANSWER, REASON_GUARDED };
static const struct ending no_family = { RCODE_NOERROR, EDE_FILTERED,
					 "no address of the client's family",
					 RECORD_BAD_ANSWER, REASON_FAMILY };
static const struct ending services_torn = {
	RCODE_NOERROR, EDE_OTHER, "a service record was malformed",
	RECORD_BAD_ANSWER, REASON_SERVICES_TORN
};
static const struct ending no_service = {
	RCODE_NOERROR, EDE_FILTERED, "no service within the ports allowed",
	RECORD_BAD_ANSWER, REASON_SERVICES
};

/* A client must not use any record of a set with a malformed one (RFC 9460
 * 2.2), and does without. */
static enum step_result
end_services_torn(struct query *q)
{
	query_count(q, answers_bad);
	return end_with(q, &services_torn);
}

/* The rule that blocks one of these names, or IMAGE_NONE. */
static uint32_t
rule_blocking(struct query *q, const struct name *name, unsigned count)
{
	const struct policy_client client = query_client(q);
	struct verdict *v = &q->house->scratch->verdict;

	for (unsigned i = 0; i < count; i++) {
		policy_match(&q->house->policy, &client, &name[i], v);
		if (v->kind == VERDICT_BLOCKED)
			return v->rule;
	}
	return IMAGE_NONE;
}

/* The rule that blocks the list of one of the addresses, or IMAGE_NONE. */
static uint32_t
rule_shutting(const struct query *q, const struct message *m)
{
	const struct policy_client client = query_client(q);
	uint64_t in = 0;
	struct addr a;

	for (unsigned i = 0; q->verdict.shut != 0 && i < m->rr_count; i++)
		if (m->rr[i].section == SECTION_ANSWER &&
		    rr_address(m, &m->rr[i], &a))
			in |= lists_with_addr(&q->house->lists, &a,
					      q->verdict.shut);
	return in != 0 ? policy_rule_of_list(&q->house->policy, &client, in)
		       : IMAGE_NONE;
}

/* As the rule answers its own name; an address of its choice would be that of
 * another name, so it is the plain refusal then. */
static enum step_result
end_chain_blocked(struct query *q, uint32_t rule)
{
	static const unsigned rcode[] = {
		[BLOCK_REFUSED] = RCODE_REFUSED,
		[BLOCK_NXDOMAIN] = RCODE_NXDOMAIN,
		[BLOCK_NODATA] = RCODE_NOERROR,
		[BLOCK_DROP] = RCODE_REFUSED,
	};
	uint8_t block = policy_rule(&q->house->policy, rule)->block;

	end_blocked(q, &chain_blocked, rule);
	q->ending.rcode = rcode[block];
	if (block != BLOCK_DROP)
		return STEP_ANSWER;
	query_count(q, dropped_blocked);
	note_dropped(q);
	return STEP_DROP;
}

/* What a list said of the question holds whatever the answer is. */
static enum step_result
end_misled(struct query *q, enum err err)
{
	enum step_result result = threat_judge_failure(q);

	if (result != STEP_GO_ON)
		return result;
	return err == ERR_RANGE ? end_chain_broken(q) : end_torn(q);
}

static enum step_result
end_unanswered(struct query *q)
{
	enum step_result result = threat_judge_failure(q);

	if (result != STEP_GO_ON)
		return result;
	return end_with(q, &unanswered[q->upstream_end]);
}

/* QNAME itself was judged before. */
static enum step_result
check_chain(struct query *q, const struct message *m, struct aliases *c)
{
	struct services *s = &q->house->scratch->services;
	enum err err = aliases_follow(m, &q->in.question.name, c);
	uint32_t rule;

	if (err != ERR_NONE)
		return end_misled(q, err);
	services_read(q, m, c, s);
	trail_keep(q, c, s);
	rule = rule_blocking(q, c->name + 1, c->count - 1);
	if (rule == IMAGE_NONE)
		rule = rule_blocking(q, s->target, s->target_count);
	if (rule == IMAGE_NONE)
		rule = rule_shutting(q, m);
	if (rule != IMAGE_NONE && !audit_passes_chain(q, rule))
		return end_chain_blocked(q, rule);
	return threat_judge_answer(q, m, c);
}

/* Response code and extended error as the upstream gave them. A code over 15
 * is between it and us. */
static void
take_ending(struct query *q, const struct message *m)
{
	unsigned rcode = message_rcode(m);
	struct text t;

	q->number = (uint16_t)rcode;
	q->ending = (struct ending){
		.rcode = rcode > 15 ? (unsigned)RCODE_SERVFAIL : rcode,
		.ede = NO_EDE,
		.note = rcode == RCODE_NOERROR ? RECORD_FORWARDED
					       : RECORD_BAD_ANSWER,
		.reason = rcode == RCODE_NOERROR ? REASON_NONE
						 : REASON_UPSTREAM_ERROR,
	};
	if (q->source == SOURCE_STALE) {
		q->ending.ede = rcode == RCODE_NXDOMAIN ? EDE_STALE_NXDOMAIN
							: EDE_STALE;
		return;
	}
	if (!m->edns.ede_present)
		return;
	text_init(&t, q->ede_text, sizeof(q->ede_text));
	text_escaped(&t, m->edns.ede_text, m->edns.ede_text_len);
	q->ending.ede = m->edns.ede_code;
	q->ending.text = q->ede_text;
}

/* Never raised, lowered to the time the firewall stays open. */
static uint32_t
ttl_for_client(const struct query *q, const struct rr *rr)
{
	uint32_t ttl = rr_ttl(rr);

	if (q->kept_count > 0 && ttl > q->rule_time_s)
		return q->rule_time_s;
	return ttl;
}

static enum err
write_record(struct query *q, struct reply *r, const struct message *m,
	     const struct rr *rr)
{
	uint32_t ttl = ttl_for_client(q, rr);

	if (!services_edits(q, rr->type))
		return reply_copy(r, m, rr, ttl);
	services_write(q, r, m, rr, ttl);
	return ERR_NONE;
}

static enum step_result
relay(struct query *q, const struct message *m, const struct sieve *a)
{
	struct reply r;

	compose_begin(q, &r);
	for (unsigned i = 0; i < m->rr_count; i++)
		if (a->pass[i] &&
		    write_record(q, &r, m, &m->rr[i]) != ERR_NONE)
			return end_torn(q);
	return compose_end(q, &r) ? STEP_GO_ON : end_no_room(q);
}

static enum step_result
inspect(struct query *q, const struct message *m)
{
	struct aliases *c = &q->house->scratch->aliases;
	struct services *s = &q->house->scratch->services;
	struct sieve *a = &q->house->scratch->sieve;
	enum step_result result = check_chain(q, m, c);

	if (result != STEP_GO_ON)
		return result;
	if (s->torn && !q->verdict.dns_only)
		return end_services_torn(q);
	sieve_answer(q, m, c, a);
	atomic_fetch_add_explicit(&q->house->stats->addresses_stripped,
				  a->guarded + s->guarded,
				  memory_order_relaxed);
	take_ending(q, m);
	if (a->addresses > 0 && a->passed == 0)
		return end_with(q, a->guarded > 0 ? &guarded : &no_family);
	if (a->addresses > 0 && q->kept_count == 0)
		audit_note_empty(q, a->shut > 0);
	if (s->found > 0 && s->passed == 0)
		return end_with(q, &no_service);
	if (q->kept_count > 0)
		q->ending.note = RECORD_GRANTED;
	return relay(q, m, a);
}

enum step_result
step_inspect(struct query *q)
{
	const struct message *m = q->upstream;

	q->upstream = NULL;
	if (q->upstream_end != UPSTREAM_ANSWERED)
		return end_unanswered(q);
	if (q->threat.redirected)
		return threat_reply_instead(q, m);
	return inspect(q, m);
}
