/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From kept addresses and the verdict's ports to what the warden is asked.
 * The log names the same pairs, so that it is made anew where it is needed
 * instead of being kept in each query.
 */
#include "query/grants.h"

#include <assert.h>
#include <string.h>

#include "policy/service.h"
#include "query/trail.h"

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

static bool
add_name(struct grant_names *n, const struct name *name)
{
	if (name->len > GRANT_NAMES_SIZE - n->len)
		return false;
	memcpy(n->bytes + n->len, name->wire, name->len);
	n->len = (uint16_t)(n->len + name->len);
	return true;
}

_Static_assert((unsigned)GRANT_ORIGINS == (unsigned)ALLOWANCE_ORIGINS,
	       "all names that led to an alias are told");

/* Each has given a port. */
static void
add_origins(const struct query *q, struct grant_names *n)
{
	size_t at = 0;

	for (unsigned i = 0; i < q->origin_count; i++) {
		struct name origin;

		if (name_read(q->origins, q->origins_len, &at, &origin) !=
		    ERR_NONE)
			return;
		n->borrowed = (uint8_t)(n->borrowed + add_name(n, &origin));
	}
}

/* The last name of the chain. */
static void
find_owner(const struct query *q, struct name *out)
{
	struct trail_place place = { 0 };

	out->len = 0;
	for (unsigned i = 0; i < q->trail_links; i++)
		trail_next(q, &place, out);
}

/* Where there is not room for all, the one that owns the addresses has what
 * there is. */
static void
add_trail(const struct query *q, struct grant_names *n)
{
	struct trail_place place = { 0 };
	struct name name, owner;

	find_owner(q, &owner);
	for (unsigned i = 1; trail_next(q, &place, &name); i++) {
		unsigned kept = i < q->trail_links ? owner.len : 0;

		if (n->len + name.len + kept > GRANT_NAMES_SIZE ||
		    !add_name(n, &name))
			continue;
		n->links = (uint8_t)(n->links + (i <= q->trail_links));
	}
}

void
grants_names(const struct query *q, struct grant_names *out)
{
	struct name asked;

	*out = (struct grant_names){ 0 };
	name_lower(&q->in.question.name, &asked);
	add_name(out, &asked);
	add_origins(q, out);
	if (q->trail_count > 0)
		add_trail(q, out);
}
