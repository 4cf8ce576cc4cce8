/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two nets are apart, or one lies in the other. So a sorted array without
 * nets inside others is all that is needed to look up, to compare and to take
 * away.
 */
#include "firewall/netset.h"

#include <stdlib.h>
#include <string.h>

#include "base/region.h"
#include "base/sorted.h"

enum { ROOM_FIRST = 128, FEW = 512 };

void
netset_fini(struct netset *s)
{
	region_free(s->at, s->room * sizeof(*s->at));
	*s = (struct netset){ 0 };
}

enum err
netset_add(struct netset *s, const struct net *net)
{
	if (s->count == s->room) {
		size_t room = s->room != 0 ? s->room * 2 : ROOM_FIRST;
		void *more = region_grow(s->at, s->room * sizeof(*s->at),
					 room * sizeof(*s->at));

		if (more == NULL)
			return ERR_FULL;
		s->at = more;
		s->room = room;
	}
	s->at[s->count++] = *net;
	return ERR_NONE;
}

int
net_compare(const struct net *a, const struct net *b)
{
	int order = memcmp(&a->addr, &b->addr, sizeof(a->addr));

	return order != 0 ? order : (int)a->bits - (int)b->bits;
}

static int
by_net(const void *a, const void *b)
{
	return net_compare(a, b);
}

bool
net_holds(const struct net *a, const struct net *b)
{
	return a->addr.family == b->addr.family && a->bits <= b->bits &&
	       addr_in_net(&b->addr, a);
}

static bool
is_sorted(const struct netset *s)
{
	for (size_t i = 1; i < s->count; i++)
		if (net_compare(&s->at[i - 1], &s->at[i]) > 0)
			return false;
	return true;
}

/* Of few, without qsort(), which may read /proc on its first call: not
 * everybody who needs a guard can. */
static void
sort_few(struct netset *s)
{
	for (size_t i = 1; i < s->count; i++) {
		struct net net = s->at[i];
		size_t to = i;

		for (; to > 0 && net_compare(&s->at[to - 1], &net) > 0; to--)
			s->at[to] = s->at[to - 1];
		s->at[to] = net;
	}
}

void
netset_settle(struct netset *s)
{
	size_t kept = 0;

	if (s->count <= FEW)
		sort_few(s);
	else if (!is_sorted(s))
		qsort(s->at, s->count, sizeof(*s->at), by_net);
	for (size_t i = 0; i < s->count; i++)
		if (kept == 0 || !net_holds(&s->at[kept - 1], &s->at[i]))
			s->at[kept++] = s->at[i];
	s->count = kept;
}

/* ---- taking away --------------------------------------------------------- */

struct net
net_halves(const struct net *net, struct net *upper_out)
{
	struct net lower = *net;

	lower.bits++;
	*upper_out = lower;
	upper_out->addr.byte[net->bits / 8] |=
	    (uint8_t)(0x80u >> net->bits % 8);
	return lower;
}

/* The first net of the set that does not stand before it. */
static size_t
find(const struct netset *s, const struct net *net)
{
	const struct sorted all = { s->at, s->count, sizeof(*s->at), by_net };

	return sorted_place(&all, net);
}

bool
netset_holds(const struct netset *s, const struct net *net)
{
	size_t at = find(s, net);

	return (at > 0 && net_holds(&s->at[at - 1], net)) ||
	       (at < s->count && net_holds(&s->at[at], net));
}

/* Halves of a net wait while the lower one is looked at: one for each bit,
 * and the net itself. */
enum { WAITING_MAX = 130 };

static enum err
cut_one(const struct net *net, const struct netset *out, struct netset *to)
{
	struct net waiting[WAITING_MAX] = { *net };
	unsigned count = 1;
	enum err err = ERR_NONE;

	while (count > 0 && err == ERR_NONE) {
		struct net here = waiting[--count], upper;
		size_t at = find(out, &here);

		if (netset_holds(out, &here))
			continue;
		if (at == out->count || !net_holds(&here, &out->at[at])) {
			err = netset_add(to, &here);
			continue;
		}
		here = net_halves(&here, &upper);
		waiting[count++] = upper;
		waiting[count++] = here;
	}
	return err;
}

enum err
netset_cut(struct netset *s, const struct netset *out)
{
	struct netset left = { 0 };
	enum err err = ERR_NONE;

	if (out->count == 0)
		return ERR_NONE;
	for (size_t i = 0; i < s->count && err == ERR_NONE; i++)
		err = cut_one(&s->at[i], out, &left);
	netset_fini(s);
	if (err == ERR_NONE)
		*s = left;
	else
		netset_fini(&left);
	return err;
}
