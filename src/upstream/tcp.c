/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One try by TCP: a connection for one question (RFC 7766).
 *
 * It is asked for where UDP was cut short or looked forged, so it must not
 * be cheap, only right. The answer's buffer comes from a pool: there are
 * never more than STREAM_TRIES_MAX of them.
 */
#include "upstream/pending.h"
#include "wire/reply.h"

enum { PIECE = 4096 };

void
tcp_try_close(struct upstream_ask *a)
{
	struct tcp_try *t = a->tcp;

	if (t == NULL)
		return;
	a->tcp = NULL;
	stream_close(&t->stream);
	pool_give(&a->house->tcp_tries, t);
}

static void
give_up(struct tcp_try *t)
{
	struct upstream_ask *a = t->ask;
	unsigned at = t->at;

	tcp_try_close(a);
	ask_try_failed(a, at);
}

static void
take_message(struct tcp_try *t)
{
	struct upstreams *u = t->ask->house;
	struct report r = { .kind = TRY_TCP, .at = t->at, .sent = &t->sent };

	r.match = match_answer(&t->sent, t->bytes, t->frame.len, &u->message);
	ask_heard(t->ask, &r);
}

static void
take_bytes(struct tcp_try *t)
{
	uint8_t piece[PIECE];
	const uint8_t *in = piece;
	size_t got = 0;
	enum err err = stream_read(&t->stream, piece, sizeof(piece), &got);

	if (err == ERR_AGAIN)
		return;
	if (err != ERR_NONE) {
		give_up(t);
		return;
	}
	switch (frame_feed(&t->frame, &in, &got)) {
	case FRAME_MORE:
		return;
	case FRAME_WHOLE:
		take_message(t);
		return;
	case FRAME_BAD:
		give_up(t);
		return;
	}
}

static void
on_ready(void *owner, bool readable, bool writable)
{
	struct tcp_try *t = owner;

	if (writable && stream_flush(&t->stream) != ERR_NONE) {
		give_up(t);
		return;
	}
	if (readable)
		take_bytes(t);
}

static enum err
send_query(struct upstream_ask *a, struct tcp_try *t)
{
	uint8_t head[FRAME_HEAD], query[QUERY_SIZE];
	size_t len = ask_write(a, t->at, &t->sent, query);
	struct stream_part part[2] = { { head, sizeof(head) }, { query, len } };

	frame_head(head, len);
	return stream_write(&t->stream, part);
}

enum err
tcp_try_begin(struct upstream_ask *a, unsigned at)
{
	struct upstreams *u = a->house;
	struct tcp_try *t = pool_take(&u->tcp_tries);
	struct stream_setup setup = {
		.loop = u->loop,
		.buffers = &u->stream_buffers,
		.buffer_size = u->stream_buffers.slot_size,
		.fn = on_ready,
		.owner = t,
	};

	if (t == NULL)
		return ERR_FULL;
	t->at = at;
	t->ask = a;
	a->tcp = t;
	ask_prepare(a, at, &t->sent);
	frame_init(&t->frame, t->bytes, HEADER_SIZE, sizeof(t->bytes));
	if (stream_connect(&t->stream, &setup, &u->up[at].at) != ERR_NONE ||
	    send_query(a, t) != ERR_NONE) {
		tcp_try_close(a);
		return ERR_SYSTEM;
	}
	u->stats->upstream_tcp++;
	stream_read_on(&t->stream, true);
	return ERR_NONE;
}
