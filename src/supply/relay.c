/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other end of query/relay.c.
 *
 * What a worker passes on is judged like what comes to an address of our own,
 * and its word for who sent it is worth as little as that of a datagram: it
 * may be forged. Of each worker no more is heard than of all primaries there,
 * so that one in wrong hands takes nothing from the others.
 */
#include "supply/relay.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

enum { LETTERS_A_WAKE = 16 };

_Static_assert((int)NOTIFY_MAX == RELAY_BYTES, "a NOTIFY fits into a letter");
_Static_assert((int)NOTIFY_REPLY_SIZE <= RELAY_BYTES, "and its answer");

struct relay_end {
	struct relays *house;
	struct post post; /* channel -1: no such worker */
	struct ready ready;
	struct notify_ear ear;
};

struct relays {
	struct notify_setup setup;
	struct relay_end worker[ROLE_MAX_WORKERS];
};

static bool
is_sound(const struct relay_letter *l)
{
	return l->len <= sizeof(l->bytes) &&
	       (l->from.family == 4 || l->from.family == 6);
}

/* Whatever comes of it, the worker hears so. */
static void
on_relay(void *self, const void *bytes, size_t size, int fd)
{
	const struct relay_letter *l = bytes;
	struct relay_end *w = self;
	struct notify_setup *s = &w->house->setup;
	const struct notify_letter letter = {
		.bytes = l->bytes,
		.len = l->len,
		.from = l->from,
		.date_s = clock_date_ms() / 1000,
	};
	struct relay_letter answer = { .seq = l->seq };
	struct notify_result result = { .reply_len = 0 };

	(void)size, (void)fd;
	if (is_sound(l) && notify_may_hear(&w->ear, loop_now_ms(s->loop)))
		s->fn(s->owner, &letter, &result);
	answer.len = (uint32_t)result.reply_len;
	memcpy(answer.bytes, result.reply, result.reply_len);
	post_head(&answer.head, POST_RELAYED, 0);
	post_send(w->post.channel, &answer, sizeof(answer), -1);
}

static void
part_from(struct relay_end *w)
{
	if (w->post.channel == -1)
		return;
	ready_want(w->house->setup.loop, &w->ready, false, false);
	close(w->post.channel);
	w->post.channel = -1;
}

static void
on_letter(void *owner, bool readable, bool writable)
{
	struct relay_end *w = owner;
	enum err err = post_pump(&w->post, LETTERS_A_WAKE);

	(void)readable, (void)writable;
	if (err == ERR_NONE)
		return;
	if (err != ERR_CLOSED)
		log_error("A worker broke its channel to the lists process: %s",
			  err_text(err));
	part_from(w);
}

void
relays_take(struct relays *r, uint32_t index, int channel)
{
	struct relay_end *w;

	if (index >= ROLE_MAX_WORKERS || channel == -1)
		return;
	w = &r->worker[index];
	part_from(w);
	w->post = (struct post){ .channel = channel,
				 .self = ROLE_LISTS,
				 .peer = ROLE_WORKER,
				 .arg = w,
				 .handler = { [POST_RELAY] = on_relay } };
	ready_init(&w->ready, channel, on_letter, w);
	ready_want(r->setup.loop, &w->ready, true, false);
}

struct relays *
relays_open(const struct notify_setup *setup)
{
	struct relays *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->setup = *setup;
	for (uint32_t i = 0; i < ROLE_MAX_WORKERS; i++) {
		r->worker[i].house = r;
		r->worker[i].post.channel = -1;
		relays_take(r, i, setup->kit->worker[i]);
	}
	return r;
}

void
relays_close(struct relays *r)
{
	if (r == NULL)
		return;
	for (unsigned i = 0; i < ROLE_MAX_WORKERS; i++)
		part_from(&r->worker[i]);
	free(r);
}
