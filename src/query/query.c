/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a query: a slot is taken, walked along the path, and given
 * back, whichever way it ends.
 *
 * No client waits over four seconds whatever happens beneath: a tick looks at
 * the oldest queries and answers those whose time is over. The same tick
 * takes up queries that wait for a policy that the warden already has and we
 * do not.
 */
#include "query/audit.h"
#include "query/query.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "proc/home.h"
#include "query/compose.h"
#include "query/note.h"
#include "query/path.h"
#include "query/recall.h"
#include "query/relay.h"
#include "query/scratch.h"
#include "query/steps.h"
#include "query/threat.h"

static const struct ending late_upstream = { RCODE_SERVFAIL, EDE_NO_REACHABLE,
					     "no upstream answered in time",
					     RECORD_BAD_ANSWER,
					     REASON_UPSTREAM_SILENT };
static const struct ending late_grant = { RCODE_SERVFAIL, EDE_NOT_READY,
					  "firewall did not answer in time",
					  RECORD_GRANT_FAILED, REASON_NONE };

/* Whatever it waits for will not call back. */
static void
cancel(struct query *q)
{
	if (q->flight)
		flight_leave(q);
	if (q->search)
		servers_leave(q);
	if (q->waiting_for_grant)
		grant_cancel(q->house->granter, &q->wait);
	if (q->waiting_for_policy)
		q->house->again--;
	if (q->relayed)
		relay_forget(q);
	q->waiting_for_grant = false;
	q->waiting_for_policy = false;
}

struct policy_client
query_client(const struct query *q)
{
	return (struct policy_client){ &q->origin.client.addr,
				       q->origin.ifindex };
}

void
query_end(struct query *q)
{
	cancel(q);
	compose_forget(q);
	list_remove(&q->link);
	shares_give(&q->house->shares, q->share);
	pool_give(&q->house->queries, q);
}

static const struct ending pushed_out = { RCODE_SERVFAIL, EDE_OTHER,
					  "too many questions in flight",
					  RECORD_BAD_ANSWER,
					  REASON_UPSTREAM_FULL };

static void
end_late(struct query *q)
{
	bool for_upstream = q->flight || q->search;

	if (q->relayed) {
		relay_end(q, NULL, 0);
		return;
	}
	cancel(q);
	end_with(q, for_upstream ? &late_upstream : &late_grant);
	query_answer_now(q);
}

/* What the cache still holds is better than a client that gives up. */
static void
end_stale(struct query *q)
{
	q->tried_stale = true;
	if (!recall_stale(q))
		return;
	flight_leave(q);
	query_resume(q);
}

static struct query *
first_without_stale(struct query_house *h, int64_t over_ms)
{
	for (struct list *l = h->live.next; l != &h->live; l = l->next) {
		struct query *q = LIST_OWNER(l, struct query, link);

		if (q->born_ms > over_ms)
			break;
		if (q->flight && !q->tried_stale)
			return q;
	}
	return NULL;
}

static struct query *
first_waiting_for_policy(struct query_house *h)
{
	struct list *link;

	for (link = h->live.next; link != &h->live; link = link->next) {
		struct query *q = LIST_OWNER(link, struct query, link);

		if (q->waiting_for_policy)
			return q;
	}
	return NULL;
}

static void
resume_waiting_for_policy(struct query_house *h)
{
	struct query *q;

	/* An answer may close a connection and end other queries with it, so
	 * that no link can be held on to. */
	for (unsigned left = h->again; left > 0; left--) {
		q = first_waiting_for_policy(h);
		if (!q)
			return;
		q->waiting_for_policy = false;
		h->again--;
		query_resume(q);
	}
}

static void
on_tick(void *owner)
{
	struct query_house *h = owner;
	int64_t over = loop_now_ms(h->loop) - QUERY_DEADLINE_MS;

	while (!list_is_empty(&h->live)) {
		struct query *q = LIST_OWNER(h->live.next, struct query, link);

		if (q->born_ms > over)
			break;
		end_late(q);
	}
	if (h->opt->serve_stale_s > 0) {
		struct query *q;

		over = loop_now_ms(h->loop) - QUERY_STALE_MS;
		while ((q = first_without_stale(h, over)) != NULL)
			end_stale(q);
	}
	if (h->again > 0)
		resume_waiting_for_policy(h);
	h->ticking = !list_is_empty(&h->live);
	if (h->ticking)
		due_in(h->loop, &h->tick, QUERY_TICK_MS);
}

static enum err
make_memory(struct query_house *h)
{
	const struct cache_setup setup = {
		.bytes = (size_t)h->opt->cache_size_mib << 20,
		.max_ttl_s = h->opt->cache_max_ttl_s,
		.stale_s = h->opt->serve_stale_s,
		.random = h->random,
	};

	if (pool_init(&h->queries, sizeof(struct query), QUERY_POOL) ||
	    pool_init(&h->wide, MESSAGE_MAX, QUERY_WIDE_POOL) ||
	    shares_init(&h->shares, h->random, QUERY_CLIENT_MOST,
			h->opt->max_client_queries) ||
	    flights_init(&h->flights, h->random, QUERY_POOL) ||
	    allowances_new(h->random, &h->allowances) ||
	    servers_new(h->random, &h->servers))
		return ERR_SYSTEM;
	return cache_new(&setup, &h->cache);
}

static void
free_memory(struct query_house *h)
{
	pool_fini(&h->queries);
	pool_fini(&h->wide);
	servers_free(h);
	pool_fini(&h->flights.pool);
	shares_fini(&h->shares);
	allowances_free(h->allowances);
	cache_free(h->cache);
	free(h->scratch);
}

