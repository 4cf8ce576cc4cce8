/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers that upstreams gave, kept as they came until their time is over
 * (RFC 1035 7.4, RFC 2308, RFC 9520, RFC 8767).
 *
 * The cache knows nothing of clients and decides nothing: what comes out of
 * it is judged, granted and cut to size like an answer that has just come.
 * One a worker. Its memory is of fixed size and touched only as it fills;
 * where it is full the oldest goes, unless it was asked for since it came.
 */
#ifndef CACHE_CACHE_H
#define CACHE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/random.h"
#include "base/text.h"
#include "wire/message.h"

enum {
	CACHE_MESSAGE_MAX = 16384,   /* a longer message is not kept */
	CACHE_NEGATIVE_MAX_S = 3600, /* NXDOMAIN and NODATA (RFC 2308 5) */
	CACHE_FAILURE_S = 1,	     /* the first failure; each further one */
	CACHE_FAILURE_MAX_S = 5,     /* in a row twice as long, up to this */
	CACHE_RECHECK_S = 30	     /* what could not be refreshed waits */
};

struct cache;

struct cache_setup {
	size_t bytes;
	uint32_t max_ttl_s;
	uint32_t stale_s; /* how long past its end an answer may be used */
	struct random *random;
};

/* What an answer depends on. */
struct cache_key {
	const struct question *q; /* any case */
	bool dnssec_ok, checking_disabled;
};

enum cache_news {
	CACHE_MISS,
	CACHE_FRESH,
	CACHE_STALE,  /* its time is over, within stale_s */
	CACHE_FAILURE /* the upstreams failed a moment ago */
};

/* What was found; the bytes are the cache's, and valid until the next call. */
struct cache_hit {
	enum cache_news news;
	const uint8_t *bytes; /* the message; NULL for a failure without one */
	size_t len;
	uint32_t age_s;	    /* what every TTL in it has lost */
	uint32_t left_s;    /* of its time; 0 where stale */
	uint32_t lived_s;   /* that time when it came */
	uint32_t hits;	    /* before this one */
	unsigned failure;   /* what cache_fail() was told */
	bool recheck_later; /* refreshing it has failed lately */
};

/* Now and then totals of struct worker_stats follow from these. */
struct cache_totals {
	uint64_t entries, bytes, evicted;
};

/* ERR_SYSTEM. bytes 0: a cache that holds nothing. */
enum err cache_new(const struct cache_setup *setup, struct cache **out);
void cache_free(struct cache *c);

void cache_find(struct cache *c, const struct cache_key *key, int64_t now_ms,
		struct cache_hit *out);
/* m: accepted from an upstream, its bytes whole. What has no time to live, is
 * too long or cut is not kept. */
void cache_keep(struct cache *c, const struct cache_key *key,
		const struct message *m, int64_t now_ms);
/* No upstream could answer; m: what one said of that, or NULL. `failure` is
 * the caller's own word for it. An answer that is stale stays. */
void cache_fail(struct cache *c, const struct cache_key *key,
		const struct message *m, unsigned failure, int64_t now_ms);

/* Forgets a name, with `below` all names under it too; NULL: everything.
 * Returns how many entries that were. */
unsigned cache_flush(struct cache *c, const struct name *name, bool below);
/* A line "NAME TYPE TTL RCODE HITS BYTES" for each entry whose time is not
 * over, of that name and below it or (NULL) all; stops where each() says
 * false. */
typedef bool cache_line_fn(void *arg, const struct text *line);
void cache_dump(struct cache *c, const struct name *below, int64_t now_ms,
		cache_line_fn *each, void *arg);
void cache_count(const struct cache *c, struct cache_totals *out);

/* How long an answer may be kept: the shortest TTL of what counts in it
 * (answers; the SOA of a negative one), 0: not at all. */
uint32_t cache_time_of(const struct message *m, uint16_t type);

#endif
