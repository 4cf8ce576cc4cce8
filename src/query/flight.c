/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One question upstream for all who ask it at the same time, whoever they
 * are: five hundred equal questions that were sent five hundred times would
 * be five hundred chances for a forger (RFC 5452 5), and no faster.
 *
 * When the answer is here it goes into the cache first and then to each
 * query in turn. A query may end others while it is resumed (a connection
 * that breaks), so none is held on to; the flight itself is out of the table
 * by then, and who comes later finds the cache.
 */
#include "query/flight.h"

#include <assert.h>
#include <string.h>

#include "query/path.h"
#include "query/recall.h"
#include "query/steps.h"
#include "upstream/match.h"

enum { RETRANSMITS_LOOKED_FOR = 64 };

enum err
flights_init(struct flights *f, struct random *random, unsigned most)
{
	for (unsigned i = 0; i < FLIGHT_SLOTS; i++)
		list_init(&f->slot[i]);
	f->key.k0 = random_u64(random);
	f->key.k1 = random_u64(random);
	return pool_init(&f->pool, sizeof(struct flight), most);
}

void
flights_fini(struct flights *f, struct upstreams *u)
{
	for (unsigned i = 0; i < FLIGHT_SLOTS; i++) {
		while (!list_is_empty(&f->slot[i])) {
			struct flight *one = LIST_OWNER(f->slot[i].next,
							struct flight, link);

			assert(list_is_empty(&one->waiting));
			upstream_cancel(u, one->ask);
			list_remove(&one->link);
		}
	}
}

struct cache_key
flight_key(const struct query *q)
{
	return (struct cache_key){
		.q = q->threat.redirected ? &q->threat.instead
					  : &q->in.question,
		.dnssec_ok = (q->in.edns.flags & EDNS_DO) != 0,
		.checking_disabled = (q->in.header.flags & FLAG_CD) != 0,
	};
}

static struct list *
slot_of(struct flights *f, const struct question *q)
{
	uint8_t said[NAME_MAX_WIRE + 2];
	struct name lower;

	name_lower(&q->name, &lower);
	memcpy(said, lower.wire, lower.len);
	said[lower.len] = (uint8_t)(q->type >> 8);
	said[lower.len + 1] = (uint8_t)q->type;
	return &f->slot[hash_bytes(&f->key, said, lower.len + 2u) %
			FLIGHT_SLOTS];
}

static bool
is_same(const struct flight *f, const struct cache_key *key)
{
	return f->dnssec_ok == key->dnssec_ok &&
	       f->checking_disabled == key->checking_disabled &&
	       f->question.type == key->q->type &&
	       f->question.class == key->q->class &&
	       name_equal(&f->question.name, &key->q->name);
}

static struct flight *
find(struct flights *f, const struct cache_key *key)
{
	struct list *slot = slot_of(f, key->q);

	if (key->q->type == TYPE_ANY)
		return NULL;
	for (struct list *l = slot->next; l != slot; l = l->next) {
		struct flight *one = LIST_OWNER(l, struct flight, link);

		if (is_same(one, key))
			return one;
	}
	return NULL;
}

/* ---- the answer ---------------------------------------------------------- */

static void
remember(struct flight *f, enum upstream_end end, const struct message *m)
{
	const struct cache_key key = { &f->question, f->dnssec_ok,
				       f->checking_disabled };
	struct query_house *h = f->house;
	int64_t now_ms = loop_now_ms(h->loop);

	if (f->question.type == TYPE_ANY)
		return;
	if (end == UPSTREAM_ANSWERED && !rcode_is_failure(message_rcode(m)))
		cache_keep(h->cache, &key, m, now_ms);
	else
		cache_fail(h->cache, &key, m, (unsigned)end + 1, now_ms);
}

static void
tell_listeners(struct flight *f, enum upstream_end end,
	       const struct message *answer)
{
	while (!list_is_empty(&f->listening)) {
		struct flight_listener *l = LIST_OWNER(
		    f->listening.next, struct flight_listener, link);

		list_remove(&l->link);
		l->heard(l, end, answer);
	}
}

