/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions of the courier: a feed's address, a list that is kept as
 * addresses of a name, the serial number of a zone.
 *
 * Each try has a socket, port and id of its own, and the first datagram that
 * does not match ends UDP (RFC 5452 9). The case of names is left as it is:
 * what is asked for here proves itself, by a certificate or a signature, or
 * goes by TCP. Nothing waits, and nothing is kept when it is over.
 */
#include "supply/ask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/pool.h"
#include "net/frame.h"
#include "net/query_socket.h"
#include "net/stream.h"
#include "wire/reply.h"

enum {
	QUERY_SIZE = 1024, /* with a signature */
	PIECE = 16384
};

struct ask {
	struct loop *loop;
	struct random *random;
	struct ask_question what;
	struct endpoint to;
	uint16_t id;
	unsigned tries; /* datagrams that were sent */
	bool over_tcp;
	int cause; /* of the last socket that failed */
	int udp;   /* -1: closed */
	struct ready ready;
	struct due due;
	struct stream stream;
	struct frame frame;
	struct pool waiting; /* what the stream could not send yet */
	uint8_t bytes[MESSAGE_MAX];
};

/* ---- how it ends -------------------------------------------------------- */

static void
close_udp(struct ask *a)
{
	if (a->udp == -1)
		return;
	ready_want(a->loop, &a->ready, false, false);
	close(a->udp);
	a->udp = -1;
}

void
ask_cancel(struct ask *a)
{
	if (a == NULL)
		return;
	due_stop(a->loop, &a->due);
	close_udp(a);
	stream_close(&a->stream);
	pool_fini(&a->waiting);
	free(a);
}

static void
finish(struct ask *a, struct ask_answer *answer)
{
	answer->stream = a->over_tcp;
	answer->cause = a->cause;
	due_stop(a->loop, &a->due);
	a->what.done(a->what.owner, answer);
	ask_cancel(a);
}

static void
finish_without(struct ask *a, enum ask_end end)
{
	struct ask_answer none = { .end = end };

	finish(a, &none);
}

const char *
ask_end_text(const struct ask_answer *answer)
{
	switch (answer->end) {
	case ASK_ANSWERED:
		return "it has answered";
	case ASK_SILENT:
		return "no answer in time";
	case ASK_FAILED:
		return answer->cause ? strerror(answer->cause)
				     : "it closed the connection";
	case ASK_TORN:
		return "the answer is not one to what was asked";
	}
	return "?";
}

/* ---- what is sent, and what comes --------------------------------------- */

/* ERR_FULL: the seal did not get its room. */
static enum err
write_query(struct ask *a, uint8_t *bytes, size_t *len_out)
{
	a->id = random_u16(a->random);
	*len_out = query_write(bytes, QUERY_SIZE, a->id, &a->what.q, true,
			       false, false);
	if (a->what.seal != NULL)
		*len_out =
		    a->what.seal(a->what.owner, bytes, QUERY_SIZE, *len_out);
	return *len_out > 0 ? ERR_NONE : ERR_FULL;
}

/* Whether the message is an answer to what was sent last. */
static bool
is_ours(const struct ask *a, size_t len, struct ask_answer *out)
{
	struct reader *r = &out->records.r;
	struct name name;

	*out = (struct ask_answer){ .bytes = a->bytes, .len = len };
	*r = reader_of(a->bytes, len);
	r->at = HEADER_SIZE;
	if (header_read(a->bytes, len, &out->header) != ERR_NONE ||
	    out->header.id != a->id || !(out->header.flags & FLAG_QR) ||
	    header_opcode(&out->header) != OPCODE_QUERY ||
	    out->header.qdcount != 1 ||
	    name_read(r->bytes, r->len, &r->at, &name) != ERR_NONE ||
	    !name_equal(&name, &a->what.q.name))
		return false;
	out->records.known_name = HEADER_SIZE;
	return reader_u16(r) == a->what.q.type &&
	       reader_u16(r) == a->what.q.class && !r->torn;
}

/* ---- TCP ---------------------------------------------------------------- */

static void
on_tcp_due(void *owner)
{
	finish_without(owner, ASK_SILENT);
}

static void
fail_tcp(struct ask *a, int cause)
{
	a->cause = cause;
	finish_without(a, ASK_FAILED);
}

static void
take_bytes(struct ask *a)
{
	uint8_t piece[PIECE];
	const uint8_t *in = piece;
	struct ask_answer answer;
	size_t got = 0;
	enum err err = stream_read(&a->stream, piece, sizeof(piece), &got);

	if (err == ERR_AGAIN)
		return;
	if (err != ERR_NONE) {
		fail_tcp(a, err == ERR_SYSTEM ? errno : 0);
		return;
	}
	switch (frame_feed(&a->frame, &in, &got)) {
	case FRAME_MORE:
		return;
	case FRAME_WHOLE:
		if (is_ours(a, a->frame.len, &answer))
			finish(a, &answer);
		else
			finish_without(a, ASK_TORN);
		return;
	case FRAME_BAD:
		finish_without(a, ASK_TORN);
		return;
	}
}

