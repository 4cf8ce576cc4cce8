/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of zones.
 *
 * A parenthesis that is never closed would swallow all that follows: the
 * record it stands in is torn, and reading goes on with the next line. How
 * often that may be is limited, for each costs a look at what follows.
 */
#include "lists/zone_line.h"

#include <string.h>
#include <strings.h>

#include "lists/zone.h"

struct scan {
	const char *at, *end;
	char *to;
	size_t len;
	unsigned depth;
	uint32_t lines;
	bool quoted, torn;
};

static void
put(struct scan *s, char c)
{
	if (s->len + 1 >= ZONE_LINE_MAX)
		s->torn = true;
	else
		s->to[s->len++] = c;
}

static void
skip_comment(struct scan *s)
{
	while (s->at < s->end && *s->at != '\n')
		s->at++;
}

/* A backslash keeps the next character from meaning anything. */
static void
take_escape(struct scan *s)
{
	put(s, *s->at++);
	if (s->at < s->end && *s->at != '\n')
		put(s, *s->at++);
}

static void
take_parenthesis(struct scan *s)
{
	if (*s->at == '(')
		s->depth++;
	else if (s->depth > 0)
		s->depth--;
	else
		s->torn = true;
	s->at++;
	put(s, ' ');
}

/* False: the record ends here. */
static bool
take_line_end(struct scan *s)
{
	s->at++;
	s->lines++;
	s->torn |= s->quoted;
	put(s, ' ');
	return s->depth > 0 && !s->quoted;
}

/* One character; false: the record ends with it. */
static bool
take_character(struct scan *s)
{
	char c = *s->at;

	if (c == '\n')
		return take_line_end(s);
	if (c == '\\') {
		take_escape(s);
	} else if (c == '"') {
		s->quoted = !s->quoted;
		put(s, *s->at++);
	} else if (s->quoted) {
		put(s, *s->at++);
	} else if (c == ';') {
		skip_comment(s);
	} else if (c == '(' || c == ')') {
		take_parenthesis(s);
	} else {
		s->torn |= c == '\0';
		put(s, c == '\t' || c == '\r' ? ' ' : c);
		s->at++;
	}
	return true;
}

/* Those at the end, unless a backslash keeps one. */
static void
cut_blanks(struct scan *s)
{
	while (s->len > 0 && s->to[s->len - 1] == ' ' &&
	       (s->len < 2 || s->to[s->len - 2] != '\\'))
		s->len--;
}

static void
take_record(struct zone_lines *l, struct zone_line *out)
{
	struct scan s = { .at = l->at, .end = l->end, .to = l->buf };
	const char *line_end;

	while (s.at < s.end && !s.torn && take_character(&s))
		;
	cut_blanks(&s);
	out->is_torn = s.torn || s.quoted || s.depth > 0;
	out->line = l->line;
	out->text = l->buf;
	out->len = s.len;
	l->buf[s.len] = '\0';
	if (out->is_torn) {
		line_end = memchr(l->at, '\n', (size_t)(l->end - l->at));
		line_end = line_end != NULL ? line_end + 1 : l->end;
		l->unclosed += s.at > line_end;
		s.at = line_end;
		s.lines = 1;
	}
	l->at = s.at;
	l->line += s.lines;
}

static bool
is_blank(const struct zone_line *line)
{
	return strspn(line->text, " ") == line->len;
}

bool
zone_lines_next(struct zone_lines *l, struct zone_line *out)
{
	while (l->at < l->end && l->unclosed < ZONE_UNCLOSED_MAX) {
		take_record(l, out);
		if (out->is_torn || !is_blank(out))
			return true;
	}
	return false;
}

/* ---- words -------------------------------------------------------------- */

bool
zone_word_next(const char **at, struct zone_word *out)
{
	const char *p = *at + strspn(*at, " ");
	bool quoted = false;

	out->text = p;
	for (; *p != '\0' && (quoted || *p != ' '); p++) {
		if (*p == '"')
			quoted = !quoted;
		if (*p == '\\' && p[1] != '\0')
			p++;
	}
	out->len = (size_t)(p - out->text);
	*at = p;
	return out->len > 0;
}

bool
zone_word_is(const struct zone_word *w, const char *text)
{
	return strlen(text) == w->len &&
	       strncasecmp(w->text, text, w->len) == 0;
}

static uint64_t
unit_s(char c)
{
	switch (c | 0x20) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 604800;
	default:
		return 0;
	}
}

bool
zone_word_ttl(const struct zone_word *w, uint32_t *out)
{
	uint64_t total = 0, number = 0;
	bool has_digit = false;

	for (size_t i = 0; i < w->len; i++) {
		char c = w->text[i];

		if (c >= '0' && c <= '9') {
			number = number * 10 + (uint64_t)(c - '0');
			has_digit = true;
		} else if (has_digit && unit_s(c) > 0) {
			total += number * unit_s(c);
			number = 0;
			has_digit = false;
		} else {
			return false;
		}
		if (number > INT32_MAX || total > INT32_MAX)
			return false;
	}
	total += number;
	*out = (uint32_t)total;
	return w->len > 0 && total <= INT32_MAX;
}
