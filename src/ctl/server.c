/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control process: one loop over the control socket and the supervisor.
 *
 * It reads what local users write, so it holds nothing: no capability, no
 * file, no socket but the one it was handed; what it shows is mapped
 * read-only, and the one thing it can ask for is a letter of fixed size. It
 * ends with the supervisor's channel.
 */
#include "ctl/server.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "ctl/desk.h"
#include "ctl/view.h"
#include "proc/post.h"
#include "proc/role.h"

enum { LETTERS_A_TURN = 16 };

struct server {
	struct view view;
	struct desk desk;
	struct post post;
	const struct role_kit *kit;
	bool stopped;
};

static void
on_hand(void *self, const void *letter, size_t size, int fd)
{
	struct server *s = self;
	struct hand_letter hand;

	(void)size;
	memcpy(&hand, letter, sizeof(hand));
	view_take(&s->view, &hand, fd);
	if (hand.hand == HAND_POLICY)
		role_taken(s->kit, s->view.policy.generation);
}

static void
on_reloaded(void *self, const void *letter, size_t size, int fd)
{
	struct server *s = self;
	struct reloaded_letter reloaded;

	(void)size;
	(void)fd;
	memcpy(&reloaded, letter, sizeof(reloaded));
	desk_reloaded(&s->desk, &reloaded, clock_ms());
}

static void
on_confirmed(void *self, const void *letter, size_t size, int fd)
{
	struct server *s = self;
	struct plain_letter confirmed;

	(void)size;
	(void)fd;
	memcpy(&confirmed, letter, sizeof(confirmed));
	desk_confirmed(&s->desk, &confirmed, clock_ms());
}

static void
on_revoked(void *self, const void *letter, size_t size, int fd)
{
	struct server *s = self;
	struct revoked_letter revoked;

	(void)size;
	(void)fd;
	memcpy(&revoked, letter, sizeof(revoked));
	desk_revoked(&s->desk, &revoked, clock_ms());
}

static void
on_sourced(void *self, const void *letter, size_t size, int fd)
{
	struct server *s = self;
	struct plain_letter said;

	(void)size;
	(void)fd;
	memcpy(&said, letter, sizeof(said));
	desk_sourced(&s->desk, &said, clock_ms());
}

static void
on_cached(void *self, const void *letter, size_t size, int fd)
{
	struct server *s = self;
	struct cached_letter cached;

	(void)size;
	memcpy(&cached, letter, sizeof(cached));
	desk_cached(&s->desk, &cached, fd, clock_ms());
	if (fd != -1)
		close(fd);
}

static void
on_audited(void *self, const void *letter, size_t size, int fd)
{
	struct server *s = self;
	struct audited_letter audited;

	(void)size;
	memcpy(&audited, letter, sizeof(audited));
	desk_audited(&s->desk, &audited, fd, clock_ms());
	if (fd != -1)
		close(fd);
}

static void
on_stop(void *self, const void *letter, size_t size, int fd)
{
	struct server *s = self;

	(void)letter;
	(void)size;
	(void)fd;
	s->stopped = true;
}

/* One wait and what it brought. ERR_CLOSED: the supervisor is gone. */
static enum err
turn(struct server *s)
{
	struct pollfd fds[DESK_FDS + 1];
	int64_t now_ms = clock_ms();
	enum err err;

	desk_watch(&s->desk, fds, now_ms);
	fds[DESK_FDS] = (struct pollfd){ .fd = s->post.channel,
					 .events = POLLIN };
	if (poll(fds, DESK_FDS + 1, desk_wait_ms(&s->desk, now_ms)) == -1)
		return errno == EINTR ? ERR_NONE : ERR_SYSTEM;
	/* A new policy is taken before a question about it is answered. */
	if (fds[DESK_FDS].revents != 0) {
		err = post_pump(&s->post, LETTERS_A_TURN);
		if (err != ERR_NONE)
			return err;
	}
	desk_serve(&s->desk, fds, clock_ms());
	return ERR_NONE;
}

static int
serve(struct server *s)
{
	enum err err = ERR_NONE;

	while (err == ERR_NONE && !s->stopped)
		err = turn(s);
	if (err == ERR_NONE || err == ERR_CLOSED)
		return 0;
	log_error("Control ends: %s", err_text(err));
	return 1;
}

int
control_main(struct role_kit *kit)
{
	struct server s = { .kit = kit,
			    .post = { .channel = kit->supervisor,
				      .self = ROLE_CONTROL,
				      .peer = ROLE_SUPERVISOR,
				      .handler = {
					  [POST_HAND] = on_hand,
					  [POST_STOP] = on_stop,
					  [POST_RELOADED] = on_reloaded,
					  [POST_CONFIRMED] = on_confirmed,
					  [POST_REVOKED] = on_revoked,
					  [POST_SOURCE_SAID] = on_sourced,
					  [POST_CACHED] = on_cached,
					  [POST_AUDITED] = on_audited } } };
	int status;

	s.post.arg = &s;
	if (view_open(&s.view, kit) != ERR_NONE)
		return 1;
	desk_init(&s.desk, &s.view, kit->control, kit->supervisor);
	if (role_enter_sandbox(kit) != ERR_NONE ||
	    role_ready(kit) != ERR_NONE) {
		view_close(&s.view);
		return 1;
	}
	status = serve(&s);
	desk_fini(&s.desk);
	view_close(&s.view);
	return status;
}
