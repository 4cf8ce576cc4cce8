/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets: the calls that move bytes. */
#include "calls.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "process.h"
#include "resolvers.h"
#include "trouble.h"
#include "wires.h"
#include "world.h"

int __real_close(int fd);

struct trouble trouble;

static int
fail(int error)
{
	errno = error;
	return -1;
}

/* ---- sockets ------------------------------------------------------------ */

int
__wrap_socket(int domain, int type, int protocol)
{
	struct thing *t;

	(void)domain, (void)protocol;
	process_point();
	if (per_mille(trouble.socket))
		return fail(EMFILE);
	t = thing_new((type & 0xf) == SOCK_DGRAM ? THING_ASKER : THING_STREAM);
	return wires_open(t, process_current());
}

int
__wrap_bind(int fd, const struct sockaddr *at, socklen_t len)
{
	struct thing *t = wires_thing(fd);
	union sockaddr_any any = { 0 };

	memcpy(&any, at, len);
	if (per_mille(trouble.bind))
		return fail(EADDRINUSE);
	endpoint_from_sockaddr(&any, &t->local);
	return 0;
}

int
__wrap_connect(int fd, const struct sockaddr *at, socklen_t len)
{
	struct thing *t = wires_thing(fd);
	union sockaddr_any any = { 0 };

	memcpy(&any, at, len);
	endpoint_from_sockaddr(&any, &t->to);
	if (per_mille(trouble.send))
		return fail(ENETUNREACH);
	if (t->kind == THING_ASKER)
		return 0;
	t->connecting = true;
	resolvers_connect(t);
	return fail(EINPROGRESS);
}

int
__wrap_accept4(int fd, struct sockaddr *from, socklen_t *len, int flags)
{
	struct thing *t = wires_thing(fd), *stream;
	union sockaddr_any at;

	(void)flags;
	process_point();
	if (per_mille(trouble.socket))
		return fail(EMFILE);
	if (thing_first(t) == NULL)
		return fail(EAGAIN);
	stream = t->first->thing;
	thing_drop_first(t);
	stream->holders--; /* the letter's; the descriptor's follows */
	*len = endpoint_to_sockaddr(&stream->to, &at);
	memcpy(from, &at, *len);
	return wires_open(stream, process_current());
}

int
__wrap_shutdown(int fd, int how)
{
	(void)how;
	wires_thing(fd)->shut = true;
	return 0;
}

int
__wrap_close(int fd)
{
	return wires_close(fd);
}

/* The interface that the handshake came in by. */
static int
tell_stream_ingress(const struct thing *t, void *to, socklen_t *len)
{
	struct in_pktinfo four = { .ipi_ifindex = (int)t->ifindex };
	struct in6_pktinfo six = { .ipi6_ifindex = t->ifindex };
	bool is_six = t->local.addr.family == 6;
	struct msghdr m = { .msg_control = to, .msg_controllen = *len };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	memset(to, 0, *len);
	c->cmsg_level = is_six ? IPPROTO_IPV6 : IPPROTO_IP;
	c->cmsg_type = is_six ? IPV6_PKTINFO : IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(is_six ? sizeof(six) : sizeof(four));
	if (is_six)
		memcpy(CMSG_DATA(c), &six, sizeof(six));
	else
		memcpy(CMSG_DATA(c), &four, sizeof(four));
	*len = (socklen_t)c->cmsg_len;
	return 0;
}

int
__wrap_getsockopt(int fd, int level, int name, void *to, socklen_t *len)
{
	struct thing *t = wires_thing(fd);

	if (level == IPPROTO_IP && name == IP_PKTOPTIONS)
		return tell_stream_ingress(t, to, len);
	if (level == IPPROTO_IPV6)
		return tell_stream_ingress(t, to, len);
	if (level != SOL_SOCKET || name != SO_ERROR)
		return fail(ENOPROTOOPT);
	memcpy(to, &t->error, sizeof(t->error));
	*len = sizeof(t->error);
	t->error = 0;
	return 0;
}

int
__wrap_setsockopt(int fd, int level, int name, const void *from, socklen_t len)
{
	(void)fd, (void)level, (void)name, (void)from, (void)len;
	return 0;
}

int
__wrap_getsockname(int fd, struct sockaddr *at, socklen_t *len)
{
	const struct thing *t = wires_thing(fd);
	struct endpoint local = t->local;
	union sockaddr_any any;

	if (t->six)
		local = (struct endpoint){ .addr.family = 6, .port = 53 };
	*len = endpoint_to_sockaddr(&local, &any);
	memcpy(at, &any, *len);
	return 0;
}

/* ---- channels ----------------------------------------------------------- */

static int newest_end = -1;

int
calls_newest_end(void)
{
	return newest_end;
}

int
__wrap_socketpair(int domain, int type, int protocol, int sv[2])
{
	struct thing *end[2];

	(void)domain, (void)type, (void)protocol;
	letters_pair(end);
	sv[0] = wires_open(end[0], process_current());
	sv[1] = newest_end = wires_open(end[1], process_current());
	return 0;
}

