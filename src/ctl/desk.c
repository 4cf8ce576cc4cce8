/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Callers at the control socket, from accept() to close().
 *
 * A caller asks (its line is read), perhaps waits (the supervisor reloads),
 * and hears (its answer is written). Nothing here blocks, and a caller that
 * stalls is dismissed: DNS never depends on this process, and one caller
 * never on another.
 */
#include "ctl/desk.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proc/post.h"

static void
drop_image(struct caller *c)
{
	if (c->answer.image != -1)
		close(c->answer.image);
	c->answer.image = -1;
}

static void
dismiss(struct caller *c)
{
	close(c->fd);
	drop_image(c);
	if (c->state == CALLER_HEARS)
		answer_free(&c->answer);
	c->fd = -1;
}

static void
hear(struct caller *c, int64_t now_ms)
{
	while (c->sent < c->answer.text.len) {
		ssize_t n = send(c->fd, c->answer.text.buf + c->sent,
				 c->answer.text.len - c->sent,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n == -1 && errno == EAGAIN)
			return;
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		c->sent += (size_t)n;
		c->deadline_ms = now_ms + DESK_ANSWER_MS;
	}
	dismiss(c);
}

static void
begin_hearing(struct caller *c, int64_t now_ms)
{
	c->state = CALLER_HEARS;
	c->sent = 0;
	c->deadline_ms = now_ms + DESK_ANSWER_MS;
	hear(c, now_ms);
}

static void
hear_error(struct caller *c, const char *why, int64_t now_ms)
{
	c->answer.heap = NULL;
	answer_error(&c->answer, "%s", why);
	begin_hearing(c, now_ms);
}

/* What a wish goes by; its number is the first word behind the head of each
 * of those letters. */
static const struct {
	enum letter_kind kind;
	size_t size;
} wishes[] = {
	[WISH_RELOAD] = { POST_RELOAD, sizeof(struct reload_letter) },
	[WISH_CONFIRM] = { POST_CONFIRM, sizeof(struct plain_letter) },
	[WISH_CACHE] = { POST_CACHE, sizeof(struct cache_letter) },
	[WISH_REVOKE] = { POST_REVOKE, sizeof(struct revoke_letter) },
	[WISH_SOURCE] = { POST_SOURCE, sizeof(struct source_letter) },
	[WISH_AUDIT] = { POST_AUDIT, sizeof(struct plain_letter) },
};

static void
ask_supervisor(struct desk *d, struct caller *c, int64_t now_ms)
{
	struct plain_letter *letter = &c->answer.letter.plain;

	letter->seq = ++d->seq;
	post_head(&letter->head, wishes[c->answer.wish].kind, 0);
	if (post_send(d->supervisor, letter, wishes[c->answer.wish].size,
		      -1) != ERR_NONE) {
		hear_error(c, "the supervisor cannot be reached", now_ms);
		return;
	}
	c->state = CALLER_WAITS;
	c->seq = d->seq;
	c->deadline_ms = now_ms + DESK_RELOAD_MS;
}

static void
line_complete(struct desk *d, struct caller *c, size_t len, int64_t now_ms)
{
	answer_request(&c->answer, d->view, c->line, len);
	if (c->answer.wish != WISH_NONE)
		ask_supervisor(d, c, now_ms);
	else
		begin_hearing(c, now_ms);
}

/* The last descriptor that came along is kept, whatever it is. */
static void
take_image(struct caller *c, struct msghdr *m)
{
	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h != NULL;
	     h = CMSG_NXTHDR(m, h)) {
		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		drop_image(c);
		memcpy(&c->answer.image, CMSG_DATA(h), sizeof(int));
	}
}

static ssize_t
receive(struct caller *c)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec into = { .iov_base = c->line + c->line_len,
			      .iov_len = sizeof(c->line) - c->line_len };
	struct msghdr m = { .msg_iov = &into,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(c->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n >= 0)
		take_image(c, &m);
	return n;
}

static void
read_line(struct desk *d, struct caller *c, int64_t now_ms)
{
	ssize_t n = receive(c);
	const char *end;

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		dismiss(c);
		return;
	}
	end = memchr(c->line + c->line_len, '\n', (size_t)n);
	c->line_len += (size_t)n;
	if (end != NULL)
		line_complete(d, c, (size_t)(end - c->line), now_ms);
	else if (c->line_len == sizeof(c->line))
		line_complete(d, c, c->line_len, now_ms); /* too long */
}

static struct caller *
free_place(struct desk *d)
{
	for (unsigned i = 0; i < DESK_CALLERS; i++) {
		if (d->caller[i].fd == -1)
			return &d->caller[i];
	}
	return NULL;
}

/* For the log: nobody is let in or kept out by it. */
static uint32_t
uid_of(int fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == -1)
		return UINT32_MAX;
	return who.uid;
}

static void
welcome(struct desk *d, int64_t now_ms)
{
	struct caller *c = free_place(d);
	int fd;

	if (c == NULL)
		return;
	fd = accept4(d->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd == -1) {
		/* Where it is for want of descriptors, the listener stays
		 * readable: without a rest we would spin. */
		if (errno != EAGAIN && errno != EINTR)
			d->rest_until_ms = now_ms + DESK_REST_MS;
		return;
	}
	c->fd = fd;
	c->answer.uid = uid_of(fd);
	c->answer.image = -1;
	c->state = CALLER_ASKS;
	c->line_len = 0;
	c->deadline_ms = now_ms + DESK_REQUEST_MS;
}

