/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one client may take of what all share: slots of the query pool, and
 * queries a second (a bucket that holds one second): --max-client-queries,
 * and SHARE_WHEN_BEHIND at most while the worker is behind.
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
	SHARE_HOLD_MS = 1000, /* the first time; twice as long each next */
	SHARE_HOLD_MOST_MS = 64000
};

struct share_bucket;

struct shares {
	struct hash_key key;
	uint32_t most;	   /* slots of one client */
	uint32_t a_second; /* queries of one client; 0: no limit */
	int64_t hold_ms, hold_until_ms; /* we are behind */
	struct share_bucket *bucket;
	/* clients of one place are counted together: the key is secret, so
	 * that nobody can choose whom he shares with */
	uint32_t held[SHARE_PLACES];
};

enum err shares_init(struct shares *s, struct random *random, uint32_t most,
		     uint32_t a_second);
void shares_fini(struct shares *s);

/* The worker has fallen behind: for a while clients get their share. */
void shares_hold(struct shares *s, int64_t now_ms);
/* False: it has asked too often. */
bool shares_may_ask(struct shares *s, const struct addr *client,
		    int64_t now_ms);
/* A slot for a client; place_out is to be given back with it. False: it has
 * too many. */
bool shares_take(struct shares *s, const struct addr *client,
		 uint32_t *place_out);
void shares_give(struct shares *s, uint32_t place);

#endif
