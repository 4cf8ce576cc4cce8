/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * May this client ask it, and what may it reach then?
 *
 * The step stands twice in the path: where another policy came while an
 * upstream was asked, the query is judged anew, so that none ever uses half
 * of two policies. What the policy itself answers (a blocked name with an
 * address, ANY under `->`: RFC 8482) is built here and goes nowhere else.
 */
#include "policy/prefixed.h"
#include "query/audit.h"
#include "query/borrow.h"
#include "query/compose.h"
#include "query/note.h"
#include "query/special_answer.h"
#include "query/steps.h"
#include "query/test_name.h"
#include "query/threat.h"

enum { LOCAL_TTL = 60, ANY_TTL = 3600 };

static const struct ending stranger = { RCODE_REFUSED, NO_EDE, NULL,
					RECORD_BLOCKED, REASON_STRANGER };
static const struct ending denied = { RCODE_REFUSED, EDE_PROHIBITED, "no rule",
				      RECORD_BLOCKED, REASON_NO_RULE };
static const struct ending blocked = { RCODE_REFUSED, EDE_BLOCKED, NULL,
				       RECORD_BLOCKED, REASON_NONE };
static const struct ending no_such_name = { RCODE_NXDOMAIN, EDE_BLOCKED, NULL,
					    RECORD_BLOCKED, REASON_NONE };
static const struct ending other_type = { RCODE_NOERROR, EDE_BLOCKED, NULL,
					  RECORD_BLOCKED, REASON_NONE };
static const struct ending local = { RCODE_NOERROR, NO_EDE, NULL, RECORD_LOCAL,
				     REASON_NONE };
static const struct ending any = { RCODE_NOERROR, NO_EDE, NULL,
				   RECORD_BAD_QUERY, REASON_TYPE };
static const char types_text[] = "only A, AAAA, HTTPS and SVCB are answered";
static const struct ending type = { RCODE_NOERROR, EDE_FILTERED, types_text,
				    RECORD_BAD_QUERY, REASON_TYPE };
static const struct ending strict_type = { RCODE_REFUSED, EDE_FILTERED,
					   types_text, RECORD_BAD_QUERY,
					   REASON_TYPE };

static bool
has_answer(const struct image_rule *r, uint16_t qtype, struct addr *out)
{
	if (qtype == TYPE_A && r->has_answer4)
		addr_from_v4(r->answer4, out);
	else if (qtype == TYPE_AAAA && r->has_answer6)
		addr_from_v6(r->answer6, out);
	else
		return false;
	return true;
}

static enum step_result
answer_local(struct query *q)
{
	struct reply r;

	end_with(q, &local);
	compose_begin(q, &r);
	reply_address(&r, SECTION_ANSWER, &q->in.question.name, &q->local,
		      LOCAL_TTL);
	compose_end(q, &r);
	return STEP_ANSWER;
}

/* Nothing goes back, but the log knows. */
static enum step_result
drop_blocked(struct query *q)
{
	query_count(q, dropped_blocked);
	end_blocked(q, &blocked, q->verdict.rule);
	note_dropped(q);
	return STEP_DROP;
}

static enum step_result
answer_blocked(struct query *q)
{
	const struct image_rule *r =
	    policy_rule(&q->house->policy, q->verdict.rule);

	query_count(q, blocked);
	if (has_answer(r, q->in.question.type, &q->local))
		return answer_local(q);
	if (r->has_answer4 || r->has_answer6)
		return end_blocked(q, &other_type, q->verdict.rule);
	switch ((enum block_answer)r->block) {
	case BLOCK_NXDOMAIN:
		return end_blocked(q, &no_such_name, q->verdict.rule);
	case BLOCK_NODATA:
		return end_blocked(q, &other_type, q->verdict.rule);
	case BLOCK_DROP:
		return drop_blocked(q);
	case BLOCK_REFUSED:
		break;
	}
	return end_blocked(q, &blocked, q->verdict.rule);
}

static enum step_result
answer_any(struct query *q)
{
	static const uint8_t hinfo[] = "\007RFC8482"; /* and an empty string */
	struct reply r;

	end_with(q, &any);
	q->number = TYPE_ANY;
	compose_begin(q, &r);
	reply_record(&r, SECTION_ANSWER, &q->in.question.name, TYPE_HINFO,
		     ANY_TTL, hinfo, sizeof(hinfo));
	compose_end(q, &r);
	return STEP_ANSWER;
}

static enum step_result
answer_type(struct query *q)
{
	q->number = q->in.question.type;
	if (q->house->opt->strict_types)
		return end_with(q, &strict_type);
	return end_with(q, &type);
}

/* What holds addresses, and so is forwarded under `->`. */
static bool
is_forwarded(const struct query *q)
{
	switch (q->in.question.type) {
	case TYPE_A:
	case TYPE_AAAA:
	case TYPE_HTTPS:
	case TYPE_SVCB:
		return true;
	default:
		return q->verdict.dns_only;
	}
}

static enum step_result
go_on_allowed(struct query *q)
{
	enum step_result result;

	if (special_answer(q))
		return STEP_ANSWER;
	if (!is_forwarded(q))
		return q->in.question.type == TYPE_ANY ? answer_any(q)
						       : answer_type(q);
	result = threat_judge_question(q);
	if (result != STEP_GO_ON)
		return result;
	if (q->verdict.port_count > 0)
		note_asked(q, RECORD_ALLOWED);
	else
		note_asked(q, RECORD_DNS_ONLY);
	return STEP_GO_ON;
}

/* An answer that was asked for another name is none to this one. */
static enum step_result
judge_allowed(struct query *q)
{
	bool redirected = q->threat.redirected;
	enum step_result result = go_on_allowed(q);

	return redirected && result == STEP_GO_ON ? STEP_ASK : result;
}

enum step_result
step_policy(struct query *q)
{
	const struct policy *policy = &q->house->policy;
	const struct policy_client client = query_client(q);
	enum step_result result;

	if (q->judged && q->generation == policy->generation)
		return STEP_GO_ON;
	policy_match_prefixed(policy, &client, &q->in.question.name,
			      &q->verdict);
	borrow_ports(q);
	q->judged = true;
	q->log_rule = q->verdict.rule;
	q->generation = policy->generation;
	if (test_name_answer(q, &result))
		return result;
	audit_widen(q);
	switch (q->verdict.kind) {
	case VERDICT_STRANGER:
		query_count(q, strangers);
		return end_with(q, &stranger);
	case VERDICT_DENIED:
		query_count(q, denied);
		return end_with(q, &denied);
	case VERDICT_BLOCKED:
		return answer_blocked(q);
	case VERDICT_ALLOWED:
		return judge_allowed(q);
	}
	return STEP_DROP;
}
