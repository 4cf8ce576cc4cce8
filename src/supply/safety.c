/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies that look wrong.
 *
 * A list that is suddenly empty, or a message of a server in its place, would
 * take the protection away without a word: such a copy is put aside, and what
 * was good stays. The lines are read as the builder reads them, so that what
 * is counted here is what would be in force. Memory is that of one line.
 */
#include "supply/safety.h"

#include <string.h>

#include "lists/column.h"
#include "lists/reading.h"

static const struct {
	bool waived;
	const char *clause;
} flaws[SAFETY_FLAWS] = {
#define FLAW(name, waived, clause) [SAFETY_##name] = { waived, clause },
#include "supply/flaw.def"
#undef FLAW
};

const char *
safety_clause(enum safety_flaw flaw)
{
	return flaw < SAFETY_FLAWS ? flaws[flaw].clause : "?";
}

bool
safety_is_waived(enum safety_flaw flaw)
{
	return flaw < SAFETY_FLAWS && flaws[flaw].waived;
}

enum safety_flaw
safety_of_counts(uint64_t before, uint64_t now)
{
	if (now == 0)
		return SAFETY_EMPTY;
	if (before > now && before - now > SAFETY_LOSS && now < before / 2)
		return SAFETY_SHRUNK;
	return SAFETY_NONE;
}

void
safety_init(struct safety *s, enum list_form form, uint32_t column)
{
	s->form = form;
	s->column = column;
	s->lines = s->entries = s->bad = 0;
	s->most = UINT64_MAX;
	s->flaw = SAFETY_NONE;
	s->len = 0;
}

static enum err
count_entry(void *arg, const struct item *item)
{
	struct safety *s = arg;

	(void)item;
	if (s->entries >= s->most || s->entries >= reading_most(s->lines + 1)) {
		s->flaw = SAFETY_MANY;
		return ERR_RANGE;
	}
	s->entries++;
	return ERR_NONE;
}

/* No form of list has a line that begins so, and every page has. */
static bool
begins_a_page(const struct safety *s)
{
	size_t at = 0;

	if (s->entries > 0)
		return false;
	while (at < s->len && (s->line[at] == ' ' || s->line[at] == '\t'))
		at++;
	return at < s->len && s->line[at] == '<';
}

static enum err
read_line(struct safety *s)
{
	const struct item_sink sink = { count_entry, s };

	if (s->column > 0)
		return column_read(s->column, s->line, s->len, &sink);
	return item_read(s->form, s->line, s->len, &sink);
}

static void
end_line(struct safety *s)
{
	if (s->len > 0 && s->line[s->len - 1] == '\r')
		s->len--;
	if (memchr(s->line, '\0', s->len) != NULL)
		s->flaw = SAFETY_BINARY;
	else if (begins_a_page(s))
		s->flaw = SAFETY_PAGE;
	else if (read_line(s) == ERR_SYNTAX)
		s->bad++;
	s->lines++;
	s->len = 0;
}

static void
add_to_line(struct safety *s, const char *bytes, size_t len)
{
	if (len > sizeof(s->line) - s->len) {
		s->flaw = SAFETY_LONG_LINE;
		return;
	}
	memcpy(s->line + s->len, bytes, len);
	s->len += len;
}

enum safety_flaw
safety_bytes(struct safety *s, const char *bytes, size_t len)
{
	const char *end = bytes + len;

	while (bytes < end && s->flaw == SAFETY_NONE) {
		const char *stop = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t more = (size_t)((stop != NULL ? stop : end) - bytes);

		add_to_line(s, bytes, more);
		if (stop != NULL && s->flaw == SAFETY_NONE)
			end_line(s);
		bytes += more + 1;
	}
	return s->flaw;
}

enum safety_flaw
safety_end(struct safety *s, uint64_t before)
{
	if (s->flaw == SAFETY_NONE && s->len > 0)
		end_line(s);
	if (s->flaw != SAFETY_NONE)
		return s->flaw;
	if (s->bad > s->entries)
		return SAFETY_OTHER_FORM;
	return safety_of_counts(before, s->entries);
}
