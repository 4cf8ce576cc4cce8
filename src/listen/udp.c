/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queries by UDP: in by the batch, out by the batch.
 *
 * Here the walk of a query begins: on_readable() takes what has come
 * (recvmmsg) and hands each datagram to query_new(). Answers gather in a
 * queue and leave when the loop is about to wait (sendmmsg), from the
 * address that was asked. Nothing is kept of a client between the two: where
 * an answer goes is in the query's origin. A datagram is looked at only by
 * wire/; a socket that takes no more loses answers (counted), never time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "listen/gate.h"
#include "listen/listener.h"
#include "net/packet_info.h"

enum {
	BATCH = 32,
	QUEUE = 64,
	BEHIND_MS = 3 /* a socket was not empty for so long */
};

struct udp_socket {
	int fd;
	bool six; /* an IPv6 socket: IPv4 clients look mapped */
	unsigned index;
	struct udp *udp;
	uint32_t overflow; /* as the kernel told last; it wraps */
	int64_t full_ms;   /* since when no batch had room; 0: the last had */
	struct ready ready;
};

/* A datagram with its address and control messages. */
struct udp_incoming {
	union sockaddr_any from;
	_Alignas(struct cmsghdr) uint8_t control[PACKET_INFO_SIZE];
	uint8_t bytes[LISTEN_QUERY_MAX];
};

struct udp_outgoing {
	struct udp_socket *socket;
	union sockaddr_any to;
	_Alignas(struct cmsghdr) uint8_t control[PACKET_INFO_SIZE];
	uint8_t bytes[EDNS_UDP_SIZE];
};

struct udp {
	struct loop *loop;
	struct query_house *house;
	struct worker_stats *stats;
	unsigned count;
	struct gate gate;
	struct udp_socket socket[LISTEN_MAX_SOCKETS];
	struct mmsghdr in_head[BATCH], out_head[QUEUE];
	struct iovec in_iov[BATCH], out_iov[QUEUE];
	struct udp_incoming in[BATCH];
	struct udp_outgoing out[QUEUE];
	unsigned queued;
};

/* Sends queued answers from..to, all of one socket. */
static void
send_run(struct udp *u, unsigned from, unsigned to)
{
	int fd = u->out[from].socket->fd;

	while (from < to) {
		int sent =
		    sendmmsg(fd, u->out_head + from, to - from, MSG_NOSIGNAL);

		if (sent > 0) {
			from += (unsigned)sent;
		} else if (errno == EAGAIN || errno == ENOBUFS) {
			u->stats->dropped_send += to - from;
			return;
		} else if (errno != EINTR) {
			/* This one cannot be sent; the next may. */
			u->stats->dropped_send++;
			from++;
		}
	}
}

void
udp_flush(struct udp *u)
{
	unsigned from = 0;

	for (unsigned i = 1; i <= u->queued; i++) {
		if (i < u->queued && u->out[i].socket == u->out[from].socket)
			continue;
		send_run(u, from, i);
		from = i;
	}
	u->queued = 0;
}

static void
udp_answer(const struct origin *o, const uint8_t *bytes, size_t len)
{
	struct udp *u = o->listener;
	struct udp_socket *s = &u->socket[o->key];
	struct packet_info info = { .local = o->local, .ifindex = o->ifindex };
	struct udp_outgoing *out;
	struct msghdr *m;

	if (len > sizeof(out->bytes)) {
		u->stats->dropped_send++;
		return;
	}
	if (u->queued == QUEUE)
		udp_flush(u);
	out = &u->out[u->queued];
	m = &u->out_head[u->queued].msg_hdr;
	out->socket = s;
	memcpy(out->bytes, bytes, len);
	u->out_iov[u->queued].iov_len = len;
	m->msg_namelen = client_sockaddr(&o->client, s->six, &out->to);
	m->msg_control = out->control;
	packet_info_write(m, &info, s->six);
	u->queued++;
}

static void
udp_drop(const struct origin *o)
{
	(void)o; /* nothing was kept */
}

/* The kernel drops whatever comes while we are behind, of whomever. Then no
 * client may have more than its share, until we are level again. */
static void
note_overflow(struct udp_socket *s, uint32_t overflow)
{
	struct query_house *h = s->udp->house;
	struct worker_stats *stats = s->udp->stats;
	int64_t now_ms = loop_now_ms(s->udp->loop);
	uint32_t more = overflow - s->overflow;

	if (more == 0)
		return;
	s->overflow = overflow;
	/* The kernel counts in one what it had no room for and what it was
	 * told to drop. */
	if (gate_was_shut(&s->udp->gate, now_ms)) {
		stats->dropped_gate += more;
		return;
	}
	stats->dropped_kernel += more - 1;
	limit_reached(&h->limits, stats, LIMIT_KERNEL, NULL);
	shares_overflow(&h->shares, now_ms);
}

/* Known long before the kernel has no room left: whoever waits behind a flood
 * would wait as long as all of it takes. */
