/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding the servers of a zone through a resolver that tells nothing of
 * delegations: NS of the name has them where the name is that of a zone, and
 * else the SOA of the negative answer has the zone's name. Of an alias nothing
 * can be said, so that the name above it is asked. Then the addresses of each
 * server, all at once.
 *
 * The questions are flights like any other: shared with whoever asks the same,
 * and answered from the cache where it holds them. A search ends from the
 * loop, never in the midst of somebody else's answer.
 */
#include "query/servers_search.h"

#include <string.h>

#include "query/path.h"
#include "query/servers_read.h"
#include "upstream/match.h"

enum { SEARCH_STEPS = 8 };

static void on_answer(struct servers_search *s, enum upstream_end end,
		      const struct message *m);

/* ---- asking --------------------------------------------------------------
 */

static void
on_heard(struct flight_listener *self, enum upstream_end end,
	 const struct message *m)
{
	struct servers_ask *ask =
	    LIST_OWNER(self, struct servers_ask, listener);

	ask->search->open--;
	on_answer(ask->search, end, m);
}

static const struct message *
recalled(struct servers_search *s, const struct cache_key *key)
{
	struct query_house *h = s->house;
	struct message *m = &h->servers->message;
	struct cache_hit hit;

	cache_find(h->cache, key, loop_now_ms(h->loop), &hit);
	if (hit.news != CACHE_FRESH ||
	    message_read(hit.bytes, hit.len, m) != ERR_NONE)
		return NULL;
	for (unsigned i = 0; i < m->rr_count; i++) {
		uint32_t ttl = rr_ttl(&m->rr[i]);

		m->rr[i].ttl = ttl > hit.age_s ? ttl - hit.age_s : 0;
	}
	return m;
}

static struct servers_ask *
idle_ask(struct servers_search *s)
{
	for (unsigned i = 0; i < SEARCH_ASKS; i++)
		if (list_is_empty(&s->ask[i].listener.link))
			return &s->ask[i];
	return NULL;
}

/* Each question is heard of once: from here, or later. */
static void
ask(struct servers_search *s, const struct name *name, uint16_t type)
{
	const struct question question = { *name, type, CLASS_IN };
	const struct cache_key key = { .q = &question };
	struct servers_ask *ask = idle_ask(s);
	const struct message *m = recalled(s, &key);

	if (m) {
		on_answer(s, UPSTREAM_ANSWERED, m);
		return;
	}
	if (ask && flight_listen(s->house, &key, &ask->listener))
		s->open++;
	else
		on_answer(s, UPSTREAM_FAILED, NULL);
}

/* ---- the end --------------------------------------------------------------
 */

void
search_end(struct servers_search *s)
{
	for (unsigned i = 0; i < SEARCH_ASKS; i++)
		flight_ignore(&s->ask[i].listener);
	due_stop(s->house->loop, &s->due);
	list_remove(&s->link);
	pool_give(&s->house->servers->searches, s);
}

static void
wake_all(struct servers_search *s)
{
	while (!list_is_empty(&s->waiting)) {
		struct query *q =
		    LIST_OWNER(s->waiting.next, struct query, search_link);

		servers_leave(q);
		query_resume(q);
	}
}

static void
done(struct servers_search *s)
{
	s->state = SEARCH_DONE;
	due_in(s->house->loop, &s->due, 0);
}

static int64_t
until(const struct servers_search *s)
{
	uint32_t ttl_s = s->ttl_s;

	if (ttl_s < SERVERS_LEAST_S)
		ttl_s = SERVERS_LEAST_S;
	if (ttl_s > SERVERS_LONGEST_S)
		ttl_s = SERVERS_LONGEST_S;
	return loop_now_ms(s->house->loop) + ttl_s * 1000ll;
}

static void
fail(struct servers_search *s)
{
	const struct servers_cut cut = {
		.until_ms =
		    loop_now_ms(s->house->loop) + SERVERS_FAILED_S * 1000ll,
		.failed = true,
	};

	servers_cut_keep(s->house, &s->name, &cut);
	done(s);
}

static void
keep_cut(struct servers_search *s, const struct name *zone)
{
	const struct servers_cut cut = {
		.until_ms = until(s),
		.skip = (uint8_t)(s->name.len - zone->len),
	};

	servers_cut_keep(s->house, &s->name, &cut);
}

/* What is lacking is asked for again soon. */
static void
keep_zone(struct servers_search *s)
{
	s->found.zone = s->at;
	s->found.addressed = s->addresses;
	s->found.until_ms = until(s);
	if (s->found.lacking)
		s->found.until_ms =
		    loop_now_ms(s->house->loop) + SERVERS_FAILED_S * 1000ll;
	servers_zone_keep(s->house, &s->found);
	done(s);
}

/* ---- what comes back ------------------------------------------------------
 */

