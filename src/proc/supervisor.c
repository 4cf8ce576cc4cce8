/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a daemon after its start: it is woken by signals, letters and
 * times, and every child that dies is replaced.
 */
#include "proc/supervise.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "proc/doors.h"
#include "proc/measure.h"
#include "proc/notify.h"

/* ---- children ---------------------------------------------------------- */

static void
on_death(struct supervisor *s, struct child *child, int status)
{
	int64_t now = clock_ms();

	child_ended(child, now);
	crew_publish(&s->crew);
	if (s->phase >= DRAINING) {
		child->restart_ms = 0;
		return;
	}
	if (WIFSIGNALED(status))
		log_error("The %s %u ended by signal %d; it is started again",
			  role_name(child->role), child->index,
			  WTERMSIG(status));
	else
		log_error("The %s %u ended with status %d; it is started "
			  "again",
			  role_name(child->role), child->index,
			  WEXITSTATUS(status));
}

/* The compiler is waited for by compilation_end(), so only the crew is asked
 * for by name here. */
static void
reap(struct supervisor *s)
{
	for (unsigned i = 0; i < s->crew.count; i++) {
		struct child *child = &s->crew.child[i];
		int status;

		if (child->pid > 0 &&
		    waitpid(child->pid, &status, WNOHANG) == child->pid)
			on_death(s, child, status);
	}
}

/* It hangs in its first steps: the next one may not. */
static void
end_unready(struct child *child, int64_t now)
{
	if (child->pid == 0 || child->ready || child->stopping ||
	    now - child->started_ms < START_LIMIT_MS)
		return;
	log_error("The %s %u did not become ready and is ended",
		  role_name(child->role), child->index);
	child->started_ms = now;
	child_kill(child);
}

static void
restart_due(struct supervisor *s, int64_t now)
{
	for (unsigned i = 0; i < s->crew.count; i++) {
		struct child *child = &s->crew.child[i];

		end_unready(child, now);
		if (child->restart_ms == 0 || child->restart_ms > now)
			continue;
		child->restart_ms = 0;
		if (crew_start(&s->crew, child) != ERR_NONE &&
		    child->pid == 0) {
			log_error("The %s cannot be started: %s",
				  role_name(child->role), strerror(errno));
			child_ended(child, now);
		}
	}
}

/* ---- signals ------------------------------------------------------------ */

/* Somebody has moved it away; where it cannot be made anew, lines go on to
 * where they went. */
static void
reopen_rpz_log(struct supervisor *s)
{
	char why[OPTION_TEXT_SIZE + 128];
	struct text text;
	int fd;

	if (s->opt->rpz_log[0] == '\0')
		return;
	text_init(&text, why, sizeof(why));
	if (door_log_file(s->opt->rpz_log, &fd, &text) == ERR_NONE)
		crew_new_rpz_log(&s->crew, fd);
	else
		log_error("--rpz-log: %s", why);
}

static void
on_signal(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue; /* each turn reaps */
		else if (info.ssi_signo == SIGUSR1)
			reopen_rpz_log(s);
		else if (info.ssi_signo == SIGHUP && s->phase == RUNNING)
			reload_begin(s);
		else if (info.ssi_signo != SIGHUP)
			ending_begin(s);
	}
}

/* ---- the loop ---------------------------------------------------------- */

enum { COMPILATION_AT = 2, FIXED_FDS = COMPILATION_AT + COMPILATION_FDS };

static int
sleep_ms(const struct supervisor *s, int64_t now)
{
	int64_t wait = LONGEST_SLEEP_MS;

	for (unsigned i = 0; i < s->crew.count; i++) {
		int64_t due = s->crew.child[i].restart_ms;

		if (due != 0 && due - now < wait)
			wait = due - now;
	}
	if (s->phase >= DRAINING && s->phase_ends_ms - now < wait)
		wait = s->phase_ends_ms - now;
	if (s->settle_until_ms != 0 && s->settle_until_ms - now < wait)
		wait = s->settle_until_ms - now;
	if (s->trial.end_ms != 0 && s->trial.end_ms - now < wait)
		wait = s->trial.end_ms - now;
	if (s->watchdog_ms > 0 && s->watchdog_next_ms - now < wait)
		wait = s->watchdog_next_ms - now;
	if (s->listing.changed && s->listing.due_ms - now < wait)
		wait = s->listing.due_ms - now;
	if (s->rules.check_ms != 0 && s->rules.check_ms - now < wait)
		wait = s->rules.check_ms - now;
	return wait > 0 ? (int)wait : 0;
}

