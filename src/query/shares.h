/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one client may take of what all share: slots of the query pool, and
 * queries a second (a bucket that holds one second): --max-client-queries.
 *
 * Where the worker cannot keep up there is a fair rate beside it. Every query
 * is metered, so that whoever floods is known at once: his are dropped while
 * others ask too, or while the kernel drops whatever comes. A client that is
 * alone may have all of a worker.
 */
#ifndef QUERY_SHARES_H
#define QUERY_SHARES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/random.h"

enum {
	SHARE_PLACES = 4096,
	SHARE_WHEN_BEHIND = 5000, /* queries a second of one client */
	SHARE_BURST = 1000,	  /* of them at once */
	SHARE_OTHERS_MS = 10000,  /* somebody else asked so recently */
	SHARE_BEHIND_MS = 64, /* the first time; twice as long each next */
	SHARE_BEHIND_MOST_MS = 4096,
	SHARE_HOLD_MS = 1000,
	SHARE_HOLD_MOST_MS = 64000,
	SHARE_HEAVY = 4,	 /* clients that are known as such */
	SHARE_HEAVY_AFTER = 1000 /* queries refused in a second */
};

struct share_bucket;

/* For how long clients are held to the fair rate. */
struct share_hold {
	int64_t ms, until_ms;
};

/* One that goes on although it is refused. */
struct share_heavy {
	struct addr client;
	uint32_t refused; /* since then: */
	int64_t since_ms;
	uint32_t a_second; /* that it asks; 0: not known yet */
};

struct shares {
	struct hash_key key;
	uint32_t most;	   /* slots of one client */
	uint32_t a_second; /* queries of one client; 0: no limit */
	struct share_hold behind;   /* we read too slowly */
	struct share_hold overflow; /* and the kernel has dropped some */
	struct addr modest; /* client that asked last of those within their */
	int64_t modest_ms;  /* share, and when */
	struct share_heavy heavy[SHARE_HEAVY];
	struct share_bucket *bucket;
	/* clients of one place are counted together: the key is secret, so
	 * that nobody can choose whom he shares with */
	uint32_t held[SHARE_PLACES];
};

enum err shares_init(struct shares *s, struct random *random, uint32_t most,
		     uint32_t a_second);
void shares_fini(struct shares *s);

/* Holds, for twice as long where it was held not long before. */
void share_hold_on(struct share_hold *h, int64_t now_ms, int64_t least_ms,
		   int64_t most_ms);
/* More comes than is read, and it waits. */
void shares_behind(struct shares *s, int64_t now_ms);
/* It has waited in vain: the kernel had no room for some. */
void shares_overflow(struct shares *s, int64_t now_ms);
/* False: it has asked too often. */
bool shares_may_ask(struct shares *s, const struct addr *client,
		    int64_t now_ms);
/* A slot for a client; place_out is to be given back with it. False: it has
 * too many. */
bool shares_take(struct shares *s, const struct addr *client,
		 uint32_t *place_out);
void shares_give(struct shares *s, uint32_t place);

#endif
