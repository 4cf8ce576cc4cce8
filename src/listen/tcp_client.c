/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client's TCP connection: queries cut from it, answers in the order they
 * are ready (RFC 7766 6.2.1.1).
 *
 * Its promises: an answer never reaches another connection than the one that
 * asked (the serial tells them apart, the slot may have a new tenant); no
 * answer calls back into reading, so a thousand queries in one packet need
 * no deeper stack than one; and a connection is closed only from the loop,
 * never while a query is on its walk. Who is idle, reads slowly or sends
 * what is no frame is closed; the idle time counts from the last whole query,
 * so that single bytes do not prolong it. A client that has ended its side,
 * or has asked all it may, still gets its answers.
 */
#include "listen/tcp_client.h"

#include "net/packet_info.h"

enum { READS_A_WAKE = 8, IDLE_UNIT_MS = 100 };

void
tcp_client_close(struct tcp_client *c)
{
	struct tcp *t = c->tcp;
	uint64_t serial = c->serial;

	c->serial = 0;
	due_stop(t->loop, &c->idle);
	due_stop(t->loop, &c->settle);
	stream_close(&c->stream);
	list_remove(&c->link);
	t->stats->tcp_closed++;
	if (c->in_flight > 0)
		query_forget_origin(t->house, c, serial);
	pool_give(&t->clients, c);
}

static bool
client_may_ask(const struct tcp_client *c)
{
	return !c->broken && !c->ended && !c->spent && !c->tcp->deaf &&
	       c->in_flight < TCP_IN_FLIGHT_MOST;
}

/* It has had all its answers. Were we to close while bytes of it lie unread,
 * the kernel would reset the connection, and it might lose some of them. */
static void
leave(struct tcp_client *c)
{
	c->leaving = true;
	stream_end(&c->stream);
	stream_read_on(&c->stream, true);
	due_in(c->tcp->loop, &c->idle, TCP_FAREWELL_MS);
}

static bool
has_had_its_answers(const struct tcp_client *c)
{
	return c->in_flight == 0 && stream_is_drained(&c->stream) &&
	       (c->spent || (c->ended && c->piece_at == c->piece_end));
}

/* What has to happen after anything happened. */
static void
settle(struct tcp_client *c)
{
	if (c->broken || (c->ended && has_had_its_answers(c)))
		tcp_client_close(c);
	else if (has_had_its_answers(c))
		leave(c);
	else
		stream_read_on(&c->stream, client_may_ask(c));
}

/* One query less on its walk. What follows from that is the loop's, when it
 * is back. */
static struct tcp_client *
walk_over(const struct origin *o)
{
	struct tcp_client *c = o->listener;

	if (c->serial != o->key)
		return NULL;
	if (c->ended || c->spent || c->in_flight == TCP_IN_FLIGHT_MOST)
		due_in(c->tcp->loop, &c->settle, 0);
	c->in_flight--;
	return c;
}

static void
client_answer(const struct origin *o, const uint8_t *bytes, size_t len)
{
	struct tcp_client *c = walk_over(o);
	uint8_t head[FRAME_HEAD];
	struct stream_part part[2] = { { head, sizeof(head) }, { bytes, len } };

	if (c == NULL || c->broken)
		return;
	frame_head(head, len);
	if (stream_write(&c->stream, part) != ERR_NONE) {
		limit_reached(&c->tcp->house->limits, c->tcp->stats,
			      LIMIT_SLOW, &c->client.addr);
		c->tcp->stats->dropped_send++;
		c->broken = true;
		due_in(c->tcp->loop, &c->settle, 0);
	}
}

static void
client_drop(const struct origin *o)
{
	walk_over(o);
}

static void
count_query(struct tcp_client *c)
{
	struct tcp *t = c->tcp;

	t->stats->queries_tcp++;
	c->in_flight++;
	c->asked++;
	c->heard_ms = loop_now_ms(t->loop);
	if (c->in_flight == TCP_IN_FLIGHT_MOST)
		limit_reached(&t->house->limits, t->stats, LIMIT_IN_FLIGHT,
			      &c->client.addr);
	c->spent = c->asked == TCP_QUERIES_MOST;
	if (c->spent)
		limit_reached(&t->house->limits, t->stats, LIMIT_SPENT,
			      &c->client.addr);
}

