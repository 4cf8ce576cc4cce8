/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Letters: the only way one of our processes can move another.
 *
 * The table of post.def is the whole check. A handler is never called with a
 * letter that its row does not allow, so no handler looks at sizes again.
 */
#include "proc/post.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct post_row {
	enum role from, to;
	size_t head_size, item_size;
	unsigned most;
};

static const struct post_row rows[POST_COUNT] = {
#define LETTER(kind, sender, receiver, head, item, most_)              \
	[POST_##kind] = { ROLE_##sender, ROLE_##receiver,              \
			  sizeof(struct head), sizeof(struct item), most_ },
#include "proc/post.def"
#undef LETTER
};

const char *
role_name(enum role role)
{
	static const char *const names[ROLE_COUNT] = {
		[ROLE_SUPERVISOR] = "supervisor", [ROLE_WORKER] = "worker",
		[ROLE_WARDEN] = "warden",	  [ROLE_RECORDER] = "recorder",
		[ROLE_CONTROL] = "control",	  [ROLE_COMPILER] = "compiler",
		[ROLE_WITNESS] = "witness",	  [ROLE_LISTS] = "lists",
		[ROLE_ANY] = "any"
	};

	return role < ROLE_COUNT ? names[role] : "unknown";
}

size_t
post_size(enum letter_kind kind, unsigned count)
{
	return rows[kind].head_size + count * rows[kind].item_size;
}

void
post_head(struct letter_head *head, enum letter_kind kind, unsigned count)
{
	*head = (struct letter_head){ .magic = LETTER_MAGIC,
				      .version = LETTER_VERSION,
				      .kind = (uint8_t)kind,
				      .count = (uint16_t)count };
}

static bool
role_fits(enum role row, enum role is)
{
	return row == is || (row == ROLE_ANY && is != ROLE_SUPERVISOR);
}

enum err
post_check(enum role from, enum role to, const void *letter, size_t size)
{
	struct letter_head head;

	if (size < sizeof(head))
		return ERR_BROKEN;
	memcpy(&head, letter, sizeof(head));
	if (head.magic != LETTER_MAGIC || head.version != LETTER_VERSION ||
	    head.pad != 0 || head.kind == POST_NONE || head.kind >= POST_COUNT)
		return ERR_BROKEN;

	const struct post_row *row = &rows[head.kind];

	if (!role_fits(row->from, from) || !role_fits(row->to, to))
		return ERR_BROKEN;
	/* Where a row has items there is at least one. */
	if (head.count > row->most || (row->most > 0 && head.count == 0))
		return ERR_BROKEN;
	if (size != post_size((enum letter_kind)head.kind, head.count))
		return ERR_BROKEN;
	return ERR_NONE;
}

enum err
post_pair(int end_out[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0, end_out) == -1)
		return ERR_SYSTEM;
	return ERR_NONE;
}

void
post_widen(int end, int bytes)
{
	if (setsockopt(end, SOL_SOCKET, SO_SNDBUFFORCE, &bytes,
		       sizeof(bytes)) == -1)
		setsockopt(end, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

union passed {
	struct cmsghdr align;
	char room[CMSG_SPACE(sizeof(int) * POST_MAX_FDS)];
};

static enum err
send_cause(void)
{
	switch (errno) {
	case EAGAIN:
	case ENOBUFS:
		return ERR_AGAIN;
	case EPIPE:
	case ECONNRESET:
	case ENOTCONN:
		return ERR_CLOSED;
	default:
		return ERR_SYSTEM;
	}
}

enum err
post_send(int channel, const void *letter, size_t size, int fd)
{
	struct iovec part = { .iov_base = (void *)(uintptr_t)letter,
			      .iov_len = size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	union passed passed = { 0 };
	ssize_t sent;

	if (fd != -1) {
		message.msg_control = &passed;
		message.msg_controllen = sizeof(passed);

		struct cmsghdr *c = CMSG_FIRSTHDR(&message);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	do
		sent = sendmsg(channel, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent == -1 && errno == EINTR);
	return sent == -1 ? send_cause() : ERR_NONE;
}

/* The first descriptor that came along; there can be no second, for the
 * control room holds one only and the kernel closes the rest. */
static int
passed_fd(struct msghdr *message)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len >= CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

static enum err
receive(int channel, void *letter, size_t *size_out, int *fd_out)
{
	struct iovec part = { .iov_base = letter, .iov_len = POST_MAX_SIZE };
	union passed passed;
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &passed,
				  .msg_controllen = sizeof(passed) };
	ssize_t got;

	do
		got = recvmsg(channel, &message,
			      MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (got == -1 && errno == EINTR);
	if (got == -1)
		return errno == EAGAIN ? ERR_AGAIN :
		       errno == ECONNRESET ? ERR_CLOSED : ERR_SYSTEM;
	*fd_out = passed_fd(&message);
	if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return ERR_BROKEN;
	if (got == 0)
		return ERR_CLOSED;
	*size_out = (size_t)got;
	return ERR_NONE;
}

/* A descriptor belongs to each HAND and AUDIT_DO, to some of INCLUDED,
 * CACHE_DO, CACHED and AUDITED, and to nothing else. */
static bool
fd_fits(uint8_t kind, bool has_fd)
{
	if (kind == POST_INCLUDED || kind == POST_CACHE_DO ||
	    kind == POST_CACHED || kind == POST_AUDITED)
		return true;
	return has_fd == (kind == POST_HAND || kind == POST_AUDIT_DO);
}

static enum err
deliver(struct post *p, const void *letter, size_t size, int fd)
{
	struct letter_head head;

	if (post_check(p->peer, p->self, letter, size) != ERR_NONE)
		return ERR_BROKEN;
	memcpy(&head, letter, sizeof(head));
	if (!fd_fits(head.kind, fd != -1) || !p->handler[head.kind])
		return ERR_BROKEN;
	p->handler[head.kind](p->arg, letter, size, fd);
	return ERR_NONE;
}

enum err
post_pump(struct post *p, unsigned most)
{
	_Alignas(16) unsigned char letter[POST_MAX_SIZE];

	for (unsigned i = 0; i < most; i++) {
		size_t size = 0;
		int fd = -1;
		enum err err = receive(p->channel, letter, &size, &fd);

		if (err == ERR_NONE)
			err = deliver(p, letter, size, fd);
		if (err == ERR_NONE)
			continue;
		if (fd != -1)
			close(fd);
		return err == ERR_AGAIN ? ERR_NONE : err;
	}
	return ERR_NONE;
}
