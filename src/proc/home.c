/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A query whose source lives on one side of the router must not come from
 * the other: it would use up what its client may have, or open the firewall
 * for it, and the kernel lets it in unless rp_filter is 1. (IPv6 has none.)
 *
 * Nets are sorted, so that each stands behind those that hold it, and knows
 * the smallest of them; the look-up finds the last that could hold an address
 * and climbs from there.
 */
#include "proc/home.h"

#include <stdlib.h>
#include <string.h>

#include "proc/role.h"

enum { NONE = OWN_MAX, EVERYWHERE = UINT32_MAX };

static bool
is_link_local(const struct addr *a)
{
	return a->family == 6 && a->byte[0] == 0xfe &&
	       (a->byte[1] & 0xc0) == 0x80;
}

static void
add_interface(struct own_home *h, uint32_t ifindex)
{
	for (unsigned i = 0; i < OWN_HOME_INTERFACES; i++) {
		if (h->ifindex[i] == ifindex)
			return;
		if (h->ifindex[i] == 0) {
			h->ifindex[i] = ifindex;
			return;
		}
	}
	h->ifindex[0] = EVERYWHERE;
}

void
home_add(struct own_addresses *t, const struct net *net, uint32_t ifindex)
{
	if (is_link_local(&net->addr) || ifindex == 0)
		return;
	for (uint32_t i = 0; i < t->home_count; i++) {
		if (memcmp(&t->home[i].net, net, sizeof(*net)) == 0) {
			add_interface(&t->home[i], ifindex);
			return;
		}
	}
	if (t->home_count == OWN_MAX)
		return;
	t->home[t->home_count++] =
	    (struct own_home){ .net = *net, .ifindex = { ifindex } };
}

static int
compare(const void *a, const void *b)
{
	const struct own_home *x = a, *y = b;
	int order = memcmp(&x->net.addr, &y->net.addr, sizeof(x->net.addr));

	return order != 0 ? order : x->net.bits - y->net.bits;
}

/* From a net and its parents the first that holds the address. */
static uint32_t
climb(const struct own_addresses *t, uint32_t at, const struct addr *a)
{
	while (at != NONE && !addr_in_net(a, &t->home[at].net)) {
		uint32_t parent = t->home[at].parent;

		/* A table that is damaged must not hold us. */
		at = parent < at ? parent : NONE;
	}
	return at;
}

void
home_arrange(struct own_addresses *t)
{
	qsort(t->home, t->home_count, sizeof(t->home[0]), compare);
	for (uint32_t i = 0; i < t->home_count; i++)
		t->home[i].parent =
		    i == 0 ? NONE : climb(t, i - 1, &t->home[i].net.addr);
}

/* The last whose address is not behind this one; NONE: there is none. */
static uint32_t
last_before(const struct own_addresses *t, const struct addr *a)
{
	uint32_t low = 0, high = t->home_count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (memcmp(&t->home[mid].net.addr, a, sizeof(*a)) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 ? low - 1 : NONE;
}

bool
home_is_by(const struct own_addresses *t, const struct addr *source,
	   uint32_t ifindex)
{
	uint32_t at = climb(t, last_before(t, source), source);

	if (at == NONE || ifindex == 0 ||
	    t->home[at].ifindex[0] == EVERYWHERE)
		return true;
	for (unsigned i = 0; i < OWN_HOME_INTERFACES; i++)
		if (t->home[at].ifindex[i] == ifindex)
			return true;
	return own_is_local(t, source);
}
