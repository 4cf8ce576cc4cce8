/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink with every acknowledgement matched.
 *
 * The answer to a client leaves only when the kernel has said that the entry
 * stands, so this file promises never to report an acknowledgement that
 * belongs to another message, and never to wait longer than wait_ms.
 * Formats: linux/netlink.h; what the kernel does with ENOBUFS: netlink(7).
 */
#include "firewall/netlink.h"

#include <assert.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

/* A batch must leave whole, whatever the system's default is. */
enum { BUSY_PAUSE_MS = 1, SEND_ROOM = 1 << 25 };

enum err
netlink_open(struct netlink *out)
{
	struct sockaddr_nl at = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(at);
	int room = SEND_ROOM;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_NETFILTER);

	if (fd == -1)
		return ERR_SYSTEM;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) == -1 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) == -1)
		goto undo;
	out->fd = fd;
	out->port = at.nl_pid;
	out->seq = 0;
	out->wait_ms = NETLINK_WAIT_MS;
	return ERR_NONE;
undo:;
	int cause = errno;
	close(fd);
	errno = cause;
	return ERR_SYSTEM;
}

void
netlink_close(struct netlink *n)
{
	close(n->fd);
	n->fd = -1;
}

/* Waits for the socket, or only a moment where the kernel is short of
 * memory; false when the time is over. */
static bool
pause_for(const struct netlink *n, short events, int64_t deadline_ms)
{
	struct pollfd at = { .fd = events != 0 ? n->fd : -1, .events = events };
	int64_t left = deadline_ms - clock_ms();

	if (left <= 0)
		return false;
	if (events == 0 && left > BUSY_PAUSE_MS)
		left = BUSY_PAUSE_MS;
	poll(&at, 1, (int)left);
	return true;
}

static enum err
send_out(const struct netlink *n, const void *bytes, size_t len,
	 int64_t deadline)
{
	static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	short events;

	for (;;) {
		if (sendto(n->fd, bytes, len, 0,
			   (const struct sockaddr *)&kernel,
			   sizeof(kernel)) >= 0)
			return ERR_NONE;
		if (errno == EINTR || errno == EAGAIN)
			events = POLLOUT;
		else if (errno == ENOBUFS)
			events = 0;
		else
			return ERR_SYSTEM;
		if (!pause_for(n, events, deadline))
			return ERR_TIMEOUT;
	}
}

/* One datagram; what did not come from the kernel is not looked at. */
static enum err
receive(struct netlink *n, int64_t deadline, size_t *len_out)
{
	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t from_len = sizeof(from);
		ssize_t got = recvfrom(n->fd, n->in, sizeof(n->in), MSG_TRUNC,
				       (struct sockaddr *)&from, &from_len);

		if (got > (ssize_t)sizeof(n->in))
			return ERR_AGAIN;
		if (got >= 0 && from.nl_pid == 0) {
			*len_out = (size_t)got;
			return ERR_NONE;
		}
		if (got >= 0)
			continue;
		if (errno == ENOBUFS)
			return ERR_AGAIN;
		if (errno != EAGAIN && errno != EINTR)
			return ERR_SYSTEM;
		if (!pause_for(n, POLLIN, deadline))
			return ERR_TIMEOUT;
	}
}

static enum err
refuse(int code, struct netlink_refusal *out)
{
	out->code = (uint32_t)(code < 0 ? -code : code);
	return ERR_DENIED;
}

static enum err
read_error(const struct nlmsghdr *h, struct netlink_refusal *out)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);
	size_t len = mnl_nlmsg_get_payload_len(h);

	if (len < sizeof(*e))
		return refuse(EPROTO, out);
	if (e->error == 0)
		return ERR_NONE;
	len -= offsetof(struct nlmsgerr, msg);
	if (mnl_nlmsg_ok(&e->msg, (int)len))
		out->copy = &e->msg;
	return refuse(e->error, out);
}

static enum err
read_done(const struct nlmsghdr *h, struct netlink_refusal *out)
{
	const int *code = mnl_nlmsg_get_payload(h);

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*code) || *code >= 0)
		return ERR_NONE;
	return refuse(*code, out);
}

