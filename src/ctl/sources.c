/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists that are fetched, as the page of the lists process shows them, and
 * what its owner may wish: that one is fetched now, or that a copy is taken
 * which was held back.
 *
 * The page is read while it is written: a row is copied, and its texts are
 * ended, before anything is made of it.
 */
#include "ctl/sources.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/answer.h"
#include "ctl/commands.h"

static const char *const phases[] = { [SOURCE_IDLE] = "fresh",
				      [SOURCE_BUSY] = "busy",
				      [SOURCE_RETRY] = "failing",
				      [SOURCE_HELD] = "held",
				      [SOURCE_EXPIRED] = "expired" };

static const char *
phase_word(const struct source_state *s)
{
	return s->phase < sizeof(phases) / sizeof(phases[0]) ? phases[s->phase]
							     : "unknown";
}

static void
copy_row(const struct source_state *from, struct source_state *out)
{
	*out = *from;
	out->name[sizeof(out->name) - 1] = '\0';
	out->error[sizeof(out->error) - 1] = '\0';
}

bool
source_find(const struct view *v, const char *name, struct source_state *out)
{
	for (unsigned i = 0; v->sources != NULL && i < SOURCES_MAX; i++) {
		copy_row(&v->sources->of[i], out);
		if (strcmp(out->name, name) == 0)
			return true;
	}
	return false;
}

/* "-" where there was or will be none. */
static void
print_span(const char *word, int64_t span_s, bool there, struct text *out)
{
	if (!there)
		text_printf(out, " %s=-", word);
	else
		text_printf(out, " %s=%" PRId64 "s", word,
			    span_s > 0 ? span_s : 0);
}

void
source_print(const struct source_state *s, struct text *out)
{
	int64_t now_s = (int64_t)(clock_date_ms() / 1000);

	text_printf(out, " state=%s", phase_word(s));
	if (s->serial != 0)
		text_printf(out, " serial=%" PRIu32, s->serial);
	text_printf(out, " entries=%" PRIu64, s->entries);
	print_span("age", now_s - s->changed_s, s->changed_s != 0, out);
	print_span("checked", now_s - s->checked_s, s->checked_s != 0, out);
	print_span("next", s->next_s - now_s, s->next_s != 0, out);
	text_printf(out, " fetched=%" PRIu64 " failed=%" PRIu64, s->fetched,
		    s->failed);
	if (s->error[0] == '\0')
		return;
	text_str(out, " error=");
	text_escaped(out, s->error, strlen(s->error));
}

/* Whoever could not be asked for a while is asked again; what lasts, and what
 * waits for the owner, is his to put right. */
static bool
is_grave(const struct source_state *s)
{
	int64_t now_s = (int64_t)(clock_date_ms() / 1000);

	return s->stuck != 0 || s->checked_s == 0 ||
	       now_s - s->checked_s >
		   (int64_t)SOURCES_PATIENCE * s->interval_s;
}

static void
print_error(const struct source_state *s, struct text *out)
{
	text_str(out, "list ");
	text_escaped(out, s->name, strlen(s->name));
	text_str(out, ": ");
	text_escaped(out, s->error, strlen(s->error));
}

/* Some list that has an error, from row *at on; it moves behind that. */
static bool
next_error(const struct view *v, unsigned *at, struct source_state *out)
{
	while (v->sources != NULL && *at < SOURCES_MAX) {
		copy_row(&v->sources->of[(*at)++], out);
		if (out->name[0] != '\0' && out->error[0] != '\0')
			return true;
	}
	return false;
}

void
sources_check(const struct view *v, struct text *wrong)
{
	struct source_state s;
	unsigned at = 0;

	while (next_error(v, &at, &s)) {
		if (!is_grave(&s))
			continue;
		text_str(wrong, wrong->len > 0 ? "; " : "");
		print_error(&s, wrong);
	}
}

void
sources_notice(const struct view *v, struct text *out)
{
	struct source_state s;
	unsigned at = 0;

	while (next_error(v, &at, &s)) {
		if (is_grave(&s))
			continue;
		text_str(out, "notice ");
		print_error(&s, out);
		text_char(out, '\n');
	}
}
