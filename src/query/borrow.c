/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Using an allowance. The name that led to the alias is held against the
 * policy each time, so that a rule which is gone gives nothing any more, and
 * each port keeps the rule that gives it: the warden asks whether that rule
 * gives this client the port, and has no need to know of aliases.
 *
 * Whether an alias may lead to a private address is a matter of the name that
 * led to it. An alias inside a local zone would otherwise open a way to
 * private addresses for whoever owns a name under a wildcard.
 */
#include "query/borrow.h"

#include <string.h>

#include "policy/prefixed.h"
#include "query/guard.h"
#include "query/scratch.h"

/* What the guard would have found by the name alone. */
static void
settle_private(const struct query *q, const struct name *name,
	       struct verdict *v)
{
	if (guard_is_local_name(q->house->opt, name))
		for (unsigned i = 0; i < v->port_count; i++)
			v->port[i].exact = true;
}

_Static_assert((unsigned)GRANT_ORIGINS == (unsigned)ALLOWANCE_ORIGINS,
	       "all names that led to an alias are told");

/* For the warden; the allowance may be gone when it is asked. */
static void
keep_origin(struct query *q, const struct name *origin)
{
	if (origin->len > sizeof(q->origins) - q->origins_len)
		return;
	memcpy(q->origins + q->origins_len, origin->wire, origin->len);
	q->origins_len = (uint16_t)(q->origins_len + origin->len);
	q->origin_count++;
}

static void
add_origin(struct query *q, const struct name *origin)
{
	const struct policy_client client = query_client(q);
	struct verdict *from = &q->house->scratch->verdict;
	struct verdict *v = &q->verdict;

	policy_match_prefixed(&q->house->policy, &client, origin, from);
	if (from->kind != VERDICT_ALLOWED || from->port_count == 0)
		return;
	if (!q->borrowed)
		settle_private(q, &q->in.question.name, v);
	settle_private(q, origin, from);
	if (v->kind == VERDICT_DENIED)
		v->rule = from->rule;
	v->kind = VERDICT_ALLOWED;
	verdict_add_ports(v, from);
	q->borrowed = true;
	keep_origin(q, origin);
}

void
borrow_ports(struct query *q)
{
	struct query_house *h = q->house;
	struct allowed from[ALLOWANCE_ORIGINS];
	unsigned count;

	q->borrowed = false;
	q->origin_count = 0;
	q->origins_len = 0;
	q->owns_ports = q->verdict.port_count > 0;
	if (q->verdict.kind != VERDICT_DENIED &&
	    q->verdict.kind != VERDICT_ALLOWED)
		return;
	count =
	    allowance_find(h->allowances, &q->origin.client.addr,
			   &q->in.question.name, loop_now_ms(h->loop), from);
	for (unsigned i = 0; i < count; i++)
		add_origin(q, &from[i].origin);
}