static void
take_query(struct tcp_client *c)
{
	struct tcp *t = c->tcp;
	int64_t idle_ms = tcp_idle_ms(t);
	struct origin o = {
		.client = c->client,
		.local = c->local,
		.ifindex = c->ifindex,
		.stream = true,
		.listener = c,
		.key = c->serial,
		.answer = client_answer,
		.drop = client_drop,
	};

	count_query(c);
	if (!c->spent)
		o.idle_100ms = (uint16_t)(idle_ms / IDLE_UNIT_MS);
	due_in(t->loop, &c->idle, idle_ms);
	query_new(t->house, &o, c->query, c->frame.len);
}

/* Turns what was read into queries, as far as it may. */
static void
take_piece(struct tcp_client *c)
{
	while (c->piece_at < c->piece_end && !c->broken && !c->spent &&
	       c->in_flight < TCP_IN_FLIGHT_MOST) {
		const uint8_t *in = c->piece + c->piece_at;
		size_t left = c->piece_end - c->piece_at;
		enum frame_news news = frame_feed(&c->frame, &in, &left);

		c->piece_at = c->piece_end - left;
		if (news == FRAME_WHOLE)
			take_query(c);
		if (news == FRAME_BAD)
			c->broken = true;
	}
}

static enum err
read_piece(struct tcp_client *c)
{
	size_t got = 0;
	enum err err =
	    stream_read(&c->stream, c->piece, sizeof(c->piece), &got);

	if (err == ERR_NONE) {
		c->piece_at = 0;
		c->piece_end = got;
	}
	c->ended = c->ended || err == ERR_CLOSED;
	c->broken = c->broken || err == ERR_SYSTEM;
	return err;
}

/* What it still sends is of no use; its end is waited for. */
static void
read_to_the_end(struct tcp_client *c)
{
	for (unsigned i = 0; i < READS_A_WAKE; i++)
		if (read_piece(c) != ERR_NONE)
			break;
	if (c->ended || c->broken)
		tcp_client_close(c);
}

static void
on_ready(void *owner, bool readable, bool writable)
{
	struct tcp_client *c = owner;

	if (c->leaving) {
		read_to_the_end(c);
		return;
	}
	if (writable && stream_flush(&c->stream) != ERR_NONE)
		c->broken = true;
	for (unsigned i = 0; readable && i < READS_A_WAKE; i++) {
		take_piece(c);
		if (!client_may_ask(c) || read_piece(c) != ERR_NONE)
			break;
	}
	take_piece(c);
	settle(c);
}

static void
on_settle(void *owner)
{
	struct tcp_client *c = owner;

	take_piece(c);
	settle(c);
}

static void
on_idle(void *owner)
{
	struct tcp_client *c = owner;

	if (c->in_flight > 0) {
		due_in(c->tcp->loop, &c->idle, tcp_idle_ms(c->tcp));
		return;
	}
	if (!c->leaving)
		c->tcp->stats->tcp_timed_out++;
	tcp_client_close(c);
}

void
tcp_client_init(struct tcp_client *c, struct tcp *t, int fd,
		const struct endpoint *client)
{
	struct stream_setup setup = {
		.loop = t->loop,
		.buffers = &t->buffers,
		.buffer_size = TCP_BUFFER_SIZE,
		.fn = on_ready,
		.owner = c,
	};
	struct packet_info info;

	packet_info_of_stream(fd, &info);
	c->tcp = t;
	c->serial = ++t->serial;
	c->client = *client;
	c->local = info.local;
	c->ifindex = info.ifindex;
	c->in_flight = c->asked = 0;
	c->heard_ms = loop_now_ms(t->loop);
	c->ended = c->broken = c->spent = c->leaving = false;
	c->piece_at = c->piece_end = 0;
	list_append(&t->live, &c->link);
	frame_init(&c->frame, c->query, HEADER_SIZE, sizeof(c->query));
	stream_init(&c->stream, &setup, fd);
	due_init(&c->idle, on_idle, c);
	due_init(&c->settle, on_settle, c);
	due_in(t->loop, &c->idle, TCP_FIRST_QUERY_MS);
	stream_read_on(&c->stream, true);
}
