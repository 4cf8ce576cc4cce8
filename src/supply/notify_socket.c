/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sockets of --notify-bind.
 *
 * There is not much to tell here, so little is heard: a number of letters a
 * second, a few connections of primaries that may say one thing each. A reply
 * leaves from the address that was written to.
 */
#include "supply/notify_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/frame.h"
#include "net/packet_info.h"
#include "net/stream.h"
#include "wire/message.h"

enum { LETTERS_A_WAKE = 16, SECOND_MS = 1000 };

struct caller {
	struct notify_sockets *house;
	struct stream stream; /* fd -1: nobody */
	struct due due;
	struct frame frame;
	struct addr from;
	bool answered;
	uint8_t bytes[NOTIFY_MAX];
};

struct hole {
	struct notify_sockets *house;
	struct ready ready;
	int fd;
};

struct notify_sockets {
	struct notify_setup setup;
	struct hole udp[ROLE_MAX_BINDS], tcp[ROLE_MAX_BINDS];
	struct notify_ear ear, strangers; /* who take nothing from the others */
	struct pool waiting;
	struct caller caller[NOTIFY_CALLERS];
};

bool
notify_may_hear(struct notify_ear *e, int64_t now_ms)
{
	if (now_ms - e->second_ms >= SECOND_MS) {
		e->second_ms = now_ms;
		e->heard = 0;
	}
	return e->heard++ < NOTIFY_A_SECOND;
}

static void
hear(struct notify_sockets *n, const uint8_t *bytes, size_t len,
     const struct addr *from, struct notify_result *out)
{
	struct notify_letter letter = {
		.bytes = bytes,
		.len = len,
		.from = *from,
		.date_s = clock_date_ms() / 1000,
	};

	struct notify_ear *ear = n->setup.knows(n->setup.owner, from)
				     ? &n->ear
				     : &n->strangers;

	out->reply_len = 0;
	if (notify_may_hear(ear, loop_now_ms(n->setup.loop)))
		n->setup.fn(n->setup.owner, &letter, out);
}

/* ---- UDP ---------------------------------------------------------------- */

static void
take_datagram(struct hole *h, struct msghdr *m, size_t len)
{
	union sockaddr_any *at = m->msg_name;
	bool six = at->sa.sa_family == AF_INET6;
	struct notify_result result;
	struct packet_info info;
	struct endpoint from;

	packet_info_read(m, &info);
	if (endpoint_from_sockaddr(at, &from) != ERR_NONE)
		return;
	hear(h->house, m->msg_iov->iov_base, len, &from.addr, &result);
	if (result.reply_len == 0)
		return;
	packet_info_write(m, &info, six);
	m->msg_iov->iov_base = result.reply;
	m->msg_iov->iov_len = result.reply_len;
	sendmsg(h->fd, m, MSG_NOSIGNAL);
}

static void
on_datagram(void *owner, bool readable, bool writable)
{
	_Alignas(struct cmsghdr) uint8_t control[PACKET_INFO_SIZE];
	uint8_t bytes[NOTIFY_MAX];
	struct hole *h = owner;

	(void)readable, (void)writable;
	for (unsigned i = 0; i < LETTERS_A_WAKE; i++) {
		union sockaddr_any from;
		struct iovec part = { bytes, sizeof(bytes) };
		struct msghdr m = { .msg_name = &from,
				    .msg_namelen = sizeof(from),
				    .msg_iov = &part,
				    .msg_iovlen = 1,
				    .msg_control = control,
				    .msg_controllen = sizeof(control) };
		ssize_t got = recvmsg(h->fd, &m, 0);

		if (got == -1)
			return;
		if (!(m.msg_flags & MSG_TRUNC))
			take_datagram(h, &m, (size_t)got);
	}
}

/* ---- TCP ---------------------------------------------------------------- */

static void
hang_up(struct caller *c)
{
	due_stop(c->house->setup.loop, &c->due);
	stream_close(&c->stream);
}

static void
on_call_over(void *owner)
{
	hang_up(owner);
}

static void
answer_call(struct caller *c)
{
	uint8_t head[FRAME_HEAD];
	struct notify_result result;
	struct stream_part part[2] = { { head, sizeof(head) },
				       { result.reply, 0 } };

	hear(c->house, c->bytes, c->frame.len, &c->from, &result);
	c->answered = true;
	part[1].len = result.reply_len;
	frame_head(head, result.reply_len);
	if (result.reply_len == 0 || stream_write(&c->stream, part) != ERR_NONE)
		hang_up(c);
}