static void
ask_addresses(struct servers_search *s)
{
	struct servers *found = &s->found;
	struct name server;
	unsigned asked = 0;
	size_t at = 0;

	s->state = SEARCH_ADDRESSES;
	s->open++; /* none of the answers is the last before all are asked */
	while (s->addresses && name_labels(&s->at) > SERVERS_DOTS &&
	       at < found->names_len &&
	       name_read(found->names, found->names_len, &at, &server) ==
		   ERR_NONE) {
		found->more_addresses |= ++asked > SERVERS_MOST;
		if (asked > SERVERS_MOST)
			break;
		ask(s, &server, TYPE_A);
		ask(s, &server, TYPE_AAAA);
	}
	if (--s->open == 0)
		keep_zone(s);
}

static void
go_to_zone(struct servers_search *s, const struct name *zone)
{
	const struct servers *known = servers_zone_find(s->house, zone);

	keep_cut(s, zone);
	if (name_labels(zone) <= SERVERS_DOTS ||
	    (known && (known->addressed || !s->addresses))) {
		done(s);
		return;
	}
	s->at = *zone;
	s->state = SEARCH_ZONE;
	ask(s, zone, TYPE_NS);
}

static void
go_up(struct servers_search *s)
{
	if (s->at.len <= 1 || ++s->steps > SEARCH_STEPS) {
		fail(s);
		return;
	}
	name_go_up(&s->at);
	ask(s, &s->at, TYPE_NS);
}

static void
on_cut(struct servers_search *s, const struct message *m)
{
	struct name zone;

	if (servers_is_alias(m)) {
		go_up(s);
		return;
	}
	if (servers_take(s, m) > 0) {
		keep_cut(s, &s->at);
		ask_addresses(s);
	} else if (!servers_take_zone(s, m, &zone)) {
		go_up(s);
	} else if (!name_equal(&zone, &s->at)) {
		go_to_zone(s, &zone);
	} else {
		keep_cut(s, &zone);
		keep_zone(s);
	}
}

static void
on_zone(struct servers_search *s, const struct message *m)
{
	servers_take(s, m);
	ask_addresses(s);
}

static void
on_addresses(struct servers_search *s, const struct message *m)
{
	struct servers *found = &s->found;
	struct addr a;

	for (unsigned i = 0; m && i < m->rr_count; i++) {
		if (m->rr[i].section != SECTION_ANSWER ||
		    !rr_address(m, &m->rr[i], &a))
			continue;
		if (found->addresses == SERVERS_ADDRESSES) {
			found->more_addresses = true;
			break;
		}
		found->address[found->addresses++] = a;
		servers_lower_ttl(s, &m->rr[i]);
	}
	found->lacking |= m == NULL;
	if (s->open == 0)
		keep_zone(s);
}

static void
on_answer(struct servers_search *s, enum upstream_end end,
	  const struct message *m)
{
	if (end != UPSTREAM_ANSWERED || rcode_is_failure(message_rcode(m)))
		m = NULL;
	if (s->state == SEARCH_ADDRESSES)
		on_addresses(s, m);
	else if (!m)
		fail(s);
	else if (s->state == SEARCH_CUT)
		on_cut(s, m);
	else
		on_zone(s, m);
}

/* ---- its time -------------------------------------------------------------
 */

static void
on_due(void *owner)
{
	struct servers_search *s = owner;

	if (s->state == SEARCH_NEW) {
		s->state = SEARCH_CUT;
		due_in(s->house->loop, &s->due, SERVERS_WAIT_MS);
		ask(s, &s->at, TYPE_NS);
		return;
	}
	s->late = true;
	wake_all(s);
	if (s->state == SEARCH_DONE)
		search_end(s);
}

static struct servers_search *
begin(const struct query *q, const struct name *lower, bool addresses)
{
	struct query_house *h = q->house;
	struct servers_search *s = pool_take(&h->servers->searches);

	if (!s)
		return NULL;
	memset(s, 0, sizeof(*s));
	s->house = h;
	s->client = q->origin.client.addr;
	s->name = s->at = *lower;
	s->addresses = addresses;
	s->ttl_s = SERVERS_LONGEST_S;
	list_init(&s->waiting);
	for (unsigned i = 0; i < SEARCH_ASKS; i++) {
		s->ask[i].search = s;
		s->ask[i].listener.heard = on_heard;
		list_init(&s->ask[i].listener.link);
	}
	list_append(&h->servers->searching, &s->link);
	due_init(&s->due, on_due, s);
	due_in(h->loop, &s->due, 0);
	return s;
}

struct servers_search *
search_for(const struct query *q, const struct name *lower, bool addresses)
{
	struct list *all = &q->house->servers->searching;
	unsigned of_client = 0;

	for (struct list *l = all->next; l != all; l = l->next) {
		struct servers_search *s =
		    LIST_OWNER(l, struct servers_search, link);

		if (name_equal(&s->name, lower) && s->addresses >= addresses)
			return s;
		of_client += addr_equal(&s->client, &q->origin.client.addr);
	}
	return of_client < SERVERS_OF_ONE ? begin(q, lower, addresses) : NULL;
}
