/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From kept addresses and the verdict's ports to what the warden is asked.
 * The log names the same pairs, so that it is made anew where it is needed
 * instead of being kept in each query.
 */
#include "query/grants.h"

#include <assert.h>

#include "policy/service.h"

/* At least 1: a timeout of 0 would be for ever. */
static uint32_t
kernel_time(const struct query *q)
{
	uint32_t s = q->rule_time_s + q->house->opt->grace_s;

	if (s > KERNEL_MAX_S)
		return KERNEL_MAX_S;
	return s > 0 ? s : 1;
}

/* What a rule for this host opens by ping has the number of the destination's
 * family, not of the client's. */
static void
fit_echo(struct grant_item *item)
{
	bool six = item->destination.family == 6;

	if (item->protocol != IPPROTO_ICMP && item->protocol != IPPROTO_ICMPV6)
		return;
	item->protocol = six ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	item->port = six ? PORT_ECHO6 : PORT_ECHO;
}

unsigned
grants_list(const struct query *q, struct grant_item *out)
{
	const struct verdict *v = &q->verdict;
	unsigned n = 0;

	for (unsigned i = 0; i < q->kept_count; i++)
		for (unsigned k = 0; k < v->port_count; k++) {
			if (q->kept[i].exact_only && !v->port[k].exact)
				continue;
			assert(n < GRANT_BATCH_MAX);
			out[n++] = (struct grant_item){
				.rule = v->port[k].rule,
				.ttl_s = kernel_time(q),
				.ifindex = q->origin.ifindex,
				.port = v->port[k].port,
				.protocol = v->port[k].protocol,
				.flags = q->client_is_local ? GRANT_LOCAL : 0,
				.client = q->origin.client.addr,
				.destination = q->kept[i].addr,
			};
			fit_echo(&out[n - 1]);
		}
	return n;
}
