/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From one policy to the next: the compiler reads the file, and only a whole
 * new image takes the place of the old one. Whatever goes wrong, the old
 * policy stays.
 */
#include "proc/supervise.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "proc/notify.h"

/* A process that has no CPU takes a new policy late; who asked for it is not
 * told that it is in force before it is. ctl/desk.h waits longer. */
enum { SETTLE_MS = 25000 };

void
reload_complaints(const struct supervisor *s)
{
	const char *line = s->compilation.text.buf;

	while (*line) {
		size_t len = strcspn(line, "\n");
		bool mild = memmem(line, len, ": warning: ", 11) != NULL;

		if (len > 0)
			log_line(mild ? LOG_WARN : LOG_ERROR, "%.*s", (int)len,
				 line);
		line += len + (line[len] == '\n');
	}
}

enum err
compile_begin(struct supervisor *s, bool only_lists)
{
	struct compilation_setup setup = {
		.path = s->opt->acl_file,
		.max_bytes = s->hooks->acl_max_bytes,
		.options = s->crew.options,
		.own = s->crew.own,
		.policy = only_lists ? s->crew.policy : -1,
		.kept = s->crew.copies_dir,
		.saved = s->crew.lists_dir,
		.keeper = s->opt->run_uid,
		.secret = s->crew.secret,
		.log_fd = s->crew.log_fd,
		.print_fd = -1
	};
	enum err err = compilation_start(&s->compilation, &setup);

	s->compiling = err == ERR_NONE;
	return err;
}

/* Who asked while this one was under way waits for the next. */
static void
answer_waiting(struct supervisor *s, enum reload_word word)
{
	struct child *control = crew_find(&s->crew, ROLE_CONTROL);
	const struct text *text = &s->compilation.text;
	struct reloaded_letter letter = { .ok = word,
					  .generation = s->crew.generation };
	unsigned left = 0;

	letter.confirm_s = trial_left_s(s, clock_ms());
	letter.text_len = (uint32_t)(text->len < sizeof(letter.text) ?
					 text->len : sizeof(letter.text));
	memcpy(letter.text, text->buf, letter.text_len);
	post_head(&letter.head, POST_RELOADED, 0);
	for (unsigned i = 0; i < s->waiting_count; i++) {
		if (s->waiting[i].later) {
			s->waiting[left] = s->waiting[i];
			s->waiting[left++].later = false;
			continue;
		}
		letter.seq = s->waiting[i].ask.seq;
		if (control->channel != -1)
			post_send(control->channel, &letter, sizeof(letter),
				  -1);
	}
	s->waiting_count = left;
}

/* The longest trial that was asked for with it; 0: none. */
static uint32_t
trial_wished(const struct supervisor *s)
{
	uint32_t longest = 0;

	for (unsigned i = 0; i < s->waiting_count; i++)
		if (!s->waiting[i].later &&
		    s->waiting[i].ask.confirm_s > longest)
			longest = s->waiting[i].ask.confirm_s;
	return longest;
}

static void
reload_end(struct supervisor *s, enum reload_word word)
{
	reload_complaints(s);
	if (word != RELOAD_REFUSED) {
		s->crew.state->reloads++;
		log_info("Policy reloaded (generation %u)",
			 s->crew.generation);
	} else {
		s->crew.state->reloads_refused++;
		log_error("Reload refused; the old policy stays in force "
			  "(generation %u)",
			  s->crew.generation);
	}
	answer_waiting(s, word);
	notify("READY=1");
}

bool
reload_is_busy(const struct supervisor *s)
{
	return s->compiling || s->settle_until_ms != 0;
}

void
reload_begin(struct supervisor *s)
{
	if (reload_is_busy(s)) {
		s->compile_again = true;
		return;
	}
	notify_reloading();
	if (compile_begin(s, false) != ERR_NONE)
		reload_end(s, RELOAD_REFUSED);
}

static void
go_on(struct supervisor *s)
{
	if (!s->compile_again)
		return;
	s->compile_again = false;
	reload_begin(s);
}

/* Those who wait are for the next one. */
void
reload_unasked_end(struct supervisor *s)
{
	s->unasked = false;
	for (unsigned i = 0; i < s->waiting_count; i++)
		s->waiting[i].later = false;
	go_on(s);
}

static void
finish(struct supervisor *s, enum reload_word word)
{
	reload_end(s, word);
	go_on(s);
}

void
reload_take(struct supervisor *s, int image)
{
	crew_new_policy(&s->crew, image);
	s->settle_until_ms = clock_ms() + SETTLE_MS;
}

static void
say_late(struct supervisor *s)
{
	const struct child *late = crew_has_not_taken(&s->crew);

	text_printf(&s->compilation.text,
		    "The %s %u has not taken the policy in %d s; until it has, "
		    "the one before is in force there\n",
		    role_name(late->role), late->index, SETTLE_MS / 1000);
}

void
reload_settle(struct supervisor *s, int64_t now_ms)
{
	bool taken = crew_has_not_taken(&s->crew) == NULL;

	if (s->settle_until_ms == 0 || (!taken && now_ms < s->settle_until_ms))
		return;
	s->settle_until_ms = 0;
	crew_close_before(&s->crew);
	if (!taken)
		say_late(s);
	if (!s->unasked) {
		finish(s, taken ? RELOAD_DONE : RELOAD_LATE);
		return;
	}
	reload_unasked_end(s);
}

void
reload_on_compiled(struct supervisor *s)
{
	int image = -1;
	bool ok = compilation_end(&s->compilation, &image) == ERR_NONE;
	uint32_t trial_s = trial_wished(s);

	s->compiling = false;
	if (!ok) {
		finish(s, RELOAD_REFUSED);
		return;
	}
	if (trial_s > 0)
		trial_begin(s, trial_s);
	s->follows_own = s->compilation.follows_own;
	s->trial.refused = false;
	crew_new_keys(&s->crew, s->compilation.key);
	reload_take(s, image);
}

void
reload_ask(struct supervisor *s, const struct reload_letter *ask)
{
	if (s->waiting_count < MOST_WAITING)
		s->waiting[s->waiting_count++] =
		    (struct waiting){ .ask = *ask, .later = reload_is_busy(s) };
	reload_begin(s);
}

enum err
reload_first(struct supervisor *s)
{
	int image = -1;
	enum err err = compile_begin(s, false);

	if (err == ERR_NONE) {
		compilation_run(&s->compilation);
		err = compilation_end(&s->compilation, &image);
		s->compiling = false;
	}
	reload_complaints(s);
	if (err != ERR_NONE)
		return err;
	s->follows_own = s->compilation.follows_own;
	crew_new_keys(&s->crew, s->compilation.key);
	s->crew.policy = image;
	s->crew.generation = 1;
	return ERR_NONE;
}