static size_t
flatten(const struct msghdr *m, uint8_t *to, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < m->msg_iovlen; i++) {
		size_t n = m->msg_iov[i].iov_len;

		assert(len + n <= size);
		if (n > 0)
			memcpy(to + len, m->msg_iov[i].iov_base, n);
		len += n;
	}
	return len;
}

static void
carry(struct parcel *p, const struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	int fd;

	if (c == NULL)
		return;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	p->thing = wires_thing(fd);
	if (p->thing != NULL)
		p->thing->holders++;
	else
		p->real = dup(fd);
}

static ssize_t
send_letter(struct thing *t, const struct msghdr *m)
{
	uint8_t bytes[POST_MAX_SIZE];
	size_t len = flatten(m, bytes, sizeof(bytes));

	if (t->peer == NULL)
		return fail(EPIPE);
	if (t->peer->queued > 0 && t->peer->queued + len > t->peer->room)
		return fail(EAGAIN);
	carry(thing_put(t->peer, bytes, len,
			now_us() + below(t->delay_most_us + 1)),
	      m);
	return (ssize_t)len;
}

static ssize_t
send_stream(struct thing *t, const uint8_t *bytes, size_t len)
{
	if (t->error != 0)
		return fail(t->error);
	if (t->eof && per_mille(500))
		return fail(EPIPE);
	if (t->window == 0)
		return fail(EAGAIN);
	if (len > t->window)
		len = t->window;
	if (len > 1 && per_mille(20))
		len = 1 + below((uint32_t)len);
	if (t->window != SIZE_MAX)
		t->window -= len;
	t->heard(t, bytes, len);
	return (ssize_t)len;
}

ssize_t
__wrap_sendmsg(int fd, const struct msghdr *m, int flags)
{
	struct thing *t = wires_thing(fd);
	static uint8_t bytes[70000];

	(void)flags;
	process_point();
	if (t == NULL)
		return fail(EBADF);
	if (t->kind == THING_LETTERS)
		return send_letter(t, m);
	return send_stream(t, bytes, flatten(m, bytes, sizeof(bytes)));
}

static void
hand_out(struct parcel *p, struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	int fd = p->real;

	if (p->thing == NULL && p->real == -1) {
		m->msg_controllen = 0;
		return;
	}
	if (p->thing != NULL) {
		fd = wires_open(p->thing, process_current());
		p->thing->holders--; /* the letter's */
	} else {
		wires_own_real(fd, process_current());
	}
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
}

ssize_t
__wrap_recvmsg(int fd, struct msghdr *m, int flags)
{
	struct thing *t = wires_thing(fd);
	struct parcel *p;
	size_t len;

	(void)flags;
	process_point();
	if (t == NULL)
		return fail(EBADF);
	if (t->reset) {
		t->reset = false;
		return fail(ECONNRESET);
	}
	p = thing_first(t);
	if (p == NULL && (t->peer != NULL || t->first != NULL))
		return fail(EAGAIN);
	m->msg_flags = 0;
	if (p == NULL) {
		m->msg_controllen = 0;
		return 0;
	}
	len = p->len;
	assert(len <= m->msg_iov[0].iov_len);
	memcpy(m->msg_iov[0].iov_base, p->bytes, len);
	hand_out(p, m);
	thing_drop_first(t);
	return (ssize_t)len;
}

/* ---- upstreams, connections --------------------------------------------- */

ssize_t
__wrap_send(int fd, const void *bytes, size_t len, int flags)
{
	struct thing *t = wires_thing(fd);

	(void)flags;
	process_point();
	if (per_mille(trouble.send))
		return fail(ENOBUFS);
	resolvers_hear(t, bytes, len);
	return (ssize_t)len;
}

static ssize_t
read_stream(struct thing *t, void *bytes, size_t len)
{
	struct parcel *p = thing_first(t);
	size_t left;

	if (p == NULL)
		return t->eof && t->first == NULL ? 0 : fail(EAGAIN);
	left = p->len - p->at;
	if (len > left)
		len = left;
	memcpy(bytes, p->bytes + p->at, len);
	p->at += len;
	if (p->at == p->len)
		thing_drop_first(t);
	return (ssize_t)len;
}

ssize_t
__wrap_recv(int fd, void *bytes, size_t len, int flags)
{
	struct thing *t = wires_thing(fd);
	struct parcel *p;
	int error = t->error;

	(void)flags;
	process_point();
	if (error != 0) {
		t->error = 0;
		return fail(error);
	}
	if (t->kind == THING_STREAM)
		return read_stream(t, bytes, len);
	p = thing_first(t);
	if (p == NULL)
		return fail(EAGAIN);
	if (len > p->len)
		len = p->len;
	memcpy(bytes, p->bytes, len);
	thing_drop_first(t);
	return (ssize_t)len;
}
