/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of hits. It asks the lists for no more than can change the
 * outcome: what is behind the best hit is not looked up.
 */
#include "lists/contest.h"

#include <string.h>

enum { LABELS_MAX = 128 };

uint64_t
lists_before(uint32_t list)
{
	return list >= LISTS_MAX ? LISTS_ALL : (1ull << list) - 1;
}

/* Where each label begins; returns how many. */
static unsigned
find_labels(const struct name *n, uint8_t at[LABELS_MAX])
{
	unsigned count = 0;

	for (unsigned i = 0; n->wire[i] != 0 && count < LABELS_MAX;
	     i += n->wire[i] + 1u)
		at[count++] = (uint8_t)i;
	return count;
}

static int
label_order(const uint8_t *a, const uint8_t *b)
{
	unsigned shorter = a[0] < b[0] ? a[0] : b[0];

	for (unsigned i = 1; i <= shorter; i++) {
		int order = name_fold(a[i]) - name_fold(b[i]);

		if (order != 0)
			return order;
	}
	return a[0] - b[0];
}

int
name_canonical_order(const struct name *a, const struct name *b)
{
	uint8_t at_a[LABELS_MAX], at_b[LABELS_MAX];
	unsigned left_a = find_labels(a, at_a), left_b = find_labels(b, at_b);

	while (left_a > 0 && left_b > 0) {
		int order = label_order(a->wire + at_a[--left_a],
					b->wire + at_b[--left_b]);

		if (order != 0)
			return order;
	}
	return (int)left_a - (int)left_b;
}

void
contest_begin(struct contest *c, const struct lists *lists, uint64_t among)
{
	c->lists = lists;
	c->among = among;
	c->best = (struct lists_hit){ .list = LISTS_NONE };
	c->place = NULL;
	c->log = NULL;
	c->arg = NULL;
}

uint64_t
contest_open(const struct contest *c, enum trigger trigger)
{
	uint64_t open = lists_before(c->best.list);

	if (c->best.list != LISTS_NONE && trigger <= c->best.trigger)
		open |= 1ull << c->best.list;
	return c->among & open;
}

/* An address of IPv4 is one of 2^32 that begin alike. */
static unsigned
net_length(const struct net *n)
{
	return n->addr.family == 4 ? n->bits + 96u : n->bits;
}

static bool
net_is_before(const struct net *a, const struct net *b)
{
	if (net_length(a) != net_length(b))
		return net_length(a) > net_length(b);
	if (a->addr.family != b->addr.family)
		return a->addr.family < b->addr.family;
	return memcmp(a->addr.byte, b->addr.byte, sizeof(a->addr.byte)) < 0;
}

/* Whether it comes before the best; of one list and trigger, names are those
 * of servers. */
static bool
wins(const struct contest *c, const struct lists_hit *hit,
     const struct name *name)
{
	if (c->best.list == LISTS_NONE || hit->list != c->best.list)
		return hit->list < c->best.list;
	if (hit->trigger != c->best.trigger)
		return hit->trigger < c->best.trigger;
	if (name != NULL)
		return name_canonical_order(name, &c->server) > 0;
	return net_is_before(&hit->net, &c->best.net);
}

static void
take(struct contest *c, const struct lists_hit *hit, const struct name *name)
{
	if (!wins(c, hit, name))
		return;
	c->best = *hit;
	if (hit->trigger == TRIGGER_NSDNAME)
		c->server = *name;
}

/* Told of, and out of the search. */
static void
tell(struct contest *c, struct lists_ask *ask, const struct lists_hit *log,
     const struct name *name)
{
	ask->among &= ~(1ull << log->list);
	if (c->log != NULL)
		c->log(c->arg, log, name);
}

/* One of the two. */
struct subject {
	const struct name *name;
	const struct addr *addr;
};

/* What decides, and what is to be told. */
struct hits {
	struct lists_hit hit, log;
};

static bool
is_listed(const struct contest *c, const struct lists_ask *ask,
	  const struct subject *s, struct hits *hits)
{
	if (s->name != NULL)
		return lists_match_name(c->lists, ask, s->name, &hits->hit,
					&hits->log);
	return lists_match_addr(c->lists, ask, s->addr, &hits->hit, &hits->log);
}

/* Each list that only logs is told of, and the others are asked again. */
static void
hold(struct contest *c, enum trigger trigger, const struct subject *s)
{
	struct lists_ask ask = { trigger, contest_open(c, trigger) };
	struct hits hits;
	bool has;

	if (ask.among == 0)
		return;
	do {
		has = is_listed(c, &ask, s, &hits);
		if (hits.log.list != LISTS_NONE)
			tell(c, &ask, &hits.log,
			     s->name != NULL ? s->name : c->place);
	} while (hits.log.list != LISTS_NONE);
	if (has)
		take(c, &hits.hit, s->name);
}

void
contest_name(struct contest *c, enum trigger trigger, const struct name *name)
{
	hold(c, trigger, &(struct subject){ .name = name });
}

void
contest_addr(struct contest *c, enum trigger trigger, const struct addr *addr)
{
	hold(c, trigger, &(struct subject){ .addr = addr });
}
