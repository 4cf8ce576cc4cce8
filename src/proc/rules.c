/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules that lead to the sets, as the supervisor sees them: placed at the
 * start and whenever the warden misses them, and looked at once a second,
 * for what another has changed in their chain the kernel's counts do not
 * tell. How it is done the hooks know (firewall/chain.c).
 */
#include "proc/supervise.h"

#include "base/clock.h"
#include "proc/board.h"

enum {
	CHECK_MS = 800,
	/* Looking takes no more than one part of so many of our time. */
	CHECK_PARTS = 10
};

static enum rules_word
word_of(enum err err)
{
	if (err == ERR_MISSING)
		return RULES_NO_CHAIN;
	return err == ERR_NONE ? RULES_STAND : RULES_REFUSED;
}

static void
tell(struct supervisor *s, enum rules_word word)
{
	child_tell(crew_find(&s->crew, ROLE_WARDEN), POST_RULES_PLACED, 0,
		   word);
}

static void
place(struct supervisor *s)
{
	enum err err = s->hooks->place(s->hooks->arg, s->rules.lists);
	int64_t now = clock_ms();

	s->rules.check_ms = err == ERR_NONE ? now + CHECK_MS : 0;
	tell(s, word_of(err));
}

enum err
rules_first(struct supervisor *s)
{
	enum err err = s->hooks->place(s->hooks->arg, s->rules.lists);

	s->rules.place = false;
	if (err != ERR_NONE)
		return err;
	s->rules.check_ms = clock_ms() + CHECK_MS;
	tell(s, RULES_STAND);
	return ERR_NONE;
}

/* A warden that is new looks for itself whether rules refer to its sets: that
 * they were ours a moment ago need not be found out before it goes on. */
void
rules_greet(struct supervisor *s)
{
	if (s->rules.check_ms == 0) {
		s->rules.place = true;
		return;
	}
	tell(s, RULES_STAND);
	s->rules.check_ms = clock_ms();
}

void
rules_serve(struct supervisor *s)
{
	if (s->rules.clear) {
		s->rules.clear = s->rules.place = false;
		s->rules.check_ms = 0;
		s->hooks->clear(s->hooks->arg);
		tell(s, RULES_CLEARED);
	}
	if (s->rules.place) {
		s->rules.place = false;
		place(s);
	}
}

void
rules_check(struct supervisor *s, int64_t now_ms)
{
	int64_t rest;

	if (s->rules.check_ms == 0 || now_ms < s->rules.check_ms)
		return;
	if (!s->hooks->stand(s->hooks->arg)) {
		tell(s, RULES_CHANGED);
		s->rules.place = true;
	}
	rest = (clock_ms() - now_ms) * CHECK_PARTS;
	s->rules.check_ms = now_ms + (rest > CHECK_MS ? rest : CHECK_MS);
}
