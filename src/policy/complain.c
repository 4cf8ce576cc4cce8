/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Complaints about an ACL.
 *
 * A complaint is one line of printable ASCII, whatever the file held, in the
 * form that editors jump to: FILE:LINE:COLUMN. Errors and warnings are
 * counted apart, so that a file full of warnings cannot hide its one error.
 */
#include "policy/complain.h"

#include <stdbool.h>
#include <string.h>

#include "policy/compile.h"

enum { QUOTE_MAX = 40, FILE_NAME_MAX = 256 };

static void
put_file(struct complaints *c)
{
	text_escaped(c->out, c->file, strnlen(c->file, FILE_NAME_MAX));
}

static void
put_quoted(struct text *out, const char *text, size_t len)
{
	bool whole = len <= QUOTE_MAX;

	text_char(out, '"');
	text_escaped(out, text, whole ? len : QUOTE_MAX);
	text_str(out, whole ? "\" " : "...\" ");
}

static void
put(struct complaints *c, const struct flaw *flaw, const char *grade)
{
	put_file(c);
	text_printf(c->out, ":%u:%u: %s: ", flaw->line, flaw->column, grade);
	if (flaw->text)
		put_quoted(c->out, flaw->text, flaw->len);
	text_str(c->out, flaw->what);
	text_str(c->out, "; ");
	text_str(c->out, flaw->right);
	text_char(c->out, '\n');
}

static void
put_rest(struct complaints *c, unsigned count, const char *of_what)
{
	if (count <= ACL_MAX_COMPLAINTS)
		return;
	put_file(c);
	text_printf(c->out, ": %u more %s\n", count - ACL_MAX_COMPLAINTS,
		    of_what);
}

/* False where it stands there already: a line with many clients is wrong for
 * each of them in the same way. */
static bool
put_once(struct complaints *c, const struct flaw *flaw, const char *grade)
{
	struct text *t = c->out;
	size_t start = t->len;

	put(c, flaw, grade);
	if (t->cut || !memmem(t->buf, start, t->buf + start, t->len - start))
		return true;
	t->len = start;
	t->buf[start] = '\0';
	return false;
}

void
complain_error(struct complaints *c, const struct flaw *flaw)
{
	if (c->errors >= ACL_MAX_COMPLAINTS || put_once(c, flaw, "error"))
		c->errors++;
}

void
complain_warning(struct complaints *c, const struct flaw *flaw)
{
	if (c->warnings >= ACL_MAX_COMPLAINTS || put_once(c, flaw, "warning"))
		c->warnings++;
}

void
complain_finish(struct complaints *c)
{
	put_rest(c, c->errors, "errors");
	put_rest(c, c->warnings, "warnings");
}
