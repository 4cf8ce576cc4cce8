/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stub_house.h"

#include <assert.h>
#include <string.h>

enum { ECHO_MAX = 512 };

static void
answer(const struct stub_house *h, const struct stub_held *q)
{
	uint8_t bytes[MESSAGE_MAX];
	size_t len = q->len < ECHO_MAX ? q->len : ECHO_MAX;
	size_t known = q->len < sizeof(q->first) ? q->len : sizeof(q->first);

	if (h->answer_len > 0)
		len = h->answer_len;
	memset(bytes, 'A', sizeof(bytes));
	memcpy(bytes, q->first, known);
	q->origin.answer(&q->origin, bytes, len);
}

void
query_new(struct query_house *house, const struct origin *origin,
	  const uint8_t *bytes, size_t len)
{
	struct stub_house *h = (struct stub_house *)(void *)house;
	struct stub_held q = { .origin = *origin, .len = len };

	memcpy(q.first, bytes, len < sizeof(q.first) ? len : sizeof(q.first));
	h->queries++;
	h->last = *origin;
	h->last_len = len;
	if (h->drop) {
		origin->drop(origin);
	} else if (h->hold) {
		assert(h->held_count < STUB_HELD_MAX);
		h->held[h->held_count++] = q;
	} else {
		answer(h, &q);
	}
}

bool
query_knows(const struct query_house *house, const struct addr *client,
	    uint32_t ifindex)
{
	(void)house, (void)client, (void)ifindex;
	return true;
}

void
query_forget_origin(struct query_house *house, const void *listener,
		    uint64_t key)
{
	struct stub_house *h = (struct stub_house *)(void *)house;

	(void)listener, (void)key;
	h->forgotten++;
}

void
stub_release(struct stub_house *h, unsigned i)
{
	struct stub_held q = h->held[i];

	h->held[i] = h->held[--h->held_count];
	answer(h, &q);
}
