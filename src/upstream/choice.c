/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of asking.
 *
 * A zone that is forwarded has its own resolvers and never falls back to the
 * others: names of a private zone would leak. Within a group those that are
 * up stand first, in the order of the options or by the time they take; one
 * that is down stays at the end, for it may be back.
 */
#include "upstream/choice.h"

#include <string.h>

#include "upstream/pending.h"

enum { EXPLORE_ONE_IN = 32 };

static void
zone_name(const struct option_zone *zone, struct name *out)
{
	out->len = zone->len;
	memcpy(out->wire, zone->wire, zone->len);
}

/* The longest zone that holds the name, or NULL. */
static const struct option_zone *
zone_of(const struct options *opt, const struct name *name)
{
	const struct option_zone *longest = NULL;
	struct name zone;

	for (uint32_t i = 0; i < opt->forward_count; i++) {
		const struct option_zone *z = &opt->forward[i].zone;

		if (longest && z->len <= longest->len)
			continue;
		zone_name(z, &zone);
		if (name_is_under(name, &zone))
			longest = z;
	}
	return longest;
}

static bool
same_zone(const struct option_zone *a, const struct option_zone *b)
{
	return a->len == b->len && memcmp(a->wire, b->wire, a->len) == 0;
}

static bool
is_better(const struct upstreams *u, unsigned a, unsigned b)
{
	const struct standing *one = &u->up[a].standing,
			      *other = &u->up[b].standing;
	int64_t now_ms = loop_now_ms(u->loop);
	bool good = standing_is_good(one, now_ms);

	if (good != standing_is_good(other, now_ms))
		return good;
	if (u->opt->upstream_order == UPSTREAM_STRICT)
		return false;
	return one->srtt_us < other->srtt_us;
}

/* Keeps the order of those that are alike. */
static void
enter(const struct upstreams *u, struct choice *c, unsigned at)
{
	unsigned place = c->count;

	if (c->count == CHOICE_MOST)
		return;
	while (place > 0 && is_better(u, at, c->at[place - 1])) {
		c->at[place] = c->at[place - 1];
		place--;
	}
	c->at[place] = (uint8_t)at;
	c->count++;
}

void
choice_begin_with(struct choice *c, unsigned at)
{
	unsigned place = 0;

	while (place < c->count && c->at[place] != at)
		place++;
	if (place == c->count)
		return;
	for (; place > 0; place--)
		c->at[place] = c->at[place - 1];
	c->at[0] = (uint8_t)at;
}

void
choice_make(struct upstreams *u, const struct name *name, struct choice *out)
{
	const struct options *opt = u->opt;
	const struct option_zone *zone = zone_of(opt, name);

	out->count = 0;
	for (uint32_t i = 0; zone && i < opt->forward_count; i++)
		if (same_zone(&opt->forward[i].zone, zone))
			enter(u, out, opt->upstream_count + i);
	for (uint32_t i = 0; !zone && i < opt->upstream_count; i++)
		enter(u, out, i);
	/* Who was slow once may have become the fastest. */
	if (opt->upstream_order == UPSTREAM_FASTEST && out->count > 1 &&
	    random_below(u->random, EXPLORE_ONE_IN) == 0)
		choice_begin_with(
		    out, out->at[1 + random_below(u->random, out->count - 1)]);
}