/* When it has its answer the other end closes; until then it may only say
 * what is not listened to. */
static void
on_call(void *owner, bool readable, bool writable)
{
	struct caller *c = owner;
	uint8_t piece[NOTIFY_MAX];
	const uint8_t *in = piece;
	size_t got = 0;
	enum err err = ERR_AGAIN;

	if (writable && stream_flush(&c->stream) != ERR_NONE) {
		hang_up(c);
		return;
	}
	if (readable)
		err = stream_read(&c->stream, piece, sizeof(piece), &got);
	if (err == ERR_AGAIN)
		return;
	if (err != ERR_NONE || c->answered) {
		hang_up(c);
		return;
	}
	switch (frame_feed(&c->frame, &in, &got)) {
	case FRAME_MORE:
		return;
	case FRAME_WHOLE:
		answer_call(c);
		return;
	case FRAME_BAD:
		hang_up(c);
		return;
	}
}

static struct caller *
free_caller(struct notify_sockets *n)
{
	for (unsigned i = 0; i < NOTIFY_CALLERS; i++) {
		if (n->caller[i].stream.fd == -1)
			return &n->caller[i];
	}
	return NULL;
}

static void
take_call(struct notify_sockets *n, int fd, const struct endpoint *from)
{
	struct caller *c = free_caller(n);
	struct stream_setup setup = { .loop = n->setup.loop,
				      .buffers = &n->waiting,
				      .buffer_size = n->waiting.slot_size,
				      .fn = on_call,
				      .owner = c };

	if (c == NULL) {
		close(fd);
		return;
	}
	c->from = from->addr;
	c->answered = false;
	frame_init(&c->frame, c->bytes, HEADER_SIZE, sizeof(c->bytes));
	stream_init(&c->stream, &setup, fd);
	stream_read_on(&c->stream, true);
	due_init(&c->due, on_call_over, c);
	due_in(n->setup.loop, &c->due, NOTIFY_CALL_MS);
}

static void
on_knock(void *owner, bool readable, bool writable)
{
	struct hole *h = owner;
	union sockaddr_any at;
	socklen_t len = sizeof(at);
	struct endpoint from;
	int fd = accept4(h->fd, &at.sa, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)readable, (void)writable;
	if (fd == -1)
		return;
	if (endpoint_from_sockaddr(&at, &from) == ERR_NONE &&
	    h->house->setup.knows(h->house->setup.owner, &from.addr))
		take_call(h->house, fd, &from);
	else
		close(fd);
}

/* ---- beginning and end -------------------------------------------------- */

static void
open_hole(struct notify_sockets *n, struct hole *h, int fd, ready_fn *fn)
{
	h->house = n;
	h->fd = fd;
	if (fd == -1)
		return;
	ready_init(&h->ready, fd, fn, h);
	ready_want(n->setup.loop, &h->ready, true, false);
}

struct notify_sockets *
notify_sockets_open(const struct notify_setup *setup)
{
	struct notify_sockets *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return NULL;
	n->setup = *setup;
	if (pool_init(&n->waiting, NOTIFY_REPLY_SIZE + FRAME_HEAD,
		      NOTIFY_CALLERS) != ERR_NONE) {
		free(n);
		return NULL;
	}
	for (unsigned i = 0; i < NOTIFY_CALLERS; i++) {
		n->caller[i].house = n;
		n->caller[i].stream.fd = -1;
	}
	for (unsigned i = 0; i < ROLE_MAX_BINDS; i++) {
		open_hole(n, &n->udp[i], setup->kit->udp[i], on_datagram);
		open_hole(n, &n->tcp[i], setup->kit->tcp[i], on_knock);
	}
	return n;
}

void
notify_sockets_close(struct notify_sockets *n)
{
	if (n == NULL)
		return;
	for (unsigned i = 0; i < ROLE_MAX_BINDS; i++) {
		if (n->udp[i].fd != -1)
			ready_want(n->setup.loop, &n->udp[i].ready, false,
				   false);
		if (n->tcp[i].fd != -1)
			ready_want(n->setup.loop, &n->tcp[i].ready, false,
				   false);
	}
	for (unsigned i = 0; i < NOTIFY_CALLERS; i++) {
		if (n->caller[i].stream.fd != -1)
			hang_up(&n->caller[i]);
	}
	pool_fini(&n->waiting);
	free(n);
}
