/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a query ends before its time: one row of a table says what the client
 * hears and what the log holds. An answer that was already built is
 * forgotten, so that no address leaves with a failure.
 */
#include <string.h>

#include "query/compose.h"
#include "query/steps.h"

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
