/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A policy on trial: whoever locks himself out by a new access list gets back
 * in, because the policy before comes back unless somebody confirms.
 *
 * What comes back is the last policy that was not on trial, whatever was
 * reloaded in between; nothing but a confirmation ends the trial before its
 * time. The image is at hand, so that going back needs no file and cannot
 * fail. The trial ends with us: a start reads the access list as it is.
 */
#include "proc/supervise.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

static void
end(struct supervisor *s)
{
	s->trial.before = -1;
	s->trial.end_ms = 0;
	s->crew.state->trial_end_ms = 0;
}

void
trial_init(struct supervisor *s)
{
	s->trial.before = -1;
}

void
trial_begin(struct supervisor *s, uint32_t confirm_s)
{
	if (s->trial.before == -1) {
		s->trial.before = fcntl(s->crew.policy, F_DUPFD_CLOEXEC, 0);
		s->trial.follows_own = s->follows_own;
	}
	if (s->trial.before == -1) {
		log_error("The policy before cannot be kept: the new one stays "
			  "without being confirmed");
		return;
	}
	s->trial.end_ms = clock_ms() + (int64_t)confirm_s * 1000;
	s->crew.state->trial_end_ms = s->trial.end_ms;
	log_info("The new policy is to be confirmed within %u seconds",
		 confirm_s);
}

bool
trial_confirm(struct supervisor *s, uint32_t uid)
{
	if (s->trial.before == -1)
		return false;
	close(s->trial.before);
	end(s);
	log_info("Policy confirmed (generation %u) uid=%u",
		 s->crew.generation, uid);
	return true;
}

uint32_t
trial_left_s(const struct supervisor *s, int64_t now_ms)
{
	int64_t left = s->trial.end_ms - now_ms;

	if (s->trial.before == -1)
		return 0;
	return left > 0 ? (uint32_t)((left + 999) / 1000) : 1;
}

void
trial_tick(struct supervisor *s, int64_t now_ms)
{
	int image = s->trial.before;

	if (image == -1 || now_ms < s->trial.end_ms || s->compiling ||
	    s->settle_until_ms != 0 || s->phase != RUNNING)
		return;
	end(s);
	s->follows_own = s->trial.follows_own;
	s->trial.refused = s->unasked = true;
	reload_take(s, image);
	/* Its lists are those of then. */
	s->listing.changed = s->crew.copies_dir != -1;
	log_warn("Nobody confirmed: the policy before is in force again "
		 "(generation %u); the access list on disk is another, and "
		 "the next reload takes it",
		 s->crew.generation);
}
