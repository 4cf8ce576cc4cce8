/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists files read line by line, and every list as soon as it is named.
 *
 * The lists are the feeds' text and the lists file is the owner's: what is
 * wrong in the first is a warning with its line, in the second an error. A
 * list of which more than half is not understood is of another form, and
 * refused.
 */
#include "lists/compile.h"

#include <stdlib.h>
#include <string.h>

#include "lists/build.h"
#include "policy/complain.h"
#include "policy/token.h"

struct job {
	const struct lists_source *source;
	struct lists_build build;
	struct complaints complaints;
	struct text *out;
	uint32_t line;
};

/* One line of the lists file. */
struct wish {
	struct token name, form_word, file;
	enum list_form form;
	enum list_action action;
};

static void
refuse(struct job *j, struct flaw *flaw)
{
	flaw->line = j->line;
	complain_error(&j->complaints, flaw);
}

/* ---- the lists file ------------------------------------------------------ */

static bool
name_is_good(const struct token *t)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";

	if (t->len < 1 || t->len > LISTS_NAME_MAX)
		return false;
	for (size_t i = 0; i < t->len; i++) {
		if (memchr(letters, t->text[i], sizeof(letters) - 1) == NULL)
			return false;
	}
	return true;
}

static bool
is_named_already(const struct job *j, const struct token *t)
{
	for (uint32_t i = 0; i < j->build.lists; i++) {
		const char *name = j->build.texts + j->build.list[i].name;

		if (strlen(name) == t->len &&
		    memcmp(name, t->text, t->len) == 0)
			return true;
	}
	return false;
}

static bool
read_name(const struct job *j, struct line *l, struct wish *w,
	  struct flaw *flaw)
{
	w->name = line_word(l, "");
	if (w->name.len == 0)
		return missing(flaw, w->name, "the name of the list is missing",
			       "write \"list NAME FORM FILE\"");
	if (!name_is_good(&w->name))
		return wrong(flaw, &w->name, "is not a name for a list",
			     "write 1 to 31 letters, digits, '-', '_', '.'");
	if (is_named_already(j, &w->name))
		return wrong(flaw, &w->name, "names two lists",
			     "give each list a name of its own");
	return true;
}

static bool
read_form(struct line *l, struct wish *w, struct flaw *flaw)
{
	static const char right[] =
	    "write hosts, domains, adblock, dnsmasq or ips";

	w->form_word = line_word(l, "");
	if (w->form_word.len == 0)
		return missing(flaw, w->form_word,
			       "the form of the list is missing", right);
	w->form = form_from_word(w->form_word.text, w->form_word.len);
	if (w->form >= FORM_RPZ)
		return wrong(flaw, &w->form_word, "is not a form of lists",
			     right);
	return true;
}

static bool
read_file(struct line *l, struct wish *w, struct flaw *flaw)
{
	static const char right[] = "write the absolute path of a file";

	w->file = line_take(l, '"') ? line_quoted(l) : line_word(l, "");
	if (w->file.text == NULL || w->file.len == 0)
		return missing(flaw, w->file, "the file of the list is missing",
			       right);
	if (w->file.text[0] != '/' || w->file.len >= ACL_PATH_SIZE ||
	    memchr(w->file.text, '\0', w->file.len) != NULL)
		return wrong(flaw, &w->file, "is not an absolute path", right);
	return true;
}

static bool
read_action(struct line *l, struct wish *w, struct flaw *flaw)
{
	static const char right[] =
	    "write nxdomain, nodata, refused, drop, passthru or log";
	static const enum list_action actions[] = {
		ACTION_NXDOMAIN, ACTION_NODATA,	  ACTION_REFUSED,
		ACTION_DROP,	 ACTION_PASSTHRU, ACTION_LOG,
	};
	struct token word = line_word(l, "");

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (token_is(&word, action_word(actions[i]))) {
			w->action = actions[i];
			return true;
		}
	}
	if (word.len == 0)
		return missing(flaw, word, "the action is missing", right);
	return wrong(flaw, &word, "is not an action", right);
}

static bool
read_wish(const struct job *j, struct line *l, struct wish *w,
	  struct flaw *flaw)
{
	struct token word = line_word(l, "");

	*w = (struct wish){ .action = ACTION_NXDOMAIN };
	if (!token_is(&word, "list"))
		return wrong(flaw, &word, "is not known here",
			     "write \"list NAME FORM FILE [action ACTION]\"");
	if (!read_name(j, l, w, flaw) || !read_form(l, w, flaw) ||
	    !read_file(l, w, flaw))
		return false;
	while (!line_at_end(l)) {
		word = line_word(l, "");
		if (!token_is(&word, "action"))
			return wrong(flaw, &word, "is not known here",
				     "write \"action ACTION\" or nothing");
		if (!read_action(l, w, flaw))
			return false;
	}
	return true;
}

/* ---- the lists ------------------------------------------------------------
 */

struct reading {
	struct job *j;
	const struct wish *wish;
	uint32_t lines, bad; /* bad: of those that say something */
	uint32_t files;
	uint64_t items;
};

/* A few bytes of a range can be hundreds of entries. */
enum { ITEMS_A_LINE = 32, ITEMS_MORE = 65536 };

static enum err
take_item(void *arg, const struct item *item)
{
	struct reading *r = arg;

	if (++r->items > (uint64_t)r->lines * ITEMS_A_LINE + ITEMS_MORE)
		return ERR_RANGE;
	return lists_build_add(&r->j->build, item);
}