static void
on_flight_done(void *owner, enum upstream_end end, const struct message *answer)
{
	struct flight *f = owner;
	struct endpoint from = *upstream_heard(f->house->upstreams);

	f->ask = NULL;
	list_remove(&f->link);
	remember(f, end, answer);
	tell_listeners(f, end, answer);
	while (!list_is_empty(&f->waiting)) {
		struct query *q =
		    LIST_OWNER(f->waiting.next, struct query, flight_link);

		list_remove(&q->flight_link);
		q->flight = NULL;
		q->upstream_end = end;
		q->upstream = answer;
		if (end == UPSTREAM_ANSWERED) {
			q->source = SOURCE_UPSTREAM;
			q->upstream_at = from;
		}
		recall_instead_of_failure(q);
		query_resume(q);
	}
	pool_give(&f->house->flights.pool, f);
}

/* ---- who waits ----------------------------------------------------------- */

static struct flight *
take_off(struct query_house *h, const struct cache_key *key)
{
	struct flight *f = pool_take(&h->flights.pool);
	const struct upstream_question question = {
		.q = key->q,
		.dnssec_ok = key->dnssec_ok,
		.checking_disabled = key->checking_disabled,
		.stream = key->q->type == TYPE_ANY,
	};

	if (!f)
		return NULL;
	*f = (struct flight){
		.house = h,
		.question = *key->q,
		.dnssec_ok = key->dnssec_ok,
		.checking_disabled = key->checking_disabled,
	};
	list_init(&f->waiting);
	list_init(&f->listening);
	if (upstream_ask(h->upstreams, &question, on_flight_done, f,
			 &f->ask) != ERR_NONE) {
		pool_give(&h->flights.pool, f);
		return NULL;
	}
	list_append(slot_of(&h->flights, key->q), &f->link);
	return f;
}

/* The same client asks the same again, because it has become impatient. (The
 * same asked of another of our addresses wants an answer from there.) */
static bool
is_retransmit(const struct query *q, const struct query *waiting)
{
	const struct origin *one = &q->origin, *other = &waiting->origin;

	return !one->stream && !other->stream &&
	       q->in.header.id == waiting->in.header.id &&
	       one->client.port == other->client.port &&
	       addr_equal(&one->local, &other->local) &&
	       addr_equal(&one->client.addr, &other->client.addr);
}

static bool
waits_already(const struct flight *f, const struct query *q)
{
	unsigned looked = 0;

	for (const struct list *l = f->waiting.next;
	     l != &f->waiting && looked++ < RETRANSMITS_LOOKED_FOR;
	     l = l->next)
		if (is_retransmit(q, LIST_OWNER(l, struct query, flight_link)))
			return true;
	return false;
}

enum flight_news
flight_join(struct query *q)
{
	struct query_house *h = q->house;
	const struct cache_key key = flight_key(q);
	struct flight *f = find(&h->flights, &key);

	if (f && waits_already(f, q))
		return FLIGHT_DUPLICATE;
	if (f)
		query_count(q, joined);
	else
		f = take_off(h, &key);
	if (!f)
		return FLIGHT_FULL;
	q->flight = f;
	list_append(&f->waiting, &q->flight_link);
	return FLIGHT_WAITS;
}

void
flight_leave(struct query *q)
{
	list_remove(&q->flight_link);
	q->flight = NULL;
}

bool
flight_listen(struct query_house *h, const struct cache_key *key,
	      struct flight_listener *listener)
{
	struct flight *f = find(&h->flights, key);

	if (!f)
		f = take_off(h, key);
	if (!f)
		return false;
	list_append(&f->listening, &listener->link);
	return true;
}

void
flight_ignore(struct flight_listener *listener)
{
	list_remove(&listener->link);
}

void
flight_ahead(struct query_house *h, const struct cache_key *key)
{
	if (find(&h->flights, key) || !take_off(h, key))
		return;
	atomic_fetch_add_explicit(&h->stats->prefetches, 1,
				  memory_order_relaxed);
}
