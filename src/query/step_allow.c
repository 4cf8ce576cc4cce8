/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answer is about to leave: from now on, as long as the firewall is open
 * for it, its client may ask the names it leads to. Only answers under `->`
 * that hold what they should come this far.
 *
 * An answer to a question that was allowed as an alias itself leads on from
 * where that began, so that a chain may be asked link by link.
 */
#include "query/steps.h"
#include "query/trail.h"

static void
give(struct query *q, const struct name *origin, unsigned links)
{
	struct query_house *h = q->house;
	struct trail_place place = { 0 };
	int64_t now_ms = loop_now_ms(h->loop);
	struct name alias;
	struct allowance what = {
		.client = &q->origin.client.addr,
		.alias = &alias,
		.origin = origin,
		.until_ms = now_ms + (int64_t)q->rule_time_s * 1000,
	};

	while (trail_next(q, &place, &alias)) {
		what.links = links + place.links;
		if (allowance_give(h->allowances, &what, now_ms))
			query_count(q, allowances_dropped);
	}
}

static void
give_on(struct query *q)
{
	struct query_house *h = q->house;
	struct allowed from[ALLOWANCE_ORIGINS];
	unsigned count =
	    allowance_find(h->allowances, &q->origin.client.addr,
			   &q->in.question.name, loop_now_ms(h->loop), from);

	for (unsigned i = 0; i < count; i++)
		give(q, &from[i].origin, from[i].links);
}

enum step_result
step_allow(struct query *q)
{
	if (q->trail_count == 0 || q->verdict.port_count == 0 ||
	    q->ending.rcode != RCODE_NOERROR)
		return STEP_GO_ON;
	if (q->owns_ports)
		give(q, &q->in.question.name, 0);
	if (q->borrowed)
		give_on(q);
	return STEP_GO_ON;
}
