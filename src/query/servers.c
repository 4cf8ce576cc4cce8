/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is remembered of zones and their servers, and who waits for more.
 *
 * A query that finds nothing here waits for a search (servers_search.c), and
 * begins anew with the cache when that has ended or takes too long: the answer
 * that made it ask is not held meanwhile.
 */
#include "query/servers.h"

#include <stdlib.h>
#include <string.h>

#include "query/query.h"
#include "query/servers_search.h"

enum err
servers_new(struct random *random, struct servers_book **out)
{
	/* Zero pages that nobody touches are no memory. */
	struct servers_book *b = calloc(1, sizeof(*b));

	*out = b;
	if (!b)
		return ERR_SYSTEM;
	b->key.k0 = random_u64(random);
	b->key.k1 = random_u64(random);
	list_init(&b->searching);
	return pool_init(&b->searches, sizeof(struct servers_search),
			 SERVERS_SEARCHES);
}

void
servers_free(struct query_house *h)
{
	if (!h->servers)
		return;
	while (h->servers->searches.in_use > 0 &&
	       !list_is_empty(&h->servers->searching))
		search_end(LIST_OWNER(h->servers->searching.next,
				      struct servers_search, link));
	pool_fini(&h->servers->searches);
	free(h->servers);
	h->servers = NULL;
}

/* ---- what is remembered --------------------------------------------------
 */

static uint64_t
hash_of(const struct servers_book *b, const struct name *lower)
{
	uint64_t hash = hash_bytes(&b->key, lower->wire, lower->len);

	return hash != 0 ? hash : 1;
}

/* Names of one chain, and zones of one name, must not push out each other:
 * what is remembered stands in rows, in the place of what ends first. */
static struct servers_cut *
cut_row(const struct query_house *h, uint64_t hash)
{
	uint64_t rows = SERVERS_CUTS / SERVERS_IN_A_ROW;

	return &h->servers->cut[hash % rows * SERVERS_IN_A_ROW];
}

const struct servers_cut *
servers_cut_find(const struct query_house *h, const struct name *lower)
{
	uint64_t hash = hash_of(h->servers, lower);
	const struct servers_cut *row = cut_row(h, hash);

	for (unsigned i = 0; i < SERVERS_IN_A_ROW; i++)
		if (row[i].hash == hash &&
		    row[i].until_ms > loop_now_ms(h->loop) &&
		    row[i].skip < lower->len)
			return &row[i];
	return NULL;
}

void
servers_cut_keep(struct query_house *h, const struct name *lower,
		 const struct servers_cut *cut)
{
	uint64_t hash = hash_of(h->servers, lower);
	struct servers_cut *row = cut_row(h, hash), *place = row;

	for (unsigned i = 0; i < SERVERS_IN_A_ROW; i++) {
		if (row[i].hash == hash) {
			place = &row[i];
			break;
		}
		if (row[i].until_ms < place->until_ms)
			place = &row[i];
	}
	*place = *cut;
	place->hash = hash;
}

static struct servers *
row_of(const struct query_house *h, const struct name *zone)
{
	uint64_t rows = SERVERS_ZONES / SERVERS_IN_A_ROW;

	return &h->servers
		    ->zone[hash_of(h->servers, zone) % rows * SERVERS_IN_A_ROW];
}

struct servers *
servers_zone_find(const struct query_house *h, const struct name *zone)
{
	struct servers *row = row_of(h, zone);

	for (unsigned i = 0; i < SERVERS_IN_A_ROW; i++)
		if (row[i].until_ms > loop_now_ms(h->loop) &&
		    name_equal(&row[i].zone, zone))
			return &row[i];
	return NULL;
}

/* In the place of an older copy, or of what ends first. */
void
servers_zone_keep(struct query_house *h, const struct servers *s)
{
	struct servers *row = row_of(h, &s->zone), *place = row;

	for (unsigned i = 0; i < SERVERS_IN_A_ROW; i++) {
		if (row[i].until_ms != 0 &&
		    name_equal(&row[i].zone, &s->zone)) {
			place = &row[i];
			break;
		}
		if (row[i].until_ms < place->until_ms)
			place = &row[i];
	}
	*place = *s;
}

/* ---- who wants to know ----------------------------------------------------
 */

/* What one search finds may push out what another found: a query does not go
 * round for ever. */
static bool
may_wait(struct query *q)
{
	int64_t now = loop_now_ms(q->house->loop);

	if (q->searches == 0)
		q->search_since_ms = now;
	return q->searches < SERVERS_WAITS &&
	       now - q->search_since_ms < SERVERS_WAIT_MS;
}

static enum servers_news
wait_for(struct query *q, const struct name *lower, bool addresses)
{
	struct servers_search *s = search_for(q, lower, addresses);

	if (!s || s->late || !may_wait(q))
		return SERVERS_MISSING;
	q->searches++;
	q->search = s;
	list_append(&s->waiting, &q->search_link);
	return SERVERS_WAIT;
}

enum servers_news
servers_find(struct query *q, const struct name *name, bool addresses,
	     const struct servers **out)
{
	const struct servers_cut *cut;
	struct name lower, zone;

	*out = NULL;
	if (name_labels(name) <= SERVERS_DOTS)
		return SERVERS_KNOWN;
	name_lower(name, &lower);
	cut = servers_cut_find(q->house, &lower);
	if (!cut)
		return wait_for(q, &lower, addresses);
	if (cut->failed)
		return SERVERS_MISSING;
	zone.len = (uint8_t)(lower.len - cut->skip);
	memcpy(zone.wire, lower.wire + cut->skip, zone.len);
	if (name_labels(&zone) <= SERVERS_DOTS)
		return SERVERS_KNOWN;
	*out = servers_zone_find(q->house, &zone);
	if (*out && (!addresses || (*out)->addressed))
		return SERVERS_KNOWN;
	return wait_for(q, &lower, addresses);
}

void
servers_leave(struct query *q)
{
	list_remove(&q->search_link);
	q->search = NULL;
}
