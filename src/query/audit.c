/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Audit changes what is answered in three places: the verdict, a blocked name
 * on the way, and an answer with nothing to grant. It promises never to add a
 * port to a verdict: what opens the firewall is in the hands of the same
 * rules, the same guard and the same warden as ever.
 */
#include "query/audit.h"

#include <string.h>

#include "query/note.h"
#include "query/steps.h"

bool
audit_knows(const struct query_house *h, const struct addr *client)
{
	const struct own_addresses *own = h->own;

	if (h->opt->mode != MODE_AUDIT || !own)
		return false;
	if (own_is_local(own, client))
		return true;
	for (uint32_t i = 0; i < own->net_count; i++)
		if (addr_in_net(client, &own->net[i]))
			return true;
	return false;
}

/* Once a query: the first of them would have been its end. */
static void
note(struct query *q, enum record_kind kind, enum record_reason reason)
{
	if (q->audited)
		return;
	query_count(q, audited);
	q->audited = true;
	note_audited(q, kind, reason);
}

/* An address that a rule answers is an answer and no refusal, but for the
 * unspecified one, which leads nowhere. */
static bool
answers(const struct image_rule *r)
{
	static const uint8_t none[16];

	return (r->has_answer4 && memcmp(r->answer4, none, 4) != 0) ||
	       (r->has_answer6 && memcmp(r->answer6, none, 16) != 0);
}

/* What only a `~>` gives. */
static bool
needs_dns_only(const struct query *q)
{
	switch (q->in.question.type) {
	case TYPE_A:
	case TYPE_AAAA:
	case TYPE_HTTPS:
	case TYPE_SVCB:
		return false;
	default:
		return !q->verdict.dns_only;
	}
}

static enum record_reason
reason_of(enum verdict_kind kind)
{
	if (kind == VERDICT_STRANGER)
		return REASON_STRANGER;
	return kind == VERDICT_DENIED ? REASON_NO_RULE : REASON_NONE;
}

void
audit_widen(struct query *q)
{
	struct verdict *v = &q->verdict;

	q->widened = false;
	if (q->house->opt->mode != MODE_AUDIT)
		return;
	if (v->kind == VERDICT_BLOCKED &&
	    answers(policy_rule(&q->house->policy, v->rule)))
		return;
	q->number = q->in.question.type;
	if (v->kind != VERDICT_ALLOWED)
		note(q, RECORD_BLOCKED, reason_of(v->kind));
	else if (needs_dns_only(q))
		note(q, RECORD_BAD_QUERY, REASON_TYPE);
	q->widened = !v->dns_only;
	v->kind = VERDICT_ALLOWED;
	v->dns_only = true;
}

bool
audit_passes_chain(struct query *q, uint32_t rule)
{
	if (q->house->opt->mode != MODE_AUDIT)
		return false;
	q->log_rule = rule;
	note(q, RECORD_BAD_ANSWER, REASON_CHAIN_BLOCKED);
	q->verdict.port_count = 0;
	return true;
}

bool
audit_passes_list(struct query *q, uint32_t list, bool answer)
{
	if (q->house->opt->mode != MODE_AUDIT)
		return false;
	q->number = (uint16_t)list;
	note(q, answer ? RECORD_BAD_ANSWER : RECORD_BLOCKED,
	     answer ? REASON_ANSWER_LISTED : REASON_LISTED);
	q->verdict.port_count = 0;
	return true;
}

void
audit_note_empty(struct query *q, bool shut)
{
	if (q->widened && q->verdict.port_count > 0)
		note(q, RECORD_BAD_ANSWER,
		     shut ? REASON_GUARDED : REASON_FAMILY);
}