enum err
query_house_init(struct query_house *h)
{
	list_init(&h->live);
	h->again = 0;
	h->ticking = false;
	due_init(&h->tick, on_tick, h);
	strangers_init(&h->strangers, h->random, h->index, h->workers);
	h->limits = (struct limits){ 0 };
	h->shares.bucket = NULL;
	h->queries = h->wide = h->flights.pool = (struct pool){ 0 };
	h->cache = NULL;
	h->servers = NULL;
	h->allowances = NULL;
	specials_init(&h->specials);
	h->tally.stats = h->stats;
	tally_take(&h->tally, &h->lists);
	h->scratch = malloc(sizeof(*h->scratch));
	if (h->scratch && make_memory(h) == ERR_NONE)
		return ERR_NONE;
	free_memory(h);
	return ERR_SYSTEM;
}

void
query_take_lists(struct query_house *h, const struct lists *l)
{
	h->lists = *l;
	h->tally.stats = h->stats;
	tally_take(&h->tally, l);
}

void
query_house_fini(struct query_house *h)
{
	while (!list_is_empty(&h->live))
		query_end(LIST_OWNER(h->live.next, struct query, link));
	if (h->ticking)
		due_stop(h->loop, &h->tick);
	servers_free(h);
	flights_fini(&h->flights, h->upstreams);
	free_memory(h);
}

/* Only what is read before it is written; the large arrays are not. */
static void
query_init(struct query *q, struct query_house *h, const struct origin *origin)
{
	memset(q, 0, offsetof(struct query, in));
	q->house = h;
	q->origin = *origin;
	q->born_ms = loop_now_ms(h->loop);
	q->client_is_local = own_is_local(h->own, &origin->client.addr);
	q->born_us = note_is_detailed(h->opt) ? clock_us() : 0;
	q->judged = q->borrowed = q->owns_ports = false;
	threat_begin(q);
	q->widened = q->audited = false;
	q->generation = h->policy.generation;
	q->said[0] = q->said[1] = false;
	q->log_rule = IMAGE_NONE;
	q->source = SOURCE_LOCAL;
	q->upstream_at = (struct endpoint){ 0 };
	q->chain_number = 0;
	q->trail_count = q->trail_links = 0;
	q->trail_len = 0;
	q->flight = NULL;
	list_init(&q->flight_link);
	q->search = NULL;
	q->searches = 0;
	list_init(&q->search_link);
	q->tried_stale = false;
	q->upstream = NULL;
	q->waiting_for_grant = q->waiting_for_policy = q->relayed = false;
	q->kept_count = 0;
	q->granted = false;
	q->number = 0;
	q->local = (struct addr){ 0 };
	q->answer = NULL;
	q->answer_len = 0;
}

/* Who came first has waited longest, for an upstream that does not answer:
 * the newcomer is more likely to be helped. */
static bool
push_one_out(struct query_house *h)
{
	for (struct list *l = h->live.next; l != &h->live; l = l->next) {
		struct query *q = LIST_OWNER(l, struct query, link);

		if (!q->flight)
			continue;
		cancel(q);
		limit_reached(&h->limits, h->stats, LIMIT_PUSHED_OUT,
			      &q->origin.client.addr);
		end_with(q, &pushed_out);
		query_answer_now(q);
		return true;
	}
	return false;
}

static struct query *
drop_over(struct query_house *h, const struct origin *origin, enum limit limit)
{
	limit_reached(&h->limits, h->stats, limit, &origin->client.addr);
	origin->drop(origin);
	return NULL;
}

/* A slot for a query of this client, or NULL, and then it is dropped. */
static struct query *
slot_for(struct query_house *h, const struct origin *origin)
{
	const struct addr *client = &origin->client.addr;
	struct query *q;
	uint32_t share;

	if (!shares_may_ask(&h->shares, client, loop_now_ms(h->loop)))
		return drop_over(h, origin, LIMIT_CLIENT_RATE);
	if (!shares_take(&h->shares, client, &share))
		return drop_over(h, origin, LIMIT_CLIENT_SHARE);
	q = pool_take(&h->queries);
	if (!q && push_one_out(h))
		q = pool_take(&h->queries);
	if (!q) {
		shares_give(&h->shares, share);
		return drop_over(h, origin, LIMIT_QUERIES);
	}
	query_init(q, h, origin);
	q->share = share;
	return q;
}

void
query_new(struct query_house *h, const struct origin *origin,
	  const uint8_t *bytes, size_t len)
{
	struct query *q;

	/* Before anything is counted: who forges a source must not use up
	 * what its owner may ask. */
	if (h->opt->source_check != SOURCE_CHECK_OFF &&
	    !home_is_by(h->own, &origin->client.addr, origin->ifindex)) {
		drop_over(h, origin, LIMIT_SOURCE);
		return;
	}
	q = slot_for(h, origin);
	if (!q)
		return;
	q->bytes = bytes;
	q->len = len;
	list_append(&h->live, &q->link);
	if (!h->ticking)
		due_in(h->loop, &h->tick, QUERY_TICK_MS);
	h->ticking = true;
	query_resume(q);
}

bool
query_knows(const struct query_house *h, const struct addr *client,
	    uint32_t ifindex)
{
	const struct policy_client who = { client, ifindex };

	return policy_knows(&h->policy, &who) || audit_knows(h, client);
}

void
query_forget_origin(struct query_house *h, const void *listener, uint64_t key)
{
	struct list *link, *next;

	for (link = h->live.next; link != &h->live; link = next) {
		struct query *q = LIST_OWNER(link, struct query, link);

		next = link->next;
		if (q->origin.listener == listener && q->origin.key == key)
			query_end(q);
	}
}
