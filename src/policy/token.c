/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tokens of an ACL line.
 *
 * Arrows need no blanks around them: a client never holds '-' or '~', so the
 * first arrow of a line ends it. Nothing here knows what a token means.
 */
#include "policy/token.h"

#include <string.h>
#include <strings.h>

#include "policy/complain.h"

static const struct {
	char text[3];
	uint8_t arrow;
} arrows[] = {
	{ "->", ARROW_GRANT },
	{ "~>", ARROW_DNS },
	{ "-|", ARROW_BLOCK },
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
skip_blanks(struct line *l)
{
	while (l->at < l->len && is_blank(l->text[l->at]))
		l->at++;
}

/* IMAGE_NONE where no arrow stands at this place. */
static uint32_t
arrow_at(const struct line *l, size_t at)
{
	if (l->len - at < 2)
		return IMAGE_NONE;
	for (size_t i = 0; i < sizeof(arrows) / sizeof(*arrows); i++)
		if (memcmp(l->text + at, arrows[i].text, 2) == 0)
			return arrows[i].arrow;
	return IMAGE_NONE;
}

static struct token
token_from(const struct line *l, size_t start)
{
	return (struct token){ l->text + start, l->at - start,
			       (uint32_t)start + 1 };
}

bool
line_at_end(struct line *l)
{
	skip_blanks(l);
	return l->at == l->len || l->text[l->at] == '#';
}

struct token
line_word(struct line *l, const char *stops)
{
	skip_blanks(l);

	size_t start = l->at;

	while (l->at < l->len) {
		char c = l->text[l->at];

		if (is_blank(c) || c == '#' || (c && strchr(stops, c)))
			break;
		l->at += c == '\\' && l->at + 1 < l->len ? 2 : 1;
	}
	return token_from(l, start);
}

struct token
line_client(struct line *l)
{
	skip_blanks(l);

	size_t start = l->at;

	while (l->at < l->len && !is_blank(l->text[l->at]) &&
	       l->text[l->at] != '#' && arrow_at(l, l->at) == IMAGE_NONE)
		l->at++;
	return token_from(l, start);
}

struct token
line_rest(struct line *l)
{
	skip_blanks(l);

	struct line probe = *l;

	while (probe.at < probe.len && probe.text[probe.at] != '#')
		probe.at++;
	while (probe.at > l->at && is_blank(probe.text[probe.at - 1]))
		probe.at--;
	return token_from(&probe, l->at);
}

struct token
line_quoted(struct line *l)
{
	const char *end = memchr(l->text + l->at, '"', l->len - l->at);
	size_t start = l->at;
	struct token t;

	if (!end)
		return (struct token){ NULL, 0, (uint32_t)start };
	l->at = (size_t)(end - l->text);
	t = token_from(l, start);
	l->at++;
	return t;
}

bool
line_take(struct line *l, char c)
{
	skip_blanks(l);
	if (l->at == l->len || l->text[l->at] != c)
		return false;
	l->at++;
	return true;
}

bool
line_take_arrow(struct line *l, uint8_t *arrow_out)
{
	skip_blanks(l);

	uint32_t arrow = arrow_at(l, l->at);

	if (arrow == IMAGE_NONE)
		return false;
	*arrow_out = (uint8_t)arrow;
	l->at += 2;
	return true;
}

bool
token_is(const struct token *t, const char *word)
{
	return t->len == strlen(word) &&
	       strncasecmp(t->text, word, t->len) == 0;
}

bool
read_number(const char *text, size_t len, unsigned *out)
{
	unsigned n = 0;

	if (len == 0 || len > 5)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		n = n * 10 + (unsigned)(text[i] - '0');
	}
	*out = n;
	return true;
}

bool
wrong(struct flaw *flaw, const struct token *t, const char *what,
      const char *right)
{
	*flaw = (struct flaw){ .column = t->column,
			       .text = t->text,
			       .len = t->len,
			       .what = what,
			       .right = right };
	return false;
}

bool
missing(struct flaw *flaw, struct token t, const char *what, const char *right)
{
	t.text = NULL;
	return wrong(flaw, &t, what, right);
}
