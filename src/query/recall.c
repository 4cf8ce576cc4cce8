/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the cache holds becomes an answer again, its TTLs as much shorter as
 * it is older. It is judged and granted by the steps that follow, like any
 * other: a hit opens the firewall for whoever asks.
 *
 * An answer past its end (RFC 8767) is used where no upstream has answered in
 * time or all have failed, with a TTL of 30 s.
 */
#include "query/recall.h"

#include "query/scratch.h"
#include "query/steps.h"
#include "upstream/match.h"

enum {
	STALE_TTL = 30,
	PREFETCH_HITS = 1, /* before this one */
	PREFETCH_PART = 10 /* a tenth of its time is left */
};

static void
set_ttls(struct message *m, const struct cache_hit *hit)
{
	for (unsigned i = 0; i < m->rr_count; i++) {
		uint32_t ttl = rr_ttl(&m->rr[i]);

		if (hit->news == CACHE_STALE)
			m->rr[i].ttl = STALE_TTL;
		else
			m->rr[i].ttl = ttl > hit->age_s ? ttl - hit->age_s : 0;
	}
}

static bool
present(struct query *q, const struct cache_hit *hit, enum record_source source)
{
	struct message *m = &q->house->scratch->recalled;

	q->upstream = NULL;
	q->upstream_end = UPSTREAM_ANSWERED;
	if (hit->bytes) {
		if (message_read(hit->bytes, hit->len, m) != ERR_NONE)
			return false;
		q->upstream = m;
		set_ttls(m, hit);
	}
	if (hit->news == CACHE_FAILURE)
		q->upstream_end = (enum upstream_end)(hit->failure - 1);
	q->source = source;
	return true;
}

static void
look(struct query *q, struct cache_key *key, struct cache_hit *hit)
{
	struct query_house *h = q->house;

	*key = flight_key(q);
	*hit = (struct cache_hit){ .news = CACHE_MISS };
	if (key->q->type != TYPE_ANY)
		cache_find(h->cache, key, loop_now_ms(h->loop), hit);
}

/* Whoever cannot answer is not asked again for every hit. */
static bool
ends_soon(const struct query *q, const struct cache_hit *hit)
{
	return q->house->opt->prefetch && hit->hits >= PREFETCH_HITS &&
	       !hit->recheck_later &&
	       hit->left_s < hit->lived_s / PREFETCH_PART;
}

bool
recall(struct query *q)
{
	struct cache_key key;
	struct cache_hit hit;

	look(q, &key, &hit);
	switch (hit.news) {
	case CACHE_FRESH:
		query_count(q, cache_hits);
		if (ends_soon(q, &hit))
			flight_ahead(q->house, &key);
		return present(q, &hit, SOURCE_CACHE);
	case CACHE_FAILURE:
		query_count(q, cache_failures);
		return present(q, &hit, SOURCE_CACHE);
	case CACHE_STALE:
		if (hit.recheck_later)
			return recall_stale(q);
		break;
	case CACHE_MISS:
		break;
	}
	query_count(q, cache_misses);
	return false;
}

bool
recall_stale(struct query *q)
{
	struct cache_key key;
	struct cache_hit hit;

	if (q->house->opt->serve_stale_s == 0)
		return false;
	look(q, &key, &hit);
	if (hit.news != CACHE_STALE || !present(q, &hit, SOURCE_STALE))
		return false;
	query_count(q, cache_stale);
	return true;
}

void
recall_instead_of_failure(struct query *q)
{
	if (q->upstream_end != UPSTREAM_ANSWERED ||
	    rcode_is_failure(message_rcode(q->upstream)))
		recall_stale(q);
}
