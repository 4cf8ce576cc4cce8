/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks the upstreams and waits. RD is set whatever the client said: a
 * forwarder without memory has nothing of its own to answer from, and a tool
 * that asks without it expects what anybody gets.
 */
#include "query/steps.h"

static const struct ending full = { RCODE_SERVFAIL, EDE_OTHER,
				    "too many questions in flight",
				    RECORD_BAD_ANSWER, REASON_UPSTREAM_FULL };

static void
on_upstream_done(void *owner, enum upstream_end end,
		 const struct message *answer)
{
	struct query *q = owner;

	q->ask = NULL;
	q->upstream_end = end;
	q->upstream = answer;
	if (end == UPSTREAM_ANSWERED) {
		q->source = SOURCE_UPSTREAM;
		q->upstream_at = *upstream_heard(q->house->upstreams);
	}
	query_resume(q);
}

enum step_result
step_ask(struct query *q)
{
	const struct upstream_question question = {
		.q = &q->in.question,
		.dnssec_ok = (q->in.edns.flags & EDNS_DO) != 0,
		.checking_disabled = (q->in.header.flags & FLAG_CD) != 0,
		.stream = q->in.question.type == TYPE_ANY,
	};

	if (upstream_ask(q->house->upstreams, &question, on_upstream_done, q,
			 &q->ask) != ERR_NONE)
		return end_with(q, &full);
	return STEP_WAIT;
}
