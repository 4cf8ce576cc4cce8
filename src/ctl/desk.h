/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The desk at the control socket: at most DESK_CALLERS local programs at one
 * time, each with one request line and one answer. Others wait in the
 * socket's queue. Nobody holds a place longer than the times below.
 *
 * Who may connect is settled by the socket's mode and group.
 */
#ifndef CTL_DESK_H
#define CTL_DESK_H

#include <poll.h>
#include <stdint.h>

#include "ctl/answer.h"
#include "ctl/commands.h"
#include "ctl/view.h"

enum {
	DESK_CALLERS = 8,
	DESK_FDS = DESK_CALLERS + 1,
	DESK_REQUEST_MS = 5000,	 /* from connect to the end of the line */
	DESK_ANSWER_MS = 5000,	 /* without taking any of the answer */
	DESK_RELOAD_MS = 30000,	 /* for the supervisor's word */
	DESK_REST_MS = 100	 /* after accept() failed */
};

enum caller_state { CALLER_ASKS, CALLER_WAITS, CALLER_HEARS };

struct caller {
	int fd; /* -1: the place is free */
	enum caller_state state;
	int64_t deadline_ms;
	uint32_t seq; /* of the reload it waits for */
	size_t line_len, sent;
	char line[REQUEST_MAX];
	struct answer answer;
};

struct desk {
	int listener;	/* non-blocking, listening; the caller's */
	int supervisor; /* channel */
	const struct view *view;
	uint32_t seq;	 /* of the last reload asked for */
	int64_t rest_until_ms;
	struct caller caller[DESK_CALLERS];
};

void desk_init(struct desk *d, const struct view *view, int listener,
	       int supervisor);
void desk_fini(struct desk *d);
/* What to wait for: the listener, then a place for each caller. */
void desk_watch(const struct desk *d, struct pollfd fds[DESK_FDS],
		int64_t now_ms);
/* How long that wait may last, for poll(); -1: for ever. */
int desk_wait_ms(const struct desk *d, int64_t now_ms);
/* Does what the wait found, and ends what is past its time. */
void desk_serve(struct desk *d, const struct pollfd fds[DESK_FDS],
		int64_t now_ms);
/* The supervisor's word on a reload; one that nobody waits for is ignored. */
void desk_reloaded(struct desk *d, const struct reloaded_letter *letter,
		   int64_t now_ms);
/* The same for what else is wished of the supervisor. */
void desk_confirmed(struct desk *d, const struct plain_letter *letter,
		    int64_t now_ms);
void desk_revoked(struct desk *d, const struct revoked_letter *letter,
		  int64_t now_ms);
void desk_sourced(struct desk *d, const struct plain_letter *letter,
		  int64_t now_ms);
/* The same for caches and audits; the descriptor stays the caller's. */
void desk_cached(struct desk *d, const struct cached_letter *letter, int dump,
		 int64_t now_ms);
void desk_audited(struct desk *d, const struct audited_letter *letter,
		  int list, int64_t now_ms);

#endif
