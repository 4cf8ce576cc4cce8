/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names and addresses of servers as triggers. A resolver does not say which
 * zone an answer came from, so that they must be looked up (servers.h); where
 * that takes too long the answer goes without, or a list would rather have it
 * blocked (`ns-missing block`).
 */
#include "query/threat_servers.h"

#include "base/log.h"
#include "query/servers.h"
#include "query/steps.h"

/* The lists with such rules that can still win. */
static uint64_t
open_for(const struct contest *c, enum trigger trigger)
{
	return contest_open(c, trigger) & lists_with(c->lists, trigger);
}

static void
hold(struct contest *c, const struct servers *s)
{
	struct name name;
	size_t at = 0;

	while (at < s->names_len &&
	       name_read(s->names, s->names_len, &at, &name) == ERR_NONE)
		contest_name(c, TRIGGER_NSDNAME, &name);
	for (unsigned i = 0; i < s->addresses; i++)
		contest_addr(c, TRIGGER_NSIP, &s->address[i]);
}

static void
say_missing(struct query *q)
{
	struct servers_book *b = q->house->servers;
	uint64_t missed;

	query_count(q, servers_missing);
	if (log_may(&b->say_missing, loop_now_ms(q->house->loop), &missed))
		log_warn("Name servers were not found in time, or are too "
			 "many; lists cannot judge by them (%llu times more)",
			 (unsigned long long)missed);
}

/* The first of those lists that blocks then. */
static void
miss(struct contest *c, uint64_t open)
{
	open &= lists_before(c->best.list);
	for (uint32_t i = 0; i < LISTS_MAX && open >> i != 0; i++) {
		if ((open >> i & 1) == 0 ||
		    (lists_at(c->lists, i)->flags & LISTS_NS_BLOCK) == 0)
			continue;
		c->best = (struct lists_hit){ .list = i,
					      .trigger = TRIGGER_NSDNAME,
					      .action = ACTION_REFUSED,
					      .given = ACTION_REFUSED };
		c->server = (struct name){ .len = 1 };
		return;
	}
}

/* Holds the servers of the zone that *name is in against the lists, and goes
 * on to the name above that zone. */
static enum servers_news
hear_zone(struct query *q, struct contest *c, struct name *name)
{
	uint64_t by_address = open_for(c, TRIGGER_NSIP);
	uint64_t by_name = open_for(c, TRIGGER_NSDNAME);
	const struct servers *s = NULL;
	enum servers_news news = SERVERS_KNOWN;

	if ((by_address | by_name) != 0)
		news = servers_find(q, name, by_address != 0, &s);
	if (s != NULL)
		hold(c, s);
	if (s != NULL && (s->lacking || s->more_addresses))
		miss(c, by_address);
	if (news == SERVERS_MISSING || (s != NULL && s->more_names)) {
		say_missing(q);
		miss(c, by_address | by_name);
	}
	*name = s != NULL ? s->zone : (struct name){ .len = 1 };
	name_go_up(name);
	return news;
}

/* The lists that look at so many zones. */
static uint64_t
looking_so_far(const struct lists *l, uint64_t among, unsigned levels)
{
	uint64_t which = 0;

	among &= lists_with(l, TRIGGER_NSDNAME) | lists_with(l, TRIGGER_NSIP);
	for (uint32_t i = 0; i < LISTS_MAX && among >> i != 0; i++)
		if ((among >> i & 1) != 0 &&
		    lists_at(l, i)->ns_levels >= levels)
			which |= 1ull << i;
	return which;
}

bool
threat_hear_servers(struct query *q, struct contest *c, const struct name *name)
{
	enum servers_news news = SERVERS_KNOWN;
	uint64_t among = c->among;
	struct name at = *name;

	for (unsigned level = 1; at.len > 1 && news == SERVERS_KNOWN; level++) {
		c->among = looking_so_far(c->lists, among, level);
		news = hear_zone(q, c, &at);
	}
	c->among = among;
	return news != SERVERS_WAIT;
}