static void
note_backlog(struct udp_socket *s, int got)
{
	int64_t now_ms = loop_now_ms(s->udp->loop);

	if (got < BATCH)
		s->full_ms = 0;
	else if (s->full_ms == 0)
		s->full_ms = now_ms;
	else if (now_ms - s->full_ms >= BEHIND_MS)
		shares_behind(&s->udp->house->shares, now_ms);
}

static void
take_datagram(struct udp_socket *s, unsigned i)
{
	struct udp *u = s->udp;
	struct msghdr *m = &u->in_head[i].msg_hdr;
	struct packet_info info;
	struct origin o = {
		.listener = u,
		.key = s->index,
		.answer = udp_answer,
		.drop = udp_drop,
	};

	if (m->msg_flags & MSG_TRUNC) {
		u->stats->dropped_long++;
		return;
	}
	/* Port 0 cannot be answered: somebody forged it. */
	if (endpoint_from_sockaddr(&u->in[i].from, &o.client) != ERR_NONE ||
	    o.client.port == 0)
		return;
	packet_info_read(m, &info);
	note_overflow(s, info.overflow);
	o.local = info.local;
	o.ifindex = info.ifindex;
	u->stats->queries_udp++;
	query_new(u->house, &o, u->in[i].bytes, u->in_head[i].msg_len);
}

/* The kernel has written lengths over those of the batch before. */
static void
renew_batch(struct udp *u)
{
	for (unsigned i = 0; i < BATCH; i++) {
		struct msghdr *m = &u->in_head[i].msg_hdr;

		m->msg_namelen = sizeof(u->in[i].from);
		m->msg_controllen = sizeof(u->in[i].control);
		m->msg_flags = 0;
	}
}

static void
watch_gate(struct udp *u)
{
	gate_turn(&u->gate, &u->house->shares, loop_now_ms(u->loop));
	if (!gate_has_changed(&u->gate))
		return;
	for (unsigned i = 0; i < u->count; i++)
		gate_apply(&u->gate, u->socket[i].fd);
}

static void
on_readable(void *owner, bool readable, bool writable)
{
	struct udp_socket *s = owner;
	int got;

	(void)readable, (void)writable;
	renew_batch(s->udp);
	got = recvmmsg(s->fd, s->udp->in_head, BATCH, MSG_DONTWAIT, NULL);
	note_backlog(s, got);
	for (int i = 0; i < got; i++)
		take_datagram(s, (unsigned)i);
	watch_gate(s->udp);
}

static void
point_heads(struct udp *u)
{
	for (unsigned i = 0; i < BATCH; i++) {
		u->in_iov[i] =
		    (struct iovec){ u->in[i].bytes, sizeof(u->in[i].bytes) };
		u->in_head[i].msg_hdr = (struct msghdr){
			.msg_name = &u->in[i].from,
			.msg_iov = &u->in_iov[i],
			.msg_iovlen = 1,
			.msg_control = u->in[i].control,
		};
	}
	for (unsigned i = 0; i < QUEUE; i++) {
		u->out_iov[i].iov_base = u->out[i].bytes;
		u->out_head[i].msg_hdr = (struct msghdr){
			.msg_name = &u->out[i].to,
			.msg_iov = &u->out_iov[i],
			.msg_iovlen = 1,
			.msg_control = u->out[i].control,
		};
	}
}

static enum err
watch(struct udp *u, int fd)
{
	struct udp_socket *s = &u->socket[u->count];
	union sockaddr_any at;
	socklen_t len = sizeof(at);
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
	if (getsockname(fd, &at.sa, &len) == -1)
		return ERR_SYSTEM;
	*s = (struct udp_socket){
		.fd = fd,
		.six = at.sa.sa_family == AF_INET6,
		.index = u->count,
		.udp = u,
	};
	ready_init(&s->ready, fd, on_readable, s);
	ready_want(u->loop, &s->ready, true, false);
	u->count++;
	return ERR_NONE;
}

enum err
udp_new(const struct listen_setup *setup, struct udp **out)
{
	struct udp *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return ERR_SYSTEM;
	u->loop = setup->loop;
	u->house = setup->house;
	u->stats = setup->stats;
	point_heads(u);
	for (unsigned i = 0; i < setup->count; i++) {
		if (setup->fd[i] == -1)
			continue;
		if (u->count == LISTEN_MAX_SOCKETS ||
		    watch(u, setup->fd[i]) != ERR_NONE) {
			udp_free(u);
			return ERR_SYSTEM;
		}
	}
	*out = u;
	return ERR_NONE;
}

void
udp_stop_reading(struct udp *u)
{
	for (unsigned i = 0; i < u->count; i++)
		ready_want(u->loop, &u->socket[i].ready, false, false);
}

void
udp_free(struct udp *u)
{
	if (u == NULL)
		return;
	udp_stop_reading(u);
	free(u);
}
