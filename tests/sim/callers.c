/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that are kept for a while, with several questions on their
 * way, sent in pieces; some break off, some read slowly.
 */
#include "callers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"
#include "process.h"
#include "questions.h"
#include "universe.h"
#include "world.h"

enum {
	CALLS_MOST = 24,
	OPEN_MOST = 32, /* questions on a connection */
	FRAME_MOST = 65537,
	LATEST_US = 4 * SECOND + 100 * MS,
	ROOM = 6000
};

struct asked {
	bool used;
	uint16_t id;
	int64_t at_us;
};

struct call {
	struct thing *stream; /* NULL: the place is free */
	int client;
	bool lost; /* the worker is gone, or we are */
	struct asked asked[OPEN_MOST];
	size_t have;
	uint8_t bytes[FRAME_MOST];
};

static struct {
	struct thing *listener[2];
	struct call call[CALLS_MOST];
	uint64_t unanswered;
} callers;

uint64_t
callers_unanswered(void)
{
	return callers.unanswered;
}

void
callers_meet(uint32_t worker, struct thing *listener)
{
	callers.listener[worker] = listener;
}

/* ---- hearing ------------------------------------------------------------ */

static void
hear_frame(struct call *c, const uint8_t *bytes, size_t len)
{
	uint16_t id = (uint16_t)(bytes[0] << 8 | bytes[1]);

	for (unsigned i = 0; i < OPEN_MOST; i++) {
		struct asked *a = &c->asked[i];

		if (!a->used || a->id != id)
			continue;
		a->used = false;
		oracle_on_answer(c->client, a->at_us, bytes, len);
		return;
	}
	broken("an answer by TCP to no question, or a second one");
}

static void
hear(struct thing *stream, const uint8_t *bytes, size_t len)
{
	struct call *c = stream->owner;
	size_t frame;

	assert(c->have + len <= sizeof(c->bytes));
	memcpy(c->bytes + c->have, bytes, len);
	c->have += len;
	while (c->have >= 2) {
		frame = (size_t)c->bytes[0] << 8 | c->bytes[1];
		if (c->have < 2 + frame)
			return;
		if (frame < 12)
			broken("an answer by TCP is too short");
		hear_frame(c, c->bytes + 2, frame);
		c->have -= 2 + frame;
		memmove(c->bytes, c->bytes + 2 + frame, c->have);
	}
}

/* The worker has closed it. */
static void
left(struct thing *stream)
{
	struct call *c = stream->owner;

	c->lost = true;
}

/* ---- calling ------------------------------------------------------------ */

static void
forget(struct call *c)
{
	c->stream->owner = NULL;
	c->stream->left = NULL;
	thing_let_go(c->stream);
	memset(c, 0, sizeof(*c));
}

static void
reads_on(void *arg, uint64_t number)
{
	struct thing *stream = arg;

	(void)number;
	if (thing_is_open(stream) && stream->owner != NULL) {
		stream->window = ROOM;
		at_us(now_us() + between(10 * MS, SECOND), reads_on, stream, 0);
		return;
	}
	thing_let_go(stream);
}

static struct call *
call(void)
{
	struct call *c = callers.call;
	struct parcel *p;

	while (c < callers.call + CALLS_MOST && c->stream != NULL)
		c++;
	if (c == callers.call + CALLS_MOST)
		return NULL;
	c->client = (int)below(CLIENTS);
	c->stream = thing_new(THING_STREAM);
	thing_keep(c->stream);
	c->stream->owner = c;
	c->stream->heard = hear;
	c->stream->left = left;
	c->stream->to = (struct endpoint){
		.addr = universe.client[c->client].addr,
		.port = (uint16_t)(1024 + below(60000)),
	};
	c->stream->ifindex = universe.client[c->client].ifindex;
	c->stream->local = (struct endpoint){
		.addr = universe_addr(
		    c->stream->to.addr.family == 4 ? "10.0.1.1" : "fd00:1::1"),
		.port = 53,
	};
	c->stream->holders = 1; /* the listener's */
	p = thing_put(callers.listener[universe.client[c->client].worker], "",
		      0, now_us());
	p->thing = c->stream;
	if (per_mille(200)) {
		thing_keep(c->stream);
		reads_on(c->stream, 0);
	}
	return c;
}

static struct call *
some_call(void)
{
	struct call *c = &callers.call[below(CALLS_MOST)];

	return c->stream != NULL && !c->lost && per_mille(800) ? c : call();
}

static void
hang_up(struct call *c)
{
	if (per_mille(500))
		c->stream->error = ECONNRESET;
	c->stream->eof = true;
	c->lost = true;
}

static void
look_after(void *arg, uint64_t number)
{
	struct call *c = arg;

	(void)number;
	for (unsigned i = 0; c->stream != NULL && i < OPEN_MOST; i++) {
		struct asked *a = &c->asked[i];

		if (c->lost || !a->used || c->stream->window != SIZE_MAX ||
		    now_us() - a->at_us < 10 * SECOND)
			continue;
		a->used = false;
		callers.unanswered++;
	}
	if (c->stream != NULL && c->lost && !thing_is_open(c->stream))
		forget(c);
}

static struct asked *
place(struct call *c)
{
	for (unsigned i = 0; i < OPEN_MOST; i++) {
		if (!c->asked[i].used)
			return &c->asked[i];
	}
	return NULL;
}

static void
send_frame(struct thing *stream, const uint8_t *bytes, size_t len)
{
	uint8_t frame[2 + QUESTION_MOST];
	int64_t due = now_us() + below(2 * MS);
	size_t at = 0;

	frame[0] = (uint8_t)(len >> 8);
	frame[1] = (uint8_t)len;
	memcpy(frame + 2, bytes, len);
	for (len += 2; at < len;) {
		size_t piece =
		    per_mille(800) ? len - at : 1 + below((uint32_t)(len - at));

		thing_put(stream, frame + at, piece, due);
		due += below(5 * MS);
		at += piece;
	}
}

static bool
has_id(const struct call *c, uint16_t id)
{
	for (unsigned i = 0; i < OPEN_MOST; i++) {
		if (c->asked[i].used && c->asked[i].id == id)
			return true;
	}
	return false;
}

void
callers_ask(void)
{
	uint8_t bytes[QUESTION_MOST];
	struct call *c = some_call();
	struct asked *a = c != NULL ? place(c) : NULL;
	uint16_t id = (uint16_t)draw();

	for (unsigned i = 0; i < CALLS_MOST; i++)
		look_after(&callers.call[i], 0);
	if (a == NULL || c->stream == NULL || has_id(c, id))
		return;
	*a = (struct asked){ true, id, now_us() };
	send_frame(c->stream, bytes, question_draw(id, bytes));
	if (per_mille(100))
		hang_up(c);
}

void
callers_lose(uint32_t worker)
{
	for (unsigned i = 0; i < CALLS_MOST; i++) {
		struct call *c = &callers.call[i];

		if (c->stream != NULL &&
		    universe.client[c->client].worker == worker)
			c->lost = true;
	}
}

void
callers_hang_up(void)
{
	for (unsigned i = 0; i < CALLS_MOST; i++) {
		if (callers.call[i].stream != NULL)
			hang_up(&callers.call[i]);
	}
}

void
callers_at_rest(void)
{
	for (unsigned i = 0; i < CALLS_MOST; i++) {
		struct call *c = &callers.call[i];

		look_after(c, 0);
		if (c->stream != NULL && thing_is_open(c->stream))
			broken("a connection that was broken off stays open");
	}
}
