/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a query ends before its time: one row of a table says what the client
 * hears and what the log holds. An answer that was already built is
 * forgotten, so that no address leaves with a failure.
 */
#include <string.h>

#include "query/compose.h"
#include "query/steps.h"

static const struct ending torn = { RCODE_SERVFAIL, EDE_NETWORK_ERROR,
				    "upstream's answer was malformed",
				    RECORD_BAD_ANSWER, REASON_UPSTREAM_TORN };
static const struct ending chain_broken = { RCODE_SERVFAIL, EDE_OTHER,
					    "CNAME chain is too long or a loop",
					    RECORD_BAD_ANSWER, REASON_CHAIN };
static const struct ending no_room = { RCODE_SERVFAIL, EDE_OTHER,
				       "too many large answers",
				       RECORD_BAD_ANSWER, REASON_WIDE };

enum step_result
end_with(struct query *q, const struct ending *ending)
{
	compose_forget(q);
	q->ending = *ending;
	return STEP_ANSWER;
}

enum step_result
end_blocked(struct query *q, const struct ending *ending, uint32_t rule)
{
	const struct image_rule *r = policy_rule(&q->house->policy, rule);
	const char *file = policy_rule_file(&q->house->policy, r);
	const char *slash = strrchr(file, '/');
	struct text t;

	end_with(q, ending);
	q->log_rule = rule;
	if (slash)
		file = slash + 1;
	text_init(&t, q->ede_text, sizeof(q->ede_text));
	text_str(&t, "blocked by ");
	text_escaped(&t, file, strlen(file));
	text_char(&t, ':');
	text_u64(&t, r->line);
	q->ending.text = q->ede_text;
	return STEP_ANSWER;
}

enum step_result
end_torn(struct query *q)
{
	query_count(q, answers_bad);
	return end_with(q, &torn);
}

enum step_result
end_chain_broken(struct query *q)
{
	return end_with(q, &chain_broken);
}

enum step_result
end_no_room(struct query *q)
{
	return end_with(q, &no_room);
}
