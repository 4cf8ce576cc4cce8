/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes in and out of a TCP socket, without waiting for either.
 *
 * Whoever reads slowly fills his own buffer and is then told so; nobody else
 * waits for him and nothing is allocated for him. A stream never closes
 * itself: its owner hears of an error by the return value and decides.
 */
#include "net/stream.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

void
stream_init(struct stream *s, const struct stream_setup *setup, int fd)
{
	*s = (struct stream){
		.fd = fd,
		.loop = setup->loop,
		.buffers = setup->buffers,
		.buffer_size = setup->buffer_size,
	};
	ready_init(&s->ready, fd, setup->fn, setup->owner);
}

static void
want(struct stream *s)
{
	ready_want(s->loop, &s->ready, s->reading,
		   s->connecting || s->waiting != NULL);
}

enum err
stream_connect(struct stream *s, const struct stream_setup *setup,
	       const struct endpoint *to)
{
	union sockaddr_any at;
	socklen_t len = endpoint_to_sockaddr(to, &at);
	int fd = socket(at.sa.sa_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	s->fd = -1;
	if (fd == -1)
		return ERR_SYSTEM;
	if (connect(fd, &at.sa, len) == -1 && errno != EINPROGRESS)
		goto undo;
	stream_init(s, setup, fd);
	s->connecting = true;
	want(s);
	return ERR_NONE;
undo:;
	int cause = errno; /* close() may spoil it */

	close(fd);
	errno = cause;
	return ERR_SYSTEM;
}

static void
forget_waiting(struct stream *s)
{
	if (s->waiting != NULL)
		pool_give(s->buffers, s->waiting);
	s->waiting = NULL;
	s->waiting_at = s->waiting_end = 0;
}

void
stream_end(struct stream *s)
{
	shutdown(s->fd, SHUT_WR);
}

void
stream_close(struct stream *s)
{
	if (s->fd == -1)
		return;
	ready_want(s->loop, &s->ready, false, false);
	close(s->fd);
	s->fd = -1;
	forget_waiting(s);
}

void
stream_read_on(struct stream *s, bool on)
{
	s->reading = on;
	want(s);
}

enum err
stream_read(struct stream *s, void *bytes, size_t size, size_t *got_out)
{
	ssize_t got = recv(s->fd, bytes, size, 0);

	if (got == 0)
		return ERR_CLOSED;
	if (got == -1)
		return errno == EAGAIN || errno == EINTR ? ERR_AGAIN
							 : ERR_SYSTEM;
	*got_out = (size_t)got;
	return ERR_NONE;
}

/* Room for len more bytes behind those that wait. */
static uint8_t *
make_room(struct stream *s, size_t len)
{
	if (s->waiting == NULL) {
		s->waiting = pool_take(s->buffers);
		if (s->waiting == NULL)
			return NULL;
		s->waiting_at = s->waiting_end = 0;
	}
	if (s->waiting_end - s->waiting_at > s->buffer_size - len)
		return NULL;
	if (s->waiting_end > s->buffer_size - len) {
		memmove(s->waiting, s->waiting + s->waiting_at,
			s->waiting_end - s->waiting_at);
		s->waiting_end -= s->waiting_at;
		s->waiting_at = 0;
	}
	return s->waiting + s->waiting_end;
}

/* Keeps what of both parts lies behind the first `sent` bytes. */
static enum err
keep(struct stream *s, const struct stream_part part[2], size_t sent)
{
	size_t len = part[0].len + part[1].len - sent;
	uint8_t *room;

	if (len > s->buffer_size || (room = make_room(s, len)) == NULL) {
		if (s->waiting_at == s->waiting_end)
			forget_waiting(s);
		return ERR_FULL;
	}
	for (unsigned i = 0; i < 2; i++) {
		size_t skip = sent < part[i].len ? sent : part[i].len;

		sent -= skip;
		if (part[i].len == skip)
			continue;
		memcpy(room, (const uint8_t *)part[i].bytes + skip,
		       part[i].len - skip);
		room += part[i].len - skip;
	}
	s->waiting_end += len;
	want(s);
	return ERR_NONE;
}

/* Bytes the kernel took; 0 where it takes none now, -1 where it is over. */
static ssize_t
push(struct stream *s, const struct stream_part part[2])
{
	struct iovec iov[2] = {
		{ (void *)(uintptr_t)part[0].bytes, part[0].len },
		{ (void *)(uintptr_t)part[1].bytes, part[1].len },
	};
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t sent = sendmsg(s->fd, &m, MSG_NOSIGNAL);

	if (sent == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return sent;
}

enum err
stream_write(struct stream *s, const struct stream_part part[2])
{
	ssize_t sent = 0;

	if (s->fd == -1)
		return ERR_CLOSED;
	if (!s->connecting && s->waiting == NULL) {
		sent = push(s, part);
		if (sent == -1)
			return ERR_SYSTEM;
		if ((size_t)sent == part[0].len + part[1].len)
			return ERR_NONE;
	}
	return keep(s, part, (size_t)sent);
}

static enum err
connected(struct stream *s)
{
	int error = 0;
	socklen_t len = sizeof(error);

	s->connecting = false;
	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		return ERR_SYSTEM;
	errno = error;
	return error == 0 ? ERR_NONE : ERR_SYSTEM;
}

enum err
stream_flush(struct stream *s)
{
	struct stream_part part[2] = { { NULL, 0 }, { NULL, 0 } };
	ssize_t sent;

	if (s->connecting && connected(s) != ERR_NONE)
		return ERR_SYSTEM;
	if (s->waiting != NULL) {
		part[0].bytes = s->waiting + s->waiting_at;
		part[0].len = s->waiting_end - s->waiting_at;
		sent = push(s, part);
		if (sent == -1)
			return ERR_SYSTEM;
		s->waiting_at += (size_t)sent;
		if (s->waiting_at == s->waiting_end)
			forget_waiting(s);
	}
	want(s);
	return ERR_NONE;
}

bool
stream_is_drained(const struct stream *s)
{
	return s->waiting == NULL;
}
