/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "liar.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/reply.h"

enum { REPLY_MAX = 600 };

static size_t
write_answer(const struct message *query, unsigned rcode, uint8_t host,
	     uint8_t *out)
{
	struct reply_spec spec = { .limit = 512,
				   .client = &query->header,
				   .q = &query->question,
				   .opt = query->edns.present };
	const uint8_t byte[4] = { 192, 0, 2, host };
	const struct ede none = { .code = -1 };
	struct reply r;
	struct addr a;

	addr_from_v4(byte, &a);
	reply_begin(&r, out, &spec);
	if (rcode == RCODE_NOERROR)
		reply_address(&r, SECTION_ANSWER, &query->question.name, &a,
			      60);
	return reply_end(&r, rcode, &none);
}

/* Header and question of the query, without anything behind. */
static size_t
write_failure(const struct message *query, unsigned rcode, bool question,
	      uint8_t *out)
{
	struct message bare = *query;
	size_t len;

	bare.edns.present = false;
	len = write_answer(&bare, rcode, 0, out);
	if (question)
		return len;
	memset(out + 4, 0, HEADER_SIZE - 4);
	return HEADER_SIZE;
}

static size_t
question_end(const struct message *query)
{
	return HEADER_SIZE + query->question.name.len + 4u;
}

/* Turns a true answer into the lie; returns its length. */
static size_t
bend(enum lie lie, const struct message *query, uint8_t *out, size_t len)
{
	size_t end = question_end(query);

	switch (lie) {
	case WRONG_ID:
		out[1] ^= 1;
		return len;
	case WRONG_CASE:
		for (size_t i = HEADER_SIZE; i < end - 4; i++)
			out[i] = name_fold(out[i]);
		return len;
	case WRONG_NAME:
		out[HEADER_SIZE + 1] ^= 3;
		return len;
	case WRONG_TYPE:
		out[end - 3] ^= 1;
		return len;
	case WRONG_CLASS:
		out[end - 1] = 3;
		return len;
	case NOT_A_RESPONSE:
		out[2] &= 0x7f;
		return len;
	case WRONG_OPCODE:
		out[2] |= 0x08;
		return len;
	case SHORT:
		return 5;
	case EMPTY:
		return 0;
	case TORN:
		return len - 1;
	default:
		return len;
	}
}

static size_t
write_lie(const struct liar *l, enum lie lie, uint8_t host, uint8_t *out)
{
	const struct message *query = &l->seen;
	size_t len, end = question_end(query);

	switch (lie) {
	case FAIL_FORMERR:
		return write_failure(query, RCODE_FORMERR, true, out);
	case FAIL_NOTIMP:
		return write_failure(query, RCODE_NOTIMP, true, out);
	case FAIL_SERVFAIL:
		return write_answer(query, RCODE_SERVFAIL, 0, out);
	case FAIL_REFUSED:
		return write_answer(query, RCODE_REFUSED, 0, out);
	case SAY_NXDOMAIN:
		return write_answer(query, RCODE_NXDOMAIN, 0, out);
	case COMPLAINT_REFUSED:
		return write_failure(query, RCODE_REFUSED, false, out);
	case NO_QUESTION:
		return write_failure(query, RCODE_NOERROR, false, out);
	case TRUNCATED:
		len = write_failure(query, RCODE_NXDOMAIN, true, out);
		out[2] |= 0x02;
		out[3] &= 0xf0;
		return len;
	case TWO_QUESTIONS:
		len = write_failure(query, RCODE_NXDOMAIN, true, out);
		out[3] &= 0xf0;
		out[5] = 2;
		memcpy(out + len, out + HEADER_SIZE, end - HEADER_SIZE);
		return len + end - HEADER_SIZE;
	default:
		len = write_answer(query, RCODE_NOERROR, host, out);
		return bend(lie, query, out, len);
	}
}

static void
send_elsewhere(const union sockaddr_any *to, const uint8_t *bytes, size_t len)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	sendto(fd, bytes, len, 0, &to->sa, sizeof(to->in));
	close(fd);
}

static void
say_by_udp(struct liar *l, enum lie lie, const union sockaddr_any *to)
{
	uint8_t out[REPLY_MAX];
	size_t len = write_lie(l, lie, l->udp_host, out);

	if (lie == SAY_NOTHING)
		return;
	if (lie == FROM_ELSEWHERE)
		send_elsewhere(to, out, len);
	else
		sendto(l->udp, out, len, MSG_NOSIGNAL, &to->sa, sizeof(to->in));
}

static void
see(struct liar *l, const uint8_t *bytes, size_t len)
{
	assert_true(len <= sizeof(l->seen_bytes));
	memcpy(l->seen_bytes, bytes, len);
	assert_int_equal(message_read(l->seen_bytes, len, &l->seen), ERR_NONE);
	assert_int_equal(l->seen.header.flags & FLAG_QR, 0);
	assert_int_equal(l->seen.header.qdcount, 1);
}

static void
play_udp(struct liar *l, const union sockaddr_any *from)
{
	if (l->edns_unknown && l->seen.edns.present) {
		say_by_udp(l, FAIL_FORMERR, from);
		return;
	}
	for (unsigned i = 0; i < l->udp_lies; i++) {
		unsigned times = i == 0 && l->repeat ? l->repeat : 1;

		while (times-- > 0)
			say_by_udp(l, l->udp_script[i], from);
	}
}

static void
on_late(void *owner)
{
	struct liar *l = owner;

	see(l, l->kept, l->kept_len);
	play_udp(l, &l->kept_from);
}