static void
expire(struct caller *c, int64_t now_ms)
{
	if (c->state == CALLER_ASKS)
		hear_error(c, "no request within 5 s", now_ms);
	else if (c->state == CALLER_WAITS)
		hear_error(c, "no word from the supervisor within 30 s; what "
			      "was asked for may still happen", now_ms);
	else
		dismiss(c);
}

static void
attend(struct desk *d, struct caller *c, short found, int64_t now_ms)
{
	if (found != 0 && c->state == CALLER_ASKS)
		read_line(d, c, now_ms);
	else if (found != 0 && c->state == CALLER_HEARS)
		hear(c, now_ms);
	else if (found & (POLLHUP | POLLERR))
		dismiss(c);
	if (c->fd != -1 && now_ms >= c->deadline_ms)
		expire(c, now_ms);
}

void
desk_init(struct desk *d, const struct view *view, int listener,
	  int supervisor)
{
	d->listener = listener;
	d->supervisor = supervisor;
	d->view = view;
	d->seq = 0;
	d->rest_until_ms = 0;
	for (unsigned i = 0; i < DESK_CALLERS; i++)
		d->caller[i].fd = -1;
}

void
desk_fini(struct desk *d)
{
	for (unsigned i = 0; i < DESK_CALLERS; i++) {
		if (d->caller[i].fd != -1)
			dismiss(&d->caller[i]);
	}
}

void
desk_watch(const struct desk *d, struct pollfd fds[DESK_FDS], int64_t now_ms)
{
	static const short events[] = { [CALLER_ASKS] = POLLIN,
					[CALLER_WAITS] = 0,
					[CALLER_HEARS] = POLLOUT };
	bool room = false;

	for (unsigned i = 0; i < DESK_CALLERS; i++) {
		const struct caller *c = &d->caller[i];

		room = room || c->fd == -1;
		fds[i + 1] = (struct pollfd){ .fd = c->fd };
		if (c->fd != -1)
			fds[i + 1].events = events[c->state];
	}
	fds[0] = (struct pollfd){
		.fd = room && now_ms >= d->rest_until_ms ? d->listener : -1,
		.events = POLLIN
	};
}

int
desk_wait_ms(const struct desk *d, int64_t now_ms)
{
	int64_t first = now_ms < d->rest_until_ms ? d->rest_until_ms
						  : INT64_MAX;

	for (unsigned i = 0; i < DESK_CALLERS; i++) {
		const struct caller *c = &d->caller[i];

		if (c->fd != -1 && c->deadline_ms < first)
			first = c->deadline_ms;
	}
	if (first == INT64_MAX)
		return -1;
	return first <= now_ms ? 0 : (int)(first - now_ms);
}

void
desk_serve(struct desk *d, const struct pollfd fds[DESK_FDS], int64_t now_ms)
{
	for (unsigned i = 0; i < DESK_CALLERS; i++) {
		if (d->caller[i].fd != -1)
			attend(d, &d->caller[i], fds[i + 1].revents, now_ms);
	}
	if (fds[0].revents != 0)
		welcome(d, now_ms);
}

/* Who waits for that word, or NULL. */
static struct caller *
who_waits(struct desk *d, uint32_t seq, enum answer_wish wish)
{
	for (unsigned i = 0; i < DESK_CALLERS; i++) {
		struct caller *c = &d->caller[i];

		if (c->fd != -1 && c->state == CALLER_WAITS && c->seq == seq &&
		    c->answer.wish == wish)
			return c;
	}
	return NULL;
}

void
desk_reloaded(struct desk *d, const struct reloaded_letter *letter,
	      int64_t now_ms)
{
	struct caller *c = who_waits(d, letter->seq, WISH_RELOAD);

	if (c == NULL)
		return;
	answer_reloaded(&c->answer, letter);
	begin_hearing(c, now_ms);
}

void
desk_confirmed(struct desk *d, const struct plain_letter *letter,
	       int64_t now_ms)
{
	struct caller *c = who_waits(d, letter->seq, WISH_CONFIRM);

	if (c == NULL)
		return;
	answer_confirmed(&c->answer, letter);
	begin_hearing(c, now_ms);
}

void
desk_revoked(struct desk *d, const struct revoked_letter *letter,
	     int64_t now_ms)
{
	struct caller *c = who_waits(d, letter->seq, WISH_REVOKE);

	if (c == NULL)
		return;
	answer_revoked(&c->answer, letter);
	begin_hearing(c, now_ms);
}

void
desk_sourced(struct desk *d, const struct plain_letter *letter,
	     int64_t now_ms)
{
	struct caller *c = who_waits(d, letter->seq, WISH_SOURCE);

	if (c == NULL)
		return;
	answer_sourced(&c->answer, letter);
	begin_hearing(c, now_ms);
}

void
desk_cached(struct desk *d, const struct cached_letter *letter, int dump,
	    int64_t now_ms)
{
	struct caller *c = who_waits(d, letter->seq, WISH_CACHE);

	if (c == NULL)
		return;
	answer_cached(&c->answer, letter, dump);
	begin_hearing(c, now_ms);
}

void
desk_audited(struct desk *d, const struct audited_letter *letter, int list,
	     int64_t now_ms)
{
	struct caller *c = who_waits(d, letter->seq, WISH_AUDIT);

	if (c == NULL)
		return;
	answer_audited(&c->answer, letter, list);
	begin_hearing(c, now_ms);
}
