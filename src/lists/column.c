/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A field may stand between double quotes, and then has commas of its own. A
 * quote inside is doubled; no address has one, so it need not be undone.
 */
#include "lists/column.h"

struct field {
	const char *text;
	size_t len;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Without its quotes and the blanks around. */
static struct field
bare(const char *text, size_t len)
{
	struct field f = { text, len };

	while (f.len > 0 && (is_blank(f.text[0]) || f.text[0] == '"')) {
		f.text++;
		f.len--;
	}
	while (f.len > 0 &&
	       (is_blank(f.text[f.len - 1]) || f.text[f.len - 1] == '"'))
		f.len--;
	return f;
}

/* Where the field that begins at `at` ends: its comma, or the line's end. */
static size_t
end_of(const char *line, size_t at, size_t len)
{
	bool quoted = false;

	for (; at < len; at++) {
		if (line[at] == '"')
			quoted = !quoted;
		else if (line[at] == ',' && !quoted)
			break;
	}
	return at;
}

static bool
says_nothing(const char *line, size_t len)
{
	size_t at = 0;

	while (at < len && is_blank(line[at]))
		at++;
	return at == len || line[at] == '#' || line[at] == ';';
}

enum err
column_read(uint32_t column, const char *line, size_t len,
	    const struct item_sink *to)
{
	size_t at = 0, end = end_of(line, 0, len);
	struct field f;

	if (says_nothing(line, len))
		return ERR_NONE;
	for (; column > 1 && end < len; column--) {
		at = end + 1;
		end = end_of(line, at, len);
	}
	f = bare(line + at, end - at);
	if (column > 1 || f.len == 0)
		return ERR_SYNTAX;
	return item_read(FORM_IPS, f.text, f.len, to);
}