static void
on_query(void *owner, bool readable, bool writable)
{
	struct liar *l = owner;
	uint8_t bytes[600];
	union sockaddr_any from;
	socklen_t from_len = sizeof(from);
	ssize_t got = recvfrom(l->udp, bytes, sizeof(bytes), MSG_DONTWAIT,
			       &from.sa, &from_len);

	(void)readable, (void)writable;
	if (got < 0)
		return;
	l->udp_asked++;
	see(l, bytes, (size_t)got);
	endpoint_from_sockaddr(&from, &l->seen_from);
	if (l->late_ms == 0) {
		play_udp(l, &from);
	} else if (l->udp_asked == 1) {
		memcpy(l->kept, bytes, (size_t)got);
		l->kept_len = (size_t)got;
		l->kept_from = from;
		due_in(l->loop, &l->late, l->late_ms);
	}
}

static void
hang_up(struct liar_connection *c)
{
	if (c->fd == -1)
		return;
	ready_want(c->liar->loop, &c->ready, false, false);
	close(c->fd);
	c->fd = -1;
}

static void
send_pieces(const struct liar *l, int fd, const uint8_t *bytes, size_t len)
{
	int on = 1;
	size_t piece = l->piecewise ? 1 : len;

	setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof(on));
	for (size_t at = 0; at < len; at += piece) {
		send(fd, bytes + at, piece, MSG_NOSIGNAL);
		if (l->piecewise)
			usleep(50);
	}
}

static void
play_tcp(struct liar_connection *c)
{
	struct liar *l = c->liar;
	uint8_t out[2 + REPLY_MAX];

	for (unsigned i = 0; i < l->tcp_lies && c->fd != -1; i++) {
		size_t len;

		if (l->tcp_script[i] == CLOSE) {
			hang_up(c);
			return;
		}
		if (l->tcp_script[i] == SAY_NOTHING)
			continue;
		len = write_lie(l, l->tcp_script[i], l->tcp_host, out + 2);
		out[0] = (uint8_t)(len >> 8);
		out[1] = (uint8_t)len;
		send_pieces(l, c->fd, out, len + 2);
	}
}

static void
on_bytes(void *owner, bool readable, bool writable)
{
	struct liar_connection *c = owner;
	ssize_t got = recv(c->fd, c->bytes + c->have,
			   sizeof(c->bytes) - c->have, MSG_DONTWAIT);

	(void)readable, (void)writable;
	if (got <= 0) {
		hang_up(c);
		return;
	}
	c->have += (size_t)got;
	if (c->have < 2 ||
	    c->have < 2 + ((size_t)c->bytes[0] << 8 | c->bytes[1]))
		return;
	c->liar->tcp_asked++;
	see(c->liar, c->bytes + 2, c->have - 2);
	c->have = 0;
	play_tcp(c);
}

static void
on_connection(void *owner, bool readable, bool writable)
{
	struct liar *l = owner;
	int fd = accept4(l->tcp, NULL, NULL, SOCK_NONBLOCK);

	(void)readable, (void)writable;
	for (unsigned i = 0; fd != -1 && i < LIAR_CONNECTIONS; i++) {
		struct liar_connection *c = &l->connection[i];

		if (c->fd != -1)
			continue;
		c->fd = fd;
		c->have = 0;
		ready_init(&c->ready, fd, on_bytes, c);
		ready_want(l->loop, &c->ready, true, false);
		return;
	}
	close(fd);
}

/* A port that both protocols have free. */
static void
bind_both(struct liar *l)
{
	union sockaddr_any at = { .in = { .sin_family = AF_INET } };
	socklen_t len = sizeof(at);

	at.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (unsigned i = 0; i < 20; i++) {
		at.in.sin_port = 0;
		l->udp = socket(AF_INET, SOCK_DGRAM, 0);
		l->tcp = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(bind(l->tcp, &at.sa, sizeof(at.in)), 0);
		assert_int_equal(getsockname(l->tcp, &at.sa, &len), 0);
		if (bind(l->udp, &at.sa, sizeof(at.in)) == 0)
			break;
		close(l->udp);
		close(l->tcp);
	}
	assert_int_equal(listen(l->tcp, 8), 0);
	endpoint_from_sockaddr(&at, &l->at);
}

void
liar_open(struct liar *l, struct loop *loop)
{
	*l = (struct liar){ .loop = loop, .udp_host = 1, .tcp_host = 2 };
	bind_both(l);
	for (unsigned i = 0; i < LIAR_CONNECTIONS; i++) {
		l->connection[i].fd = -1;
		l->connection[i].liar = l;
	}
	l->udp_lies = l->tcp_lies = 1; /* the truth */
	due_init(&l->late, on_late, l);
	ready_init(&l->udp_ready, l->udp, on_query, l);
	ready_want(loop, &l->udp_ready, true, false);
	ready_init(&l->tcp_ready, l->tcp, on_connection, l);
	ready_want(loop, &l->tcp_ready, true, false);
}

void
liar_close_udp(struct liar *l)
{
	if (l->udp == -1)
		return;
	ready_want(l->loop, &l->udp_ready, false, false);
	close(l->udp);
	l->udp = -1;
}

void
liar_close_tcp(struct liar *l)
{
	if (l->tcp == -1)
		return;
	ready_want(l->loop, &l->tcp_ready, false, false);
	close(l->tcp);
	l->tcp = -1;
}

void
liar_close(struct liar *l)
{
	due_stop(l->loop, &l->late);
	liar_close_udp(l);
	liar_close_tcp(l);
	for (unsigned i = 0; i < LIAR_CONNECTIONS; i++)
		hang_up(&l->connection[i]);
}
