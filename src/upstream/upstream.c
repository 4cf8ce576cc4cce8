/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The resolvers above us: where a question enters this room.
 *
 * Called by the step of the path that asks; answers come back from the loop.
 * It chooses whom to ask first (the order of the options, without one that
 * has been silent lately) and leaves the rest to pending.c. Everything that
 * a question needs lies in its pool slot; nothing is allocated afterwards.
 */
#include "upstream/upstream.h"

#include <assert.h>
#include <stdlib.h>

#include "upstream/pending.h"

enum {
	OPTION_UPSTREAMS = sizeof(((struct options *)0)->upstream) /
			   sizeof(((struct options *)0)->upstream[0])
};
_Static_assert(OPTION_UPSTREAMS <= sizeof(((struct upstreams *)0)->up) /
				       sizeof(((struct upstreams *)0)->up[0]),
	       "every upstream of the options has its place");

static enum err
make_pools(struct upstreams *u, unsigned most)
{
	if (pool_init(&u->asks, sizeof(struct upstream_ask), most) ||
	    pool_init(&u->tcp_tries, sizeof(struct tcp_try),
		      STREAM_TRIES_MAX) ||
	    pool_init(&u->stream_buffers, FRAME_HEAD + QUERY_SIZE,
		      STREAM_TRIES_MAX))
		return ERR_SYSTEM;
	return ERR_NONE;
}

enum err
upstreams_new(const struct upstream_setup *setup, struct upstreams **out)
{
	struct upstreams *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return ERR_SYSTEM;
	u->loop = setup->loop;
	u->opt = setup->opt;
	u->random = setup->random;
	u->stats = setup->stats;
	u->count = setup->opt->upstream_count;
	assert(u->count >= 1 && u->count <= OPTION_UPSTREAMS);
	for (unsigned i = 0; i < u->count; i++)
		u->up[i].at = setup->opt->upstream[i];
	list_init(&u->live);
	if (make_pools(u, setup->most) != ERR_NONE) {
		upstreams_free(u);
		return ERR_SYSTEM;
	}
	*out = u;
	return ERR_NONE;
}

void
upstreams_free(struct upstreams *u)
{
	if (u == NULL)
		return;
	while (!list_is_empty(&u->live))
		ask_release(
		    LIST_OWNER(u->live.next, struct upstream_ask, link));
	pool_fini(&u->asks);
	pool_fini(&u->tcp_tries);
	pool_fini(&u->stream_buffers);
	free(u);
}

/* The first that is not avoided. Where the time of avoiding one is over,
 * this question finds out for all others whether it is back. */
static unsigned
choose_first(struct upstreams *u)
{
	int64_t now_ms = loop_now_ms(u->loop);

	for (unsigned i = 0; i < u->count; i++) {
		struct upstream *up = &u->up[i];

		if (up->silences < AVOID_AFTER)
			return i;
		if (now_ms < up->avoid_until_ms)
			continue;
		up->avoid_until_ms = now_ms + AVOID_MS;
		return i;
	}
	return 0;
}

enum err
upstream_ask(struct upstreams *u, const struct upstream_question *q,
	     upstream_done_fn *done, void *owner, struct upstream_ask **out)
{
	struct upstream_ask *a = pool_take(&u->asks);

	if (a == NULL)
		return ERR_FULL;
	*a = (struct upstream_ask){
		.house = u,
		.done = done,
		.owner = owner,
		.q = *q->q,
		.dnssec_ok = q->dnssec_ok,
		.checking_disabled = q->checking_disabled,
		.stream = q->stream,
		.first = choose_first(u),
		.deadline_ms = loop_now_ms(u->loop) + UPSTREAM_DEADLINE_MS,
	};
	for (unsigned i = 0; i < UPSTREAM_TRIES; i++)
		a->udp[i].fd = -1;
	due_init(&a->due, on_ask_due, a);
	list_append(&u->live, &a->link);
	*out = a;
	ask_go_on(a);
	return ERR_NONE;
}

void
upstream_cancel(struct upstreams *u, struct upstream_ask *ask)
{
	assert(ask->house == u);
	ask_release(ask);
}

const struct endpoint *
upstream_heard(const struct upstreams *u)
{
	return &u->up[u->heard].at;
}
