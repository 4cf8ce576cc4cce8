/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Datagrams are lost, doubled, late, cut, preceded by forged ones; of
 * connections some are refused, some hang, some break half-way.
 */
#include "resolvers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "trouble.h"
#include "universe.h"
#include "world.h"

enum { FRAME_MOST = 2048, SLACK_US = 12 * SECOND };

static struct {
	int64_t silent_until_us[UPSTREAMS];
	int64_t offered_us[NAMES][ADDRESSES];
	bool leads[NAMES][NAMES];
} resolvers;

void
resolvers_begin(void)
{
	memset(&resolvers, 0, sizeof(resolvers));
}

void
resolvers_silence(unsigned upstream, int64_t until_us)
{
	resolvers.silent_until_us[upstream] = until_us;
}

void
resolvers_speak(void)
{
	memset(resolvers.silent_until_us, 0, sizeof(resolvers.silent_until_us));
}

int64_t
offered_until_us(int name, int address)
{
	return resolvers.offered_us[name][address];
}

bool
leads_to(int origin, int name)
{
	return origin == name || resolvers.leads[origin][name];
}

/* ---- what is offered ---------------------------------------------------- */

static void
lead(int from, int to)
{
	for (int origin = 0; origin < NAMES; origin++) {
		if (!leads_to(origin, from))
			continue;
		for (int target = 0; target < NAMES; target++) {
			if (leads_to(to, target))
				resolvers.leads[origin][target] = true;
		}
	}
}

static void
write_down(const struct answer *a)
{
	int64_t until = now_us() + (int64_t)a->ttl * SECOND + SLACK_US;

	say("offered: %s, %u hops, %u addresses, for %u s",
	    a->qname != NO_NAME ? universe.name[a->qname].text : "?",
	    a->chain_count, a->address_count, a->ttl);
	for (unsigned i = 0; i < a->chain_count; i++)
		lead(a->qname, a->chain[i]);
	for (unsigned i = 0; i < a->address_count; i++) {
		int64_t *at = &resolvers.offered_us[a->qname][a->address[i]];

		if (until > *at)
			*at = until;
	}
}

static bool
read_question(const uint8_t *bytes, size_t len, struct message *out)
{
	return message_read(bytes, len, out) == ERR_NONE &&
	       out->header.qdcount == 1;
}

static bool
is_silent(const struct endpoint *at)
{
	for (unsigned i = 0; i < UPSTREAMS; i++) {
		if (addr_equal(&universe.upstream[i].addr, &at->addr))
			return resolvers.silent_until_us[i] > now_us();
	}
	broken("nobody listens where an upstream was asked");
}

/* ---- by UDP ------------------------------------------------------------- */

struct datagram {
	struct thing *asker;
	int error;
	size_t len;
	uint8_t bytes[];
};

static void
arrive(void *arg, uint64_t number)
{
	struct datagram *d = arg;

	(void)number;
	if (thing_is_open(d->asker) && d->error != 0)
		d->asker->error = d->error;
	else if (thing_is_open(d->asker))
		thing_put(d->asker, d->bytes, d->len, now_us());
	thing_let_go(d->asker);
	world_give(d);
}

static void
send_back(struct thing *asker, const struct answer *a, int64_t after_us)
{
	size_t len = a->len;
	struct datagram *d;

	if (per_mille(trouble.torn))
		len = below((uint32_t)len);
	d = world_take(sizeof(*d) + len);
	d->asker = asker;
	d->len = len;
	d->error = per_mille(trouble.reset) ? ECONNREFUSED : 0;
	memcpy(d->bytes, a->bytes, len);
	thing_keep(asker);
	at_us(now_us() + after_us, arrive, d, 0);
}

void
resolvers_hear(struct thing *asker, const uint8_t *bytes, size_t len)
{
	static struct message asked;
	static struct answer answer;
	int64_t after = between(200, 40 * MS);

	if (!read_question(bytes, len, &asked))
		broken("an upstream was asked what it cannot read");
	if (is_silent(&asker->to) || per_mille(trouble.loss))
		return;
	if (per_mille(trouble.forged)) {
		answer_forge(&asked, &answer);
		send_back(asker, &answer, after / 2);
	}
	answer_draw(&asked, false, &answer);
	write_down(&answer);
	if (per_mille(trouble.late))
		after += between(0, 5 * SECOND);
	send_back(asker, &answer, after);
	if (per_mille(trouble.twice))
		send_back(asker, &answer, after + between(0, 5 * MS));
}

/* ---- by TCP ------------------------------------------------------------- */

struct half {
	size_t have;
	uint8_t bytes[FRAME_MOST];
};

static void
forget_half(struct thing *stream)
{
	world_give(stream->owner);
	stream->owner = NULL;
}

static void
connected(void *arg, uint64_t error)
{
	struct thing *stream = arg;

	stream->connecting = false;
	stream->error = (int)error;
	thing_let_go(stream);
}

static void
stream_ends(struct thing *stream)
{
	if (per_mille(300))
		stream->eof = true;
}

static void
stream_back(struct thing *stream, const struct answer *a)
{
	uint8_t frame[2 + ANSWER_MOST];
	int64_t due = now_us() + between(500, 30 * MS);
	size_t len = a->len + 2, at = 0;

	frame[0] = (uint8_t)(a->len >> 8);
	frame[1] = (uint8_t)a->len;
	memcpy(frame + 2, a->bytes, a->len);
	if (per_mille(trouble.reset)) {
		len = below((uint32_t)len);
		stream->eof = true;
	}
	while (at < len) {
		size_t piece =
		    per_mille(700) ? len - at : 1 + below((uint32_t)(len - at));

		thing_put(stream, frame + at, piece, due);
		due += between(0, 10 * MS);
		at += piece;
	}
	stream_ends(stream);
}

static void
answer_frame(struct thing *stream, const uint8_t *bytes, size_t len)
{
	static struct message asked;
	static struct answer answer;

	if (!read_question(bytes, len, &asked))
		broken("an upstream was asked by TCP what it cannot read");
	if (is_silent(&stream->to))
		return;
	answer_draw(&asked, true, &answer);
	write_down(&answer);
	stream_back(stream, &answer);
}

static void
hear_stream(struct thing *stream, const uint8_t *bytes, size_t len)
{
	struct half *h = stream->owner;
	size_t frame;

	if (h->have + len > FRAME_MOST)
		broken("a query by TCP is too long");
	memcpy(h->bytes + h->have, bytes, len);
	h->have += len;
	if (h->have < 2)
		return;
	frame = (size_t)h->bytes[0] << 8 | h->bytes[1];
	if (h->have < 2 + frame)
		return;
	answer_frame(stream, h->bytes + 2, frame);
	h->have = 0;
}

void
resolvers_connect(struct thing *stream)
{
	uint32_t dice = below(1000);
	int error = dice < trouble.reset ? ECONNREFUSED : 0;

	stream->owner = world_take(sizeof(struct half));
	stream->heard = hear_stream;
	stream->left = forget_half;
	if (is_silent(&stream->to) || per_mille(trouble.loss))
		return;
	thing_keep(stream);
	at_us(now_us() + between(200, 30 * MS), connected, stream,
	      (uint64_t)error);
}