static unsigned
fill_poll(const struct supervisor *s, struct pollfd *p)
{
	p[0] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = clock_ms() < s->own_pause_ms
					  ? -1
					  : own_watch_fd(s->own),
				.events = POLLIN };
	p[COMPILATION_AT] = p[COMPILATION_AT + 1] = (struct pollfd){ .fd = -1 };
	if (s->compiling)
		compilation_watch(&s->compilation, p + COMPILATION_AT);
	for (unsigned i = 0; i < s->crew.count; i++)
		p[FIXED_FDS + i] =
		    (struct pollfd){ .fd = s->crew.child[i].channel,
				     .events = POLLIN };
	return FIXED_FDS + s->crew.count;
}

static void
own_changed(struct supervisor *s)
{
	int fd;

	if (s->opt->source_check == SOURCE_CHECK_ROUTES)
		s->own_pause_ms = clock_ms() + OWN_PAUSE_MS;
	if (!own_watch_changed(s->own) ||
	    own_watch_image(s->own, &fd) != ERR_NONE)
		return;
	crew_new_own(&s->crew, fd);
	if (!s->follows_own || s->phase != RUNNING)
		return;
	if (s->trial.refused) {
		log_warn("Our addresses have changed, but the access list was "
			 "not confirmed: localhost and localnets stay as they "
			 "were until it is reloaded");
		return;
	}
	log_info("Our addresses have changed: localhost and localnets are "
		 "made anew");
	reload_begin(s);
}

static void
beat(struct supervisor *s, int64_t now)
{
	if (s->watchdog_ms == 0 || now < s->watchdog_next_ms)
		return;
	s->watchdog_next_ms = now + s->watchdog_ms;
	notify("WATCHDOG=1");
}

static void
on_compiled(struct supervisor *s)
{
	if (s->listing.building)
		listing_on_compiled(s);
	else
		reload_on_compiled(s);
}

void
supervisor_turn(struct supervisor *s)
{
	struct pollfd p[FIXED_FDS + STATE_MAX_CHILDREN];
	unsigned n = fill_poll(s, p);
	int64_t now;

	if (poll(p, n, sleep_ms(s, clock_ms())) == -1 && errno != EINTR)
		log_error("poll: %s", strerror(errno));
	now = clock_ms();
	if (p[0].revents)
		on_signal(s);
	if (p[1].revents)
		own_changed(s);
	if (s->compiling &&
	    !compilation_serve(&s->compilation, p + COMPILATION_AT, now) &&
	    s->phase != STARTING)
		on_compiled(s);
	for (unsigned i = 0; i < s->crew.count; i++)
		if (p[FIXED_FDS + i].revents && s->crew.child[i].channel != -1)
			supervisor_hear(s, &s->crew.child[i]);
	reload_settle(s, now);
	trial_tick(s, now);
	listing_tick(s, now);
	caches_tick(&s->caches, &s->crew, now);
	audits_tick(&s->audits, &s->crew, now);
	reap(s);
	if (s->phase == RUNNING)
		rules_check(s, now);
	if (s->phase < DRAINING)
		rules_serve(s);
	if (s->phase < DRAINING)
		restart_due(s, now);
	else
		ending_proceed(s, now);
	measure_crew(s->crew.state, now);
	beat(s, now);
}

static int
open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int
supervisor_main(struct options *opt, const struct firewall_hooks *hooks)
{
	static struct supervisor s;
	bool told_to_end;
	enum err err;

	s.opt = opt;
	s.hooks = hooks;
	trial_init(&s);
	s.signals = open_signals();
	prctl(PR_SET_NAME, "dns-firewall");
	err = s.signals == -1 ? ERR_SYSTEM : supervisor_prepare(&s);
	if (err != ERR_NONE)
		return 1;
	err = supervisor_start(&s);
	/* SIGTERM may have come with the last child's readiness. */
	if (err == ERR_NONE && s.phase == STARTING) {
		s.phase = RUNNING;
		s.watchdog_ms = notify_watchdog_ms();
		log_info("Server started");
		notify("READY=1");
		while (s.phase != ENDED)
			supervisor_turn(&s);
	}
	told_to_end = s.phase >= DRAINING;
	ending_farewell(&s);
	return told_to_end ? 0 : 1;
}