/* ERR_AGAIN here: the question is not yet answered. */
static enum err
read_datagram(const struct netlink *n, const struct netlink_question *q,
	      size_t len, struct netlink_refusal *out)
{
	const struct nlmsghdr *h = (const void *)n->in;
	int left = (int)len;

	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		if (h->nlmsg_seq != n->seq || h->nlmsg_pid != n->port)
			continue;
		if (h->nlmsg_type == NLMSG_ERROR)
			return read_error(h, out);
		if (h->nlmsg_type == NLMSG_DONE)
			return read_done(h, out);
		if (h->nlmsg_type >= NLMSG_MIN_TYPE && q->part != NULL)
			q->part(q->arg, h);
	}
	return ERR_AGAIN;
}

enum err
netlink_send(struct netlink *n, const struct netlink_question *q)
{
	assert((q->message->nlmsg_flags & (NLM_F_ACK | NLM_F_DUMP)) != 0);
	q->message->nlmsg_seq = ++n->seq;
	return send_out(n, q->message, q->message->nlmsg_len,
			clock_ms() + n->wait_ms);
}

enum err
netlink_take(struct netlink *n, const struct netlink_question *q,
	     struct netlink_refusal *refusal_out, bool *came_out)
{
	size_t len = 0;
	enum err err = receive(n, 0, &len);

	*refusal_out = (struct netlink_refusal){ 0 };
	*came_out = err == ERR_NONE;
	if (err == ERR_TIMEOUT)
		return ERR_AGAIN;
	if (err == ERR_AGAIN)
		return ERR_TORN;
	return err == ERR_NONE ? read_datagram(n, q, len, refusal_out) : err;
}

void
netlink_wait(const struct netlink *n, int64_t deadline_ms)
{
	pause_for(n, POLLIN, deadline_ms);
}

enum err
netlink_ask(struct netlink *n, const struct netlink_question *q,
	    struct netlink_refusal *refusal_out)
{
	int64_t deadline = clock_ms() + n->wait_ms;
	size_t len = 0;
	enum err err;

	*refusal_out = (struct netlink_refusal){ 0 };
	err = netlink_send(n, q);
	if (err != ERR_NONE)
		return err;
	for (;;) {
		err = receive(n, deadline, &len);
		if (err != ERR_NONE)
			return err;
		err = read_datagram(n, q, len, refusal_out);
		if (err != ERR_AGAIN)
			return err;
		if (clock_ms() >= deadline)
			return ERR_TIMEOUT;
	}
}

/* ---- batches ------------------------------------------------------------ */

/* Numbers the messages; only the last but the end is to be acknowledged. */
static void
number(struct netlink *n, const struct netlink_batch *b)
{
	struct nlmsghdr *h = b->bytes, *last = NULL;
	int left = (int)b->len;

	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		h->nlmsg_seq = ++n->seq;
		if (left > (int)NLMSG_ALIGN(h->nlmsg_len))
			last = h;
	}
	assert(left == 0 && last != NULL);
	last->nlmsg_flags |= NLM_F_ACK;
}

/* Refusals stand before the acknowledgement, that of the commit itself first
 * of all (net/netfilter/nfnetlink.c). */
static enum err
read_verdict(const struct netlink *n, uint32_t first, size_t len,
	     struct netlink_refusal *out)
{
	const struct nlmsghdr *h = (const void *)n->in;
	int left = (int)len;

	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		enum err err;

		if (h->nlmsg_seq - first > n->seq - first ||
		    h->nlmsg_pid != n->port || h->nlmsg_type != NLMSG_ERROR)
			continue;
		err = read_error(h, out);
		if (err != ERR_NONE || h->nlmsg_seq == n->seq - 1)
			return err;
	}
	return ERR_AGAIN;
}

enum err
netlink_ask_batch(struct netlink *n, const struct netlink_batch *b,
		  struct netlink_refusal *refusal_out)
{
	int64_t deadline = clock_ms() + n->wait_ms;
	uint32_t first = n->seq + 1;
	size_t len = 0;
	enum err err;

	*refusal_out = (struct netlink_refusal){ 0 };
	number(n, b);
	err = send_out(n, b->bytes, b->len, deadline);
	if (err != ERR_NONE)
		return err;
	for (;;) {
		err = receive(n, deadline, &len);
		if (err != ERR_NONE)
			return err;
		err = read_verdict(n, first, len, refusal_out);
		if (err != ERR_AGAIN)
			return err;
		if (clock_ms() >= deadline)
			return ERR_TIMEOUT;
	}
}
