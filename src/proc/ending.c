/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a daemon: workers answer what they have, then the others go, and
 * whoever is late is killed. Nothing that was granted is taken back.
 */
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "proc/notify.h"
#include "proc/supervise.h"

enum { DRAIN_MS = 3500, FAREWELL_MS = 1500 };

static bool
any_left(const struct crew *c, bool workers_only)
{
	for (unsigned i = 0; i < c->count; i++)
		if (c->child[i].pid > 0 &&
		    (!workers_only || c->child[i].role == ROLE_WORKER))
			return true;
	return false;
}

static void
tell_stop(struct crew *c, bool workers)
{
	for (unsigned i = 0; i < c->count; i++) {
		struct child *child = &c->child[i];

		child->restart_ms = 0;
		if (child->pid == 0 || child->stopping ||
		    (child->role == ROLE_WORKER) != workers)
			continue;
		child->stopping = true;
		if (child_tell(child, POST_STOP, 0, 0) != ERR_NONE)
			child_kill(child);
	}
}

static void
kill_rest(struct crew *c)
{
	for (unsigned i = 0; i < c->count; i++)
		child_kill(&c->child[i]);
}

void
ending_begin(struct supervisor *s)
{
	if (s->phase >= DRAINING)
		return;
	log_info("Stopping");
	notify("STOPPING=1");
	s->phase = DRAINING;
	s->phase_ends_ms = clock_ms() + DRAIN_MS;
	tell_stop(&s->crew, true);
}

void
ending_proceed(struct supervisor *s, int64_t now)
{
	bool late = now >= s->phase_ends_ms;

	if (s->phase == DRAINING && (late || !any_left(&s->crew, true))) {
		s->phase = LEAVING;
		s->phase_ends_ms = now + FAREWELL_MS;
		tell_stop(&s->crew, false);
	} else if (s->phase == LEAVING && late && s->phase_ends_ms != 0) {
		kill_rest(&s->crew);
	}
	if (s->phase == LEAVING && !any_left(&s->crew, false))
		s->phase = ENDED;
}

/* Rules and sets stay; only what would mislead the next start goes. */
void
ending_farewell(struct supervisor *s)
{
	s->phase = s->phase < LEAVING ? LEAVING : s->phase;
	s->phase_ends_ms = clock_ms() + FAREWELL_MS;
	tell_stop(&s->crew, true);
	tell_stop(&s->crew, false);
	while (any_left(&s->crew, false))
		supervisor_turn(s);
	if (s->crew.control != -1)
		unlink(s->opt->control);
}
