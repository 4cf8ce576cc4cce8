/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three answers about a destination: open, only for those who wrote the name
 * out in a rule, or shut. The warden asks the same of each grant again; here
 * it is asked so that the client does not hear of an address it cannot reach.
 */
#include "query/guard.h"

#include <string.h>

static bool
is_private_ok(const struct options *opt, const struct addr *a)
{
	struct addr inner;
	bool embeds = addr_embedded(a, &inner);

	for (unsigned i = 0; i < opt->private_ok_count; i++)
		if (addr_in_net(a, &opt->private_ok[i]) ||
		    (embeds && addr_in_net(&inner, &opt->private_ok[i])))
			return true;
	return false;
}

bool
guard_is_local_name(const struct options *opt, const struct name *n)
{
	struct name zone;

	for (unsigned i = 0; i < opt->local_zone_count; i++) {
		zone.len = opt->local_zone[i].len;
		memcpy(zone.wire, opt->local_zone[i].wire, zone.len);
		if (name_is_under(n, &zone))
			return true;
	}
	return false;
}

enum guard
guard_of(const struct query *q, const struct addr *destination)
{
	const struct query_house *h = q->house;
	enum addr_class class = addr_class_of(destination);

	if (class == ADDR_NEVER || own_has(h->own, destination))
		return GUARD_SHUT;
	if (class == ADDR_PUBLIC || is_private_ok(h->opt, destination) ||
	    (!q->borrowed &&
	     guard_is_local_name(h->opt, &q->in.question.name)))
		return GUARD_OPEN;
	return GUARD_EXACT_ONLY;
}
