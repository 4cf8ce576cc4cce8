/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The narrow place that every setting passes, wherever it comes from: which
 * source beats which, what may be said twice, and how a refusal reads. It
 * goes on after a refusal, so that one run shows all of them.
 */
#include "conf/gather.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf/content.h"
#include "conf/value.h"

enum { SHOWN_MAX = 80 /* bytes of a refused value that are printed */ };

void
gather_begin(struct gather *g)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		g->ever[i] |= g->said[i];
	memset(g->said, 0, sizeof(g->said));
}

bool
gather_has(const struct gather *g, size_t field_offset)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (setting_at(i)->at == field_offset)
			return g->said[i] || g->ever[i];
	return false;
}

static void
begin_refusal(struct gather *g, const char *where)
{
	if (g->complaint->len > 0)
		text_char(g->complaint, '\n');
	text_escaped(g->complaint, where, strlen(where));
	text_str(g->complaint, ": ");
	g->refused++;
}

void
gather_refuse(struct gather *g, const char *where, const char *format, ...)
{
	char sentence[1024];
	va_list args;

	begin_refusal(g, where);
	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	text_str(g->complaint, sentence);
}

void
gather_refuse_value(struct gather *g, const struct saying *s,
		    const char *accepted)
{
	const size_t len = strlen(s->value);

	begin_refusal(g, s->where);
	text_char(g->complaint, '"');
	text_escaped(g->complaint, s->value, len < SHOWN_MAX ? len : SHOWN_MAX);
	text_str(g->complaint, len > SHOWN_MAX ? "...\"" : "\"");
	text_str(g->complaint, " is not accepted; accepted is ");
	text_str(g->complaint, accepted);
}

void
gather_refuse_name(struct gather *g, const char *where,
		   const struct setting *near, const char *prefix)
{
	char env[SETTING_NAME_SIZE];

	begin_refusal(g, where);
	text_str(g->complaint, "there is no such setting; ");
	if (near == NULL)
		text_str(g->complaint, "--help lists them all");
	else
		text_printf(g->complaint, "near it is %s%s", prefix,
			    prefix[0] == '\0' ? setting_env_name(near, env)
					      : near->name);
}

static void
say_value(struct gather *g, const struct saying *s)
{
	const size_t index = setting_index(s->setting);
	const bool again = g->said[index];

	if (s->value[0] == '\0')
		return;
	if (again && !setting_is_list(s->setting)) {
		gather_refuse_value(g, s, "one value; this is the second");
		return;
	}
	if (!again && setting_is_list(s->setting))
		value_clear(s->setting, g->out);
	g->said[index] = true;
	value_store(g, s);
}

static void
say_content(struct gather *g, const struct saying *s)
{
	struct saying inside = *s;
	struct content file;
	const char *fault = content_read(s->value, CONTENT_FROM_ANYBODY, &file);

	if (fault == NULL && memchr(file.bytes, '\0', file.len) != NULL)
		fault = "it holds a NUL byte";
	if (fault != NULL) {
		gather_refuse_value(g, s,
				    "the path of a readable regular file of at "
				    "most 65536 bytes that holds the value");
		text_printf(g->complaint, " (%s)", fault);
		return;
	}
	while (file.len > 0 && (file.bytes[file.len - 1] == '\n' ||
				file.bytes[file.len - 1] == '\r'))
		file.bytes[--file.len] = '\0';
	inside.value = file.bytes;
	say_value(g, &inside);
}

void
gather_say(struct gather *g, const struct saying *s)
{
	if (s->value[0] == '\0')
		return;
	if (s->in_file)
		say_content(g, s);
	else
		say_value(g, s);
}

void
gather_init(struct gather *g, struct options *out, struct text *complaint)
{
	memset(out, 0, sizeof(*out));
	*g = (struct gather){ .out = out, .complaint = complaint };
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = setting_at(i);

		say_value(g, &(struct saying){ .setting = s,
					       .where = s->name,
					       .value = s->fallback });
	}
	assert(g->refused == 0);
	memset(g->said, 0, sizeof(g->said));
}
