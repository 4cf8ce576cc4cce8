/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks the upstreams and waits, alone or with others who ask the same. RD is
 * set whatever the client said: a tool that asks without it expects what
 * anybody gets.
 */
#include "query/steps.h"

static const struct ending full = { RCODE_SERVFAIL, EDE_OTHER,
				    "too many questions in flight",
				    RECORD_BAD_ANSWER, REASON_UPSTREAM_FULL };

enum step_result
step_ask(struct query *q)
{
	if (q->source != SOURCE_LOCAL)
		return STEP_GO_ON; /* the cache has answered */
	switch (flight_join(q)) {
	case FLIGHT_WAITS:
		return STEP_WAIT;
	case FLIGHT_DUPLICATE:
		query_count(q, duplicates);
		return STEP_DROP;
	case FLIGHT_FULL:
		break;
	}
	return end_with(q, &full);
}