static void
tell_bad(struct reading *r, const char *file, uint32_t line)
{
	if (++r->bad > LISTS_BAD_TOLD)
		return;
	text_escaped(r->j->out, file, strnlen(file, 256));
	text_printf(r->j->out,
		    ":%u:1: warning: is left out of list %.*s; accepted are "
		    "lines of the form %s\n",
		    line, (int)r->wish->name.len, r->wish->name.text,
		    form_word(r->wish->form));
}

static enum err
read_list_line(struct reading *r, const struct policy_text *t, const char *line,
	       size_t len)
{
	const struct item_sink sink = { take_item, r };
	enum err err = ERR_SYNTAX;

	r->lines++;
	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (len <= ACL_MAX_LINE && memchr(line, '\0', len) == NULL)
		err = item_read(r->wish->form, line, len, &sink);
	if (err != ERR_SYNTAX)
		return err;
	tell_bad(r, t->name, r->lines);
	return ERR_NONE;
}

static enum err
take_text(void *arg, const struct policy_text *t)
{
	struct reading *r = arg;
	const char *at = t->text, *end = at + t->len;
	enum err err = ERR_NONE;

	r->files++;
	while (at < end && err == ERR_NONE) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (stop == NULL)
			stop = end;
		err = read_list_line(r, t, at, (size_t)(stop - at));
		at = stop + 1;
	}
	free(t->owned);
	return err;
}

static bool
is_of_another_form(const struct job *j, const struct reading *r)
{
	const struct lists_list *l = &j->build.list[j->build.lists - 1];

	return r->bad > l->names + l->nets;
}

static enum err
read_list(struct job *j, const struct wish *w)
{
	struct reading r = { .j = j, .wish = w };
	char path[ACL_PATH_SIZE], buf[512];
	struct flaw flaw;
	struct text why;
	enum err err;

	memcpy(path, w->file.text, w->file.len);
	path[w->file.len] = '\0';
	text_init(&why, buf, sizeof(buf));
	err = j->source->fetch(j->source->arg, path, &why, take_text, &r);
	j->build.list[j->build.lists - 1].bad = r.bad;
	if (err == ERR_DENIED || (err == ERR_NONE && r.files == 0))
		wrong(&flaw, &w->file, buf[0] != '\0' ? buf : "is not there",
		      "name a regular file that only its owner can write");
	else if (err == ERR_RANGE)
		wrong(&flaw, &w->file, "has too many entries",
		      "name lists of 16777216 at most, all together, and of "
		      "32 a line");
	else if (err == ERR_NONE && is_of_another_form(j, &r))
		wrong(&flaw, &w->form_word,
		      "is not the form of this list: most of its lines are "
		      "not understood",
		      "name the form that it has");
	else
		return err;
	refuse(j, &flaw);
	return ERR_NONE;
}

static enum err
add_list(struct job *j, const struct wish *w)
{
	char name[LISTS_NAME_MAX + 1], file[ACL_PATH_SIZE];
	struct flaw flaw;
	enum err err;

	memcpy(name, w->name.text, w->name.len);
	name[w->name.len] = '\0';
	memcpy(file, w->file.text, w->file.len);
	file[w->file.len] = '\0';
	err = lists_build_list(
	    &j->build, &(struct lists_about){ .name = name,
					      .file = file,
					      .form = w->form,
					      .action = w->action,
					      .max_ttl_s = 300,
					      .ede = LISTS_EDE_USUAL });
	if (err == ERR_NONE)
		return read_list(j, w);
	if (err != ERR_RANGE)
		return err;
	wrong(&flaw, &w->name, "is one list too many", "name at most 64");
	refuse(j, &flaw);
	return ERR_NONE;
}

static enum err
take_line(struct job *j, const char *text, size_t len)
{
	struct line l = { .text = text, .len = len };
	struct flaw flaw;
	struct wish w;

	if (line_at_end(&l))
		return ERR_NONE;
	if (read_wish(j, &l, &w, &flaw))
		return add_list(j, &w);
	refuse(j, &flaw);
	return ERR_NONE;
}

static enum err
take_lines(struct job *j)
{
	const char *at = j->source->text, *end = at + j->source->len;
	enum err err = ERR_NONE;

	while (at < end && err == ERR_NONE) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len;

		if (stop == NULL)
			stop = end;
		len = (size_t)(stop - at);
		if (len > 0 && at[len - 1] == '\r')
			len--;
		j->line++;
		err = take_line(j, at, len);
		at = stop + 1;
	}
	return err;
}

enum err
lists_compile(const struct lists_source *source, void **image_out,
	      size_t *size_out, struct text *complaints)
{
	struct job j = { .source = source,
			 .out = complaints,
			 .complaints = { .file = source->name,
					 .out = complaints } };
	enum err err;

	lists_build_init(&j.build);
	err = lists_build_source(&j.build, source->name, source->text,
				 source->len);
	if (err == ERR_NONE)
		err = take_lines(&j);
	complain_finish(&j.complaints);
	if (err == ERR_NONE && j.complaints.errors > 0)
		err = ERR_SYNTAX;
	if (err == ERR_NONE)
		err = lists_build_image(&j.build, image_out, size_out);
	lists_build_fini(&j.build);
	return err;
}
