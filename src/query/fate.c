/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An address comes from a stranger; here it is held against the guard, the
 * client's family, and how many there are already. What stands this is
 * remembered in the query, for the firewall and for the answer.
 */
#include "query/fate.h"

#include <stdatomic.h>

#include "query/guard.h"
#include "query/threat.h"

bool
fate_may_grant(const struct query *q)
{
	switch (q->in.question.type) {
	case TYPE_A:
	case TYPE_AAAA:
	case TYPE_HTTPS:
	case TYPE_SVCB:
		return q->verdict.port_count > 0;
	default:
		return false;
	}
}

static bool
some_port_is_exact(const struct verdict *v)
{
	for (unsigned i = 0; i < v->port_count; i++)
		if (v->port[i].exact)
			return true;
	return false;
}

/* The firewall has no rules for this family, but has for the other. */
static bool
family_is_missing(const struct query_house *h, uint8_t family)
{
	bool have4 =
	    atomic_load_explicit(&h->board->family4, memory_order_relaxed) != 0;
	bool have6 =
	    atomic_load_explicit(&h->board->family6, memory_order_relaxed) != 0;

	return family == 4 ? !have4 && have6 : !have6 && have4;
}

static bool
is_foreign(const struct query *q, const struct addr *a)
{
	if (!q->client_is_local && a->family != q->origin.client.addr.family)
		return true;
	return family_is_missing(q->house, a->family);
}

static unsigned
most_addresses(const struct query *q)
{
	unsigned most = q->house->opt->max_addresses;
	unsigned by_batch = GRANT_BATCH_MAX / q->verdict.port_count;

	if (most > QUERY_MAX_ADDRESSES)
		most = QUERY_MAX_ADDRESSES;
	return most < by_batch ? most : by_batch;
}

bool
fate_is_kept(const struct query *q, const struct addr *a)
{
	for (unsigned i = 0; i < q->kept_count; i++)
		if (addr_equal(&q->kept[i].addr, a))
			return true;
	return false;
}

enum fate
fate_of(struct query *q, const struct addr *a)
{
	enum guard guard = guard_of(q, a);

	if (guard == GUARD_SHUT ||
	    (guard == GUARD_EXACT_ONLY && !some_port_is_exact(&q->verdict)))
		return FATE_GUARDED;
	if (threat_has_address(q, a))
		return FATE_GUARDED;
	if (is_foreign(q, a))
		return FATE_FOREIGN;
	if (fate_is_kept(q, a))
		return FATE_KEPT;
	if (q->kept_count == most_addresses(q))
		return FATE_OVER;
	q->kept[q->kept_count++] =
	    (struct kept_address){ *a, guard == GUARD_EXACT_ONLY };
	return FATE_GRANT;
}

/* A rule that names the name may lead to a private address. */
bool
fate_passes_dns_only(const struct query *q, const struct addr *a)
{
	const struct image_rule *rule =
	    policy_rule(&q->house->policy, q->verdict.rule);
	enum guard guard;

	if (!q->house->opt->guard_dns_only)
		return true;
	guard = guard_of(q, a);
	if (guard == GUARD_EXACT_ONLY)
		return (rule && rule->kind == DOMAIN_EXACT) ||
		       some_port_is_exact(&q->verdict);
	return guard == GUARD_OPEN;
}
