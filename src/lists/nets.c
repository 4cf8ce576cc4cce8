/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list of addresses keeps them all: a rule may name it. Any other keeps
 * those that go to the kernel.
 */
#include "lists/nets.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 64 };

static bool
lets_through(const struct lists_list *l, const struct item *item)
{
	return item->exception ||
	       (l->action == ACTION_GIVEN && item->action == ACTION_PASSTHRU);
}

bool
nets_wanted(const struct lists_list *l, const struct item *item)
{
	return item->trigger == TRIGGER_IP && !lets_through(l, item) &&
	       (l->form == FORM_IPS || l->form == FORM_DNS ||
		(l->flags & (LISTS_BLOCK_SET | LISTS_ALLOW_SET)) != 0);
}

enum err
nets_add(struct lists_build *b, const struct net *net)
{
	if (b->nets == b->nets_room) {
		size_t room = b->nets_room != 0 ? b->nets_room * 2 : ROOM_FIRST;
		void *more = realloc(b->net, room * sizeof(*b->net));

		if (more == NULL)
			return ERR_FULL;
		b->net = more;
		b->nets_room = room;
	}
	b->net[b->nets++] = *net;
	return ERR_NONE;
}

static int
by_address(const void *a, const void *b)
{
	const struct net *x = a, *y = b;
	int order = memcmp(&x->addr, &y->addr, sizeof(x->addr));

	return order != 0 ? order : (int)x->bits - (int)y->bits;
}

static bool
lies_in(const struct net *a, const struct net *b)
{
	return a->addr.family == b->addr.family && a->bits >= b->bits &&
	       addr_in_net(&a->addr, b);
}

void
nets_settle(struct lists_build *b, struct lists_list *l)
{
	size_t count = b->nets - l->first_net, kept = 0;
	struct net *net;

	if (count == 0)
		return;
	net = b->net + l->first_net;
	qsort(net, count, sizeof(*net), by_address);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || !lies_in(&net[i], &net[kept - 1]))
			net[kept++] = net[i];
	}
	b->nets = l->first_net + kept;
	l->net_count = (uint32_t)kept;
}
