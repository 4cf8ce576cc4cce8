/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers are built when their parts are at hand, and leave later. Most fit
 * into the query itself; a larger one (only by TCP) takes one of a few large
 * slots, so that a flood of them cannot eat the memory.
 */
#include "query/compose.h"

#include <string.h>

#include "query/scratch.h"

void
compose_begin(struct query *q, struct reply *r)
{
	const struct reply_spec spec = {
		.limit = q->origin.stream ? MESSAGE_MAX
					  : reply_udp_limit(&q->in.edns),
		.client = &q->in.header,
		.q = q->in.question_ok ? &q->in.question : NULL,
		.opt = q->in.edns.present,
		.dnssec_ok = (q->in.edns.flags & EDNS_DO) != 0,
		.keepalive = q->origin.stream &&
			     q->in.edns.keepalive == KEEPALIVE_ASKED,
		.idle_100ms = q->origin.idle_100ms,
	};

	compose_forget(q);
	reply_begin(r, q->origin.stream ? q->house->scratch->reply : q->narrow,
		    &spec);
}

static bool
keep(struct query *q, size_t len)
{
	q->answer_len = len;
	q->answer = q->narrow;
	if (!q->origin.stream)
		return true;
	if (len > sizeof(q->narrow))
		q->answer = pool_take(&q->house->wide);
	if (!q->answer)
		return false;
	memcpy(q->answer, q->house->scratch->reply, len);
	return true;
}

bool
compose_end(struct query *q, struct reply *r)
{
	const struct ede ede = { q->ending.ede, q->ending.text };

	return keep(q, reply_end(r, q->ending.rcode, &ede));
}

void
compose_forget(struct query *q)
{
	if (q->answer && q->answer != q->narrow)
		pool_give(&q->house->wide, q->answer);
	q->answer = NULL;
	q->answer_len = 0;
}
