/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts of slots by a hash of the client, and buckets by the client itself.
 * Of very many clients at once those that were quiet longest lose their
 * bucket, which costs them nothing: a new one is full.
 */
#include "query/shares.h"

#include <assert.h>
#include <stdlib.h>

enum { ROWS = 4096, IN_A_ROW = 4, DROPS_A_QUERY = 1000 };

struct share_bucket {
	struct addr client; /* family 0: free */
	int64_t filled_ms;
	uint64_t drops; /* a thousand of them make a query */
};

enum err
shares_init(struct shares *s, struct random *random, uint32_t most,
	    uint32_t a_second)
{
	*s = (struct shares){
		.key = { random_u64(random), random_u64(random) },
		.most = most,
		.a_second = a_second,
	};
	s->bucket = calloc(ROWS * IN_A_ROW, sizeof(*s->bucket));
	return s->bucket ? ERR_NONE : ERR_SYSTEM;
}

void
shares_fini(struct shares *s)
{
	free(s->bucket);
	s->bucket = NULL;
}

static uint64_t
hash_of(const struct shares *s, const struct addr *client)
{
	return hash_bytes(&s->key, client, sizeof(*client));
}

/* 0: no limit now. */
static uint32_t
rate_of(const struct shares *s, int64_t now_ms)
{
	if (now_ms >= s->hold_until_ms)
		return s->a_second;
	if (s->a_second == 0 || s->a_second > SHARE_WHEN_BEHIND)
		return SHARE_WHEN_BEHIND;
	return s->a_second;
}

/* A flood that goes on would cost others some answers each time it is let
 * in again, so that is tried ever less often. */
void
shares_hold(struct shares *s, int64_t now_ms)
{
	if (now_ms >= s->hold_until_ms + 2 * s->hold_ms)
		s->hold_ms = SHARE_HOLD_MS;
	else if (now_ms >= s->hold_until_ms && s->hold_ms < SHARE_HOLD_MOST_MS)
		s->hold_ms *= 2;
	s->hold_until_ms = now_ms + s->hold_ms;
}

/* A new one is empty but for the time since the clock began, and so full. */
static struct share_bucket *
bucket_of(struct shares *s, const struct addr *client)
{
	struct share_bucket *row =
	    &s->bucket[hash_of(s, client) % ROWS * IN_A_ROW];
	struct share_bucket *quiet = row;

	for (unsigned i = 0; i < IN_A_ROW; i++) {
		if (addr_equal(&row[i].client, client))
			return &row[i];
		if (row[i].filled_ms < quiet->filled_ms)
			quiet = &row[i];
	}
	*quiet = (struct share_bucket){ .client = *client };
	return quiet;
}

bool
shares_may_ask(struct shares *s, const struct addr *client, int64_t now_ms)
{
	const uint64_t rate = rate_of(s, now_ms);
	const uint64_t full = rate * DROPS_A_QUERY;
	struct share_bucket *b;

	if (rate == 0)
		return true;
	b = bucket_of(s, client);
	b->drops += (uint64_t)(now_ms - b->filled_ms) * rate;
	if (b->drops > full)
		b->drops = full;
	b->filled_ms = now_ms;
	if (b->drops < DROPS_A_QUERY)
		return false;
	b->drops -= DROPS_A_QUERY;
	return true;
}

bool
shares_take(struct shares *s, const struct addr *client, uint32_t *place_out)
{
	*place_out = (uint32_t)(hash_of(s, client) % SHARE_PLACES);
	if (s->held[*place_out] >= s->most)
		return false;
	s->held[*place_out]++;
	return true;
}

void
shares_give(struct shares *s, uint32_t place)
{
	assert(s->held[place] > 0);
	s->held[place]--;
}
