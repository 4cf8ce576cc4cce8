/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The resolvers above us: where a question enters this room.
 *
 * Called by the step of the path that asks; answers come back from the loop.
 * It chooses whom to ask (choice.c), finds out who is back that was down, and
 * leaves the rest to pending.c. Everything that
 * a question needs lies in its pool slot; nothing is allocated afterwards.
 */
#include "upstream/upstream.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "upstream/pending.h"

#define ROWS(list)                                 \
	(sizeof(((struct options *)0)->list) / \
	 sizeof(((struct options *)0)->list[0]))
_Static_assert(ROWS(upstream) + ROWS(forward) <= UPSTREAMS_MOST,
	       "every upstream of the options has its place");

enum { PROBE_LOOK_MS = 250, PROBE_ANSWER_MS = 900 };

static struct upstream_ask *
ask_new(struct upstreams *u, const struct upstream_question *q,
	upstream_done_fn *done, void *owner)
{
	struct upstream_ask *a = pool_take(&u->asks);

	if (a == NULL)
		return NULL;
	*a = (struct upstream_ask){
		.house = u,
		.done = done,
		.owner = owner,
		.q = *q->q,
		.dnssec_ok = q->dnssec_ok,
		.checking_disabled = q->checking_disabled,
		.stream = q->stream,
		.deadline_ms = loop_now_ms(u->loop) + UPSTREAM_DEADLINE_MS,
	};
	for (unsigned i = 0; i < UPSTREAM_TRIES; i++)
		a->udp[i].fd = -1;
	due_init(&a->due, on_ask_due, a);
	list_append(&u->live, &a->link);
	return a;
}

/* ---- who is down is asked now and then whether it is back -------------- */

static void
on_probed(void *owner, enum upstream_end end, const struct message *answer)
{
	/* What came of it is in the upstream's health already. */
	(void)owner, (void)end, (void)answer;
}

/* Any answer will do; every resolver has one to this. */
static void
probe(struct upstreams *u, unsigned at)
{
	const struct question root = { .name = { .len = 1 },
				       .type = TYPE_SOA,
				       .class = CLASS_IN };
	const struct upstream_question q = { .q = &root };
	struct upstream_ask *a = ask_new(u, &q, on_probed, u);

	if (a == NULL)
		return;
	a->is_probe = true;
	a->choice = (struct choice){ .count = 1, .at = { (uint8_t)at } };
	a->deadline_ms = loop_now_ms(u->loop) + PROBE_ANSWER_MS;
	ask_go_on(a);
}

static void
on_probe_due(void *owner)
{
	struct upstreams *u = owner;
	int64_t now_ms = loop_now_ms(u->loop);
	bool some_down = false;

	for (unsigned i = 0; i < u->count; i++) {
		some_down |= u->up[i].standing.down;
		if (standing_wants_probe(&u->up[i].standing, now_ms))
			probe(u, i);
	}
	u->probing = some_down;
	if (some_down)
		due_in(u->loop, &u->probe, PROBE_LOOK_MS);
}

static void
log_change(struct upstreams *u, unsigned at, const char *what)
{
	char where[ENDPOINT_TEXT_SIZE];

	uint64_t missed;

	if (log_may(&u->log, loop_now_ms(u->loop), &missed))
		log_warn("Upstream %s %s missed=%" PRIu64,
			 endpoint_print(&u->up[at].at, where), what, missed);
}

void
upstream_heard_of(struct upstreams *u, unsigned at, int64_t took_ms)
{
	if (standing_heard(&u->up[at].standing, took_ms,
			   loop_now_ms(u->loop)))
		log_change(u, at, "answers again");
}

void
upstream_silent(struct upstreams *u, unsigned at, int64_t sent_ms)
{
	if (!standing_silent(&u->up[at].standing, sent_ms,
			     loop_now_ms(u->loop)))
		return;
	log_change(u, at, "does not answer: others are asked first");
	if (!u->probing)
		due_in(u->loop, &u->probe, PROBE_LOOK_MS);
	u->probing = true;
}

void
upstream_proved_spelling(struct upstreams *u, unsigned at)
{
	char where[ENDPOINT_TEXT_SIZE];

	if (spelling_proved(&u->up[at].spelling, loop_now_ms(u->loop)))
		log_warn("Upstream %s does not keep the case of names: its "
			 "answers are understood without "
			 "(--query-case plain does so from the start)",
			 endpoint_print(&u->up[at].at, where));
}

/* ---- life ---------------------------------------------------------------- */

static void
fill_upstreams(struct upstreams *u)
{
	const struct options *opt = u->opt;

	for (uint32_t i = 0; i < opt->upstream_count; i++)
		u->up[u->count++].at = opt->upstream[i];
	for (uint32_t i = 0; i < opt->forward_count; i++)
		u->up[u->count++].at = opt->forward[i].at;
	for (unsigned i = 0; i < u->count; i++) {
		struct cookie *cookie = &u->up[i].cookie;
		uint64_t secret = random_u64(u->random);

		standing_init(&u->up[i].standing);
		cookie->len = COOKIE_CLIENT;
		memcpy(cookie->bytes, &secret, COOKIE_CLIENT);
	}
}

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
	u->hash = (struct hash_key){ random_u64(u->random),
				     random_u64(u->random) };
	fill_upstreams(u);
	assert(u->count >= 1);
	due_init(&u->probe, on_probe_due, u);
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
	due_stop(u->loop, &u->probe);
	while (!list_is_empty(&u->live))
		ask_release(
		    LIST_OWNER(u->live.next, struct upstream_ask, link));
	pool_fini(&u->asks);
	pool_fini(&u->tcp_tries);
	pool_fini(&u->stream_buffers);
	free(u);
}

enum err
upstream_ask(struct upstreams *u, const struct upstream_question *q,
	     upstream_done_fn *done, void *owner, struct upstream_ask **out)
{
	struct upstream_ask *a = ask_new(u, q, done, owner);

	if (a == NULL)
		return ERR_FULL;
	choice_make(u, &a->q.name, &a->choice);
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
