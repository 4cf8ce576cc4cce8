/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NOTIFY on its way to its judge and back.
 *
 * A worker holds no keys, so it judges nothing: all it looks at is whether a
 * list has a primary of that address. Whatever else comes is dropped, and
 * what the other end has no room for as well, since a primary says it again;
 * no query waits for any of it. An answer finds its query by a number that is
 * never used twice, so that it cannot reach anybody else.
 *
 * A worker in wrong hands could pass on what no primary sent. That gives it
 * nothing: a signature it cannot make, and without one all a NOTIFY brings
 * about is a question for the SOA, to the primary itself, in five seconds.
 */
#include "query/relay.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "lists/match.h"
#include "query/steps.h"

enum { LETTERS_A_WAKE = 16, SECOND_MS = 1000 };

static void
on_relayed(void *self, const void *letter, size_t size, int fd)
{
	const struct relay_letter *l = letter;
	struct relay *r = self;

	(void)size, (void)fd;
	if (l->len > sizeof(l->bytes))
		return;
	for (unsigned i = 0; i < RELAY_MOST; i++) {
		if (r->waiting[i].q == NULL || r->waiting[i].seq != l->seq)
			continue;
		relay_end(r->waiting[i].q, l->bytes, l->len);
		return;
	}
}

static void
on_letter(void *owner, bool readable, bool writable)
{
	struct relay *r = owner;
	enum err err = post_pump(&r->post, LETTERS_A_WAKE);

	(void)readable, (void)writable;
	if (err == ERR_NONE)
		return;
	if (err != ERR_CLOSED)
		log_error("Channel to the lists process: %s", err_text(err));
	relay_take(r, -1);
}

void
relay_init(struct relay *r, struct loop *loop)
{
	*r = (struct relay){ .loop = loop,
			     .post = {
				 .channel = -1,
				 .self = ROLE_WORKER,
				 .peer = ROLE_LISTS,
				 .arg = r,
				 .handler = { [POST_RELAYED] = on_relayed } } };
}

void
relay_take(struct relay *r, int channel)
{
	if (r->post.channel != -1) {
		ready_want(r->loop, &r->ready, false, false);
		close(r->post.channel);
	}
	r->post.channel = channel;
	if (channel == -1)
		return;
	ready_init(&r->ready, channel, on_letter, r);
	ready_want(r->loop, &r->ready, true, false);
}

bool
relay_hears(const struct query *q)
{
	return q->house->relay != NULL &&
	       lists_have_primary(&q->house->lists, &q->origin.client.addr);
}

static bool
may_send(struct relay *r, int64_t now_ms)
{
	if (now_ms - r->second_ms >= SECOND_MS) {
		r->second_ms = now_ms;
		r->sent = 0;
	}
	return r->sent++ < RELAY_A_SECOND;
}

static unsigned
free_place(const struct relay *r)
{
	unsigned i = 0;

	while (i < RELAY_MOST && r->waiting[i].q != NULL)
		i++;
	return i;
}

static enum err
pass_on(const struct relay *r, const struct query *q)
{
	struct relay_letter l = { .seq = r->seq,
				  .len = (uint32_t)q->len,
				  .from = q->origin.client.addr };

	if (r->post.channel == -1 || q->len > sizeof(l.bytes))
		return ERR_FULL;
	memcpy(l.bytes, q->bytes, q->len);
	post_head(&l.head, POST_RELAY, 0);
	return post_send(r->post.channel, &l, sizeof(l), -1);
}

enum step_result
relay_send(struct query *q)
{
	struct relay *r = q->house->relay;
	unsigned i = free_place(r);

	r->seq++;
	if (i == RELAY_MOST || !may_send(r, q->born_ms) ||
	    pass_on(r, q) != ERR_NONE) {
		limit_reached(&q->house->limits, q->house->stats, LIMIT_RELAY,
			      &q->origin.client.addr);
		return STEP_DROP;
	}
	r->waiting[i].q = q;
	r->waiting[i].seq = r->seq;
	q->relayed = true;
	query_count(q, notifies);
	return STEP_WAIT;
}

void
relay_forget(struct query *q)
{
	struct relay *r = q->house->relay;

	for (unsigned i = 0; i < RELAY_MOST; i++) {
		if (r->waiting[i].q == q)
			r->waiting[i].q = NULL;
	}
	q->relayed = false;
}

void
relay_end(struct query *q, const uint8_t *bytes, size_t len)
{
	struct origin o = q->origin;

	if (len > 0)
		query_count(q, answers);
	query_end(q);
	if (len > 0)
		o.answer(&o, bytes, len);
	else
		o.drop(&o);
}
