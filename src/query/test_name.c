/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The name that is blocked goes the way of all that lists block: where its
 * list is not in force it is refused, and never asked of an upstream. The one
 * that is allowed has an address that nobody else could give.
 */
#include "query/test_name.h"

#include <string.h>

#include "query/compose.h"
#include "query/threat.h"

enum { TEST_TTL = 0 };

static const struct ending local = { RCODE_NOERROR, NO_EDE, NULL, RECORD_LOCAL,
				     REASON_NONE };
static const struct ending not_blocked = { RCODE_REFUSED, EDE_NOT_READY,
					   "the list of the test is not there",
					   RECORD_BLOCKED, REASON_NO_RULE };

static bool
is(const struct name *name, const struct option_zone *zone)
{
	struct name other = { .len = zone->len };

	memcpy(other.wire, zone->wire, zone->len);
	return name_equal(name, &other);
}

static bool
has_type(const struct query *q, const struct addr *addr)
{
	return q->in.question.type == (addr->family == 4 ? TYPE_A : TYPE_AAAA);
}

static enum step_result
answer_allowed(struct query *q)
{
	const struct addr *addr = &q->house->opt->test_allowed[0].at.addr;
	struct reply r;

	q->local = *addr;
	end_with(q, &local);
	compose_begin(q, &r);
	if (has_type(q, addr))
		reply_address(&r, SECTION_ANSWER, &q->in.question.name, addr,
			      TEST_TTL);
	compose_end(q, &r);
	return STEP_ANSWER;
}

static enum step_result
answer_blocked(struct query *q)
{
	enum step_result result;

	memset(&q->verdict, 0, sizeof(q->verdict));
	q->verdict.kind = VERDICT_ALLOWED;
	q->verdict.dns_only = true;
	q->verdict.rule = q->log_rule = IMAGE_NONE;
	result = threat_judge_question(q);
	return result == STEP_GO_ON ? end_with(q, &not_blocked) : result;
}

bool
test_name_answer(struct query *q, enum step_result *result_out)
{
	const struct options *opt = q->house->opt;
	const struct name *name = &q->in.question.name;

	if (opt->test_allowed_count > 0 && is(name, &opt->test_allowed[0].zone))
		*result_out = answer_allowed(q);
	else if (opt->test_blocked_count > 0 && is(name, opt->test_blocked))
		*result_out = answer_blocked(q);
	else
		return false;
	return true;
}
