/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions on their way to an upstream, each once however many wait for it.
 *
 * What is the same (name, type, class, DO, CD) shares one flight; every query
 * in it is judged, granted and answered by itself. A flight whose last
 * query has gone flies on and fills the cache. ANY is never shared.
 */
#ifndef QUERY_FLIGHT_H
#define QUERY_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/pool.h"
#include "base/random.h"
#include "cache/cache.h"
#include "upstream/upstream.h"

enum { FLIGHT_SLOTS = 1024 };

struct query;
struct query_house;

struct flight {
	struct list link; /* of its slot */
	struct query_house *house;
	struct question question; /* as its first query wrote it */
	bool dnssec_ok, checking_disabled;
	struct upstream_ask *ask;
	struct list waiting; /* of struct query, first come first */
	struct list listening; /* of struct flight_listener */
};

/* Somebody who wants to hear what comes back, and is no query. */
struct flight_listener {
	struct list link; /* alone: listens to nothing */
	/* as upstream_done_fn; it may listen anew, or not at all */
	void (*heard)(struct flight_listener *self, enum upstream_end end,
		      const struct message *m);
};

struct flights {
	struct pool pool;
	struct list slot[FLIGHT_SLOTS];
	struct hash_key key;
};

enum err flights_init(struct flights *f, struct random *random, unsigned most);
/* No query may wait any more; the pool stays the caller's. */
void flights_fini(struct flights *f, struct upstreams *u);

/* What the query asks for, as the cache knows it. */
struct cache_key flight_key(const struct query *q);

enum flight_news {
	FLIGHT_WAITS,	  /* query_resume() follows, from the loop */
	FLIGHT_FULL,	  /* too many questions are on their way */
	FLIGHT_DUPLICATE  /* the client has sent it again: one waits */
};
enum flight_news flight_join(struct query *q);
/* The query no longer waits. */
void flight_leave(struct query *q);
/* heard() follows, once, from the loop. False: too much is on its way. */
bool flight_listen(struct query_house *h, const struct cache_key *key,
		   struct flight_listener *listener);
/* It hears nothing any more. */
void flight_ignore(struct flight_listener *listener);
/* Asks for what will soon be forgotten; nobody waits. Nothing happens where
 * it is on its way already. */
void flight_ahead(struct query_house *h, const struct cache_key *key);

#endif
