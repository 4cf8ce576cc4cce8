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

/* A thousand drops make a query. */
struct share_bucket {
	struct addr client; /* family 0: free */
	int64_t filled_ms;
	uint64_t drops; /* of --max-client-queries */
	uint64_t fair;	/* of the fair rate */
};

enum err
shares_init(struct shares *s, struct random *random, uint32_t most,
	    uint32_t a_second)
{
	*s = (struct shares){
		.key = { random_u64(random), random_u64(random) },
		.most = most,
		.a_second = a_second,
		.modest_ms = INT64_MIN / 2,
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

/* A flood that goes on would cost others something each time it is let in
 * again, so that is tried ever less often. */
void
share_hold_on(struct share_hold *h, int64_t now_ms, int64_t least_ms,
	      int64_t most_ms)
{
	if (now_ms >= h->until_ms + 2 * h->ms)
		h->ms = least_ms;
	else if (now_ms >= h->until_ms && h->ms < most_ms)
		h->ms *= 2;
	h->until_ms = now_ms + h->ms;
}

void
shares_behind(struct shares *s, int64_t now_ms)
{
	share_hold_on(&s->behind, now_ms, SHARE_BEHIND_MS,
		      SHARE_BEHIND_MOST_MS);
}

void
shares_overflow(struct shares *s, int64_t now_ms)
{
	share_hold_on(&s->overflow, now_ms, SHARE_HOLD_MS,
		      SHARE_HOLD_MOST_MS);
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

static uint64_t
filled(uint64_t drops, uint64_t more, uint64_t most)
{
	return drops + more < most ? drops + more : most;
}

static bool
others_ask(const struct shares *s, const struct addr *client, int64_t now_ms)
{
	return now_ms - s->modest_ms < SHARE_OTHERS_MS &&
	       !addr_equal(&s->modest, client);
}

/* Its row, or the one it may have: whoever else is in there loses a refusal,
 * so that who is refused most stays. */
static struct share_heavy *
heavy_row(struct shares *s, const struct addr *client)
{
	struct share_heavy *least = &s->heavy[0];

	for (unsigned i = 0; i < SHARE_HEAVY; i++) {
		if (addr_equal(&s->heavy[i].client, client))
			return &s->heavy[i];
		if (s->heavy[i].refused < least->refused)
			least = &s->heavy[i];
	}
	if (least->refused > 0) {
		least->refused--;
		return NULL;
	}
	*least = (struct share_heavy){ .client = *client };
	return least;
}

static void
note_refused(struct shares *s, const struct addr *client, int64_t now_ms)
{
	struct share_heavy *h = heavy_row(s, client);

	if (!h)
		return;
	if (h->refused == 0 || now_ms - h->since_ms >= 1000)
		*h = (struct share_heavy){ .client = *client,
					   .since_ms = now_ms };
	if (++h->refused == SHARE_HEAVY_AFTER)
		h->a_second =
		    SHARE_WHEN_BEHIND +
		    (uint32_t)(SHARE_HEAVY_AFTER * INT64_C(1000) /
			       (now_ms - h->since_ms + 1));
}

static bool
is_held(const struct shares *s, const struct addr *client, int64_t now_ms)
{
	return now_ms < s->overflow.until_ms ||
	       (now_ms < s->behind.until_ms && others_ask(s, client, now_ms));
}

/* One query of the fair rate; a client that has none left may go on as long
 * as that is at nobody's cost. */
static bool
take_fair(struct shares *s, struct share_bucket *b, int64_t now_ms)
{
	const uint64_t full = SHARE_BURST * (uint64_t)DROPS_A_QUERY;

	if (b->fair > full / 2) {
		s->modest = b->client;
		s->modest_ms = now_ms;
	}
	if (b->fair >= DROPS_A_QUERY) {
		b->fair -= DROPS_A_QUERY;
		return true;
	}
	if (!is_held(s, &b->client, now_ms))
		return true;
	note_refused(s, &b->client, now_ms);
	return false;
}

bool
shares_may_ask(struct shares *s, const struct addr *client, int64_t now_ms)
{
	const uint64_t full = s->a_second * (uint64_t)DROPS_A_QUERY;
	struct share_bucket *b = bucket_of(s, client);
	const uint64_t passed_ms = (uint64_t)(now_ms - b->filled_ms);

	b->drops = filled(b->drops, passed_ms * s->a_second, full);
	b->fair = filled(b->fair, passed_ms * SHARE_WHEN_BEHIND,
			 SHARE_BURST * (uint64_t)DROPS_A_QUERY);
	b->filled_ms = now_ms;
	if (s->a_second == 0)
		return take_fair(s, b, now_ms);
	if (b->drops < DROPS_A_QUERY || !take_fair(s, b, now_ms))
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