static void
on_stream(void *owner, bool readable, bool writable)
{
	struct ask *a = owner;

	if (writable && stream_flush(&a->stream) != ERR_NONE) {
		fail_tcp(a, errno);
		return;
	}
	if (readable)
		take_bytes(a);
}

static enum err
begin_tcp(struct ask *a)
{
	struct stream_setup setup = { .loop = a->loop,
				      .buffers = &a->waiting,
				      .buffer_size = a->waiting.slot_size,
				      .fn = on_stream,
				      .owner = a };
	uint8_t head[FRAME_HEAD], query[QUERY_SIZE];
	struct stream_part part[2] = { { head, sizeof(head) }, { query, 0 } };

	close_udp(a);
	a->over_tcp = true;
	frame_init(&a->frame, a->bytes, HEADER_SIZE, sizeof(a->bytes));
	if (write_query(a, query, &part[1].len) != ERR_NONE)
		return ERR_FULL;
	frame_head(head, part[1].len);
	if (stream_connect(&a->stream, &setup, &a->to) != ERR_NONE)
		return ERR_SYSTEM;
	if (stream_write(&a->stream, part) != ERR_NONE)
		return ERR_SYSTEM;
	stream_read_on(&a->stream, true);
	due_init(&a->due, on_tcp_due, a);
	due_in(a->loop, &a->due, ASK_TCP_WAITS * a->what.wait_ms);
	return ERR_NONE;
}

static void
go_on_by_tcp(struct ask *a)
{
	due_stop(a->loop, &a->due);
	if (begin_tcp(a) != ERR_NONE)
		fail_tcp(a, errno);
}

/* ---- UDP ---------------------------------------------------------------- */

static void
on_datagram(void *owner, bool readable, bool writable)
{
	struct ask *a = owner;
	ssize_t got = recv(a->udp, a->bytes, sizeof(a->bytes), 0);
	struct ask_answer answer;

	(void)readable, (void)writable;
	if (got == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got == -1) { /* told of by ICMP: TCP may be let through */
		a->cause = errno;
		go_on_by_tcp(a);
		return;
	}
	if (is_ours(a, (size_t)got, &answer) &&
	    !(answer.header.flags & FLAG_TC))
		finish(a, &answer);
	else
		go_on_by_tcp(a);
}

static void on_udp_due(void *owner);

static enum err
begin_udp(struct ask *a)
{
	uint8_t query[QUERY_SIZE];
	size_t query_len;

	close_udp(a);
	if (write_query(a, query, &query_len) != ERR_NONE)
		return ERR_FULL;
	if (query_socket_open(&a->to, a->random, &a->udp) != ERR_NONE)
		return ERR_SYSTEM;
	ready_init(&a->ready, a->udp, on_datagram, a);
	if (send(a->udp, query, query_len, MSG_NOSIGNAL) == -1)
		return ERR_SYSTEM;
	ready_want(a->loop, &a->ready, true, false);
	due_init(&a->due, on_udp_due, a);
	due_in(a->loop, &a->due, a->what.wait_ms << a->tries);
	a->tries++;
	return ERR_NONE;
}

static void
on_udp_due(void *owner)
{
	struct ask *a = owner;

	if (a->tries == ASK_UDP_TRIES || begin_udp(a) != ERR_NONE)
		go_on_by_tcp(a);
}

/* ---- begin -------------------------------------------------------------- */

static void
on_begin(void *owner)
{
	struct ask *a = owner;

	if (a->what.stream || begin_udp(a) != ERR_NONE)
		go_on_by_tcp(a);
}

enum err
ask_begin(struct loop *loop, struct random *random,
	  const struct ask_question *question, struct ask **out)
{
	struct ask *a = malloc(sizeof(*a));

	*out = NULL;
	if (a == NULL)
		return ERR_FULL;
	memset(a, 0, offsetof(struct ask, bytes));
	if (pool_init(&a->waiting, FRAME_HEAD + QUERY_SIZE, 1) != ERR_NONE) {
		free(a);
		return ERR_FULL;
	}
	a->loop = loop;
	a->random = random;
	a->what = *question;
	a->to = *question->to;
	a->udp = a->stream.fd = -1;
	due_init(&a->due, on_begin, a);
	due_in(loop, &a->due, 0);
	*out = a;
	return ERR_NONE;
}
