/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A count of refusals per prefix and second, in a table of fixed size keyed
 * by a secret hash. It remembers no address: there is nothing to fill up, and
 * a flood from all prefixes at once gets at most five answers a slot.
 */
#include "query/strangers.h"

void
strangers_init(struct strangers *s, struct random *random, unsigned index,
	       unsigned workers)
{
	*s = (struct strangers){
		.key = { random_u64(random), random_u64(random) },
		.index = index,
		.workers = workers > 0 ? workers : 1,
	};
	for (unsigned i = 0; i < STRANGER_SLOTS; i++)
		s->slot[i].second = -1;
}

/* This worker's part of the five. What cannot be divided goes round, so that
 * nobody stays unanswered for long; all read the same clock. */
static unsigned
share_of(const struct strangers *s, int64_t second)
{
	unsigned turn = (unsigned)((s->index + second) % s->workers);

	return STRANGER_RATE / s->workers +
	       (turn < STRANGER_RATE % s->workers ? 1 : 0);
}

bool
strangers_may_tell(struct strangers *s, const struct addr *client,
		   int64_t now_ms)
{
	struct addr prefix = *client;
	int64_t second = now_ms / 1000;
	uint64_t at;

	addr_mask(&prefix, client->family == 4 ? 24 : 56);
	at = hash_bytes(&s->key, &prefix, sizeof(prefix)) % STRANGER_SLOTS;
	if (s->slot[at].second != second) {
		s->slot[at].second = second;
		s->slot[at].told = 0;
	}
	if (s->slot[at].told >= share_of(s, second))
		return false;
	s->slot[at].told++;
	return true;
}
