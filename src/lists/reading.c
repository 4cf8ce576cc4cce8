/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists as somebody publishes them: what is wrong in them is counted, told,
 * and left out; a list of which more than half is not understood is of
 * another form.
 */
#include "lists/reading.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lists/column.h"
#include "lists/file.h"
#include "lists/rpz_zone.h"
#include "wire/types.h"

enum {
	PIECE = 1 << 18,
	LINE_MAX_BYTES = ACL_MAX_LINE,
	LINE_TOLD = 60, /* characters of a line that are told */
	ITEMS_A_LINE = 32,
	ITEMS_MORE = 65536
};

/* ---- what is told ------------------------------------------------------- */

static bool
may_tell(struct reading *r)
{
	return r->told++ < READING_TOLD;
}

static void
tell_place(struct reading *r, uint32_t line)
{
	text_escaped(r->out, r->file, strnlen(r->file, 256));
	text_printf(r->out, ":%u:1: warning: ", line);
}

static void
tell_bad_line(struct reading *r, const char *line, size_t len)
{
	bool is_long = len > LINE_TOLD;

	r->bad++;
	if (!may_tell(r))
		return;
	tell_place(r, r->lines);
	text_printf(r->out, "\"");
	text_escaped(r->out, line, is_long ? LINE_TOLD : len);
	text_printf(r->out,
		    "%s\" is left out of list %s; lines of the form %s are "
		    "%s\n",
		    is_long ? "..." : "", r->config->name,
		    form_word(r->config->form), form_line(r->config->form));
}

/* The first of them; the others are counted. */
static void
tell_fault(struct reading *r, const struct item *item, const char *fault)
{
	char net[NET_TEXT_SIZE];

	if (r->faults++ > 0)
		return;
	tell_place(r, r->lines > 0 ? r->lines : 1);
	if (item->is_net)
		text_str(r->out, net_print(&item->net, net));
	else
		name_print(&item->name, r->out);
	text_printf(r->out,
		    r->is_own ? " of list %s %s; the file is yours, so it is "
				"listed all the same\n"
			      : " is left out of list %s: it %s\n",
		    r->config->name, fault);
}

/* ---- entries ------------------------------------------------------------- */

uint64_t
reading_most(uint64_t lines)
{
	return lines * ITEMS_A_LINE + ITEMS_MORE;
}

static enum err
take_item(void *arg, const struct item *item)
{
	struct reading *r = arg;
	const char *fault = guard_fault(r->guard, item);

	if (fault != NULL) {
		tell_fault(r, item, fault);
		if (!r->is_own) {
			r->left_out++;
			return ERR_NONE;
		}
	}
	r->items++;
	return lists_build_add(r->build, item);
}

static enum err
take_line_item(void *arg, const struct item *item)
{
	struct reading *r = arg;

	if (r->items >= reading_most(r->lines))
		return ERR_RANGE;
	return take_item(arg, item);
}

/* ---- plain lists --------------------------------------------------------- */

static enum err
read_line(struct reading *r, const char *line, size_t len)
{
	const struct item_sink sink = { take_line_item, r };
	enum err err = ERR_SYNTAX;

	r->lines++;
	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (len <= LINE_MAX_BYTES && memchr(line, '\0', len) == NULL)
		err = r->config->column > 0
			  ? column_read(r->config->column, line, len, &sink)
			  : item_read(r->config->form, line, len, &sink);
	if (err == ERR_MISSING && r->config->source != SOURCE_INLINE)
		r->left_out++;
	else if (err == ERR_MISSING || err == ERR_SYNTAX)
		tell_bad_line(r, line, len);
	else
		return err;
	return ERR_NONE;
}

/* A piece of the text, which begins with what was left of the one before. */
struct piece {
	size_t len;
	bool skip; /* up to the end of the line: it is too long */
	char bytes[PIECE];
};

static enum err
read_lines(struct reading *r, struct piece *p)
{
	const char *at = p->bytes, *end = p->bytes + p->len, *stop;
	enum err err = ERR_NONE;

	while (err == ERR_NONE &&
	       (stop = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		if (!p->skip)
			err = read_line(r, at, (size_t)(stop - at));
		p->skip = false;
		at = stop + 1;
	}
	p->len = (size_t)(end - at);
	if (err == ERR_NONE && p->len > LINE_MAX_BYTES + 1) {
		if (!p->skip)
			err = read_line(r, at, p->len);
		p->skip = true;
		p->len = 0;
	}
	memmove(p->bytes, at, p->len);
	return err;
}

static ssize_t
fill(struct piece *p, int fd)
{
	ssize_t got;

	do
		got = read(fd, p->bytes + p->len, sizeof(p->bytes) - p->len);
	while (got == -1 && errno == EINTR);
	if (got > 0)
		p->len += (size_t)got;
	return got;
}

static bool
is_of_another_form(const struct reading *r)
{
	return r->bad > r->items + r->left_out;
}

static enum err
read_plain(struct reading *r, int fd)
{
	struct piece *p = malloc(sizeof(*p));
	enum err err = ERR_NONE;
	ssize_t got = 1;

	if (p == NULL)
		return ERR_FULL;
	p->len = 0;
	p->skip = false;
	while (err == ERR_NONE && (got = fill(p, fd)) > 0)
		err = read_lines(r, p);
	if (err == ERR_NONE && got == -1)
		err = ERR_SYSTEM;
	if (err == ERR_NONE && p->len > 0 && !p->skip)
		err = read_line(r, p->bytes, p->len);
	free(p);
	if (err == ERR_NONE && is_of_another_form(r))
		err = ERR_SYNTAX;
	return err;
}

/* ---- policy zones --------------------------------------------------------
 */

static void
tell_note(void *arg, enum rpz_note note, const struct name *owner)
{
	struct reading *r = arg;

	r->bad += rpz_note_is_bad(note);
	if (!may_tell(r))
		return;
	tell_place(r, 1);
	name_print(owner, r->out);
	text_printf(r->out, " of list %s %s\n", r->config->name,
		    rpz_note_text(note));
}

static void
tell_zone_line(void *arg, uint32_t line, const char *what)
{
	struct reading *r = arg;

	if (!may_tell(r))
		return;
	tell_place(r, line);
	text_printf(r->out, "of list %s %s\n", r->config->name, what);
}

/* As lists_list has it: type, TTL, length, RDATA. */
static enum err
keep_soa(struct reading *r, const struct zone_soa *soa)
{
	uint8_t record[8 + SOA_RDATA_MAX] = { [1] = TYPE_SOA,
					      [2] = (uint8_t)(soa->ttl >> 24),
					      [3] = (uint8_t)(soa->ttl >> 16),
					      [4] = (uint8_t)(soa->ttl >> 8),
					      [5] = (uint8_t)soa->ttl,
					      [6] = (uint8_t)(soa->len >> 8),
					      [7] = (uint8_t)soa->len };

	if (soa->len == 0)
		return ERR_NONE;
	memcpy(record + 8, soa->rdata, soa->len);
	return lists_build_soa(r->build, record, 8 + (size_t)soa->len);
}

/* A text that somebody wrote, or a copy that we have kept. */
static enum err
read_entries(struct reading *r, const char *text, size_t len,
	     struct rpz_about *about)
{
	const struct list_config *c = r->config;
	const struct rpz_sink sink = { take_item, tell_note, r };
	const struct zone_text from = { .text = text,
					.len = len,
					.zone =
					    c->zone.len > 0 ? &c->zone : NULL,
					.bad = tell_zone_line,
					.arg = r };

	if (c->source != SOURCE_FILE)
		return rpz_read_kept((const uint8_t *)text, len, &sink, about);
	return rpz_read_text(&from, READING_ZONE_MAX, &sink, about);
}

static enum err
take_zone(struct reading *r, const char *text, size_t len)
{
	struct rpz_about about;
	enum err err = read_entries(r, text, len, &about);

	r->bad += about.bad;
	if (err == ERR_NONE && r->config->source == SOURCE_FILE &&
	    is_of_another_form(r))
		err = ERR_SYNTAX;
	if (err == ERR_NONE)
		err = lists_build_zone(r->build, &about.zone);
	return err == ERR_NONE ? keep_soa(r, &about.soa) : err;
}

static enum err
read_zone(struct reading *r, int fd)
{
	void *text = NULL;
	size_t len = 0;
	enum err err = file_read(fd, READING_ZONE_MAX, &text, &len);

	if (err == ERR_NONE)
		err = take_zone(r, text, len);
	free(text);
	return err;
}

static enum err
finish(struct reading *r, enum err err)
{
	struct lists_list *l = &r->build->list[r->build->lists - 1];

	l->bad = r->bad;
	l->left_out = r->left_out;
	return err;
}

enum err
reading_take_inline(struct reading *r)
{
	const char *at = r->config->where;
	enum err err = ERR_NONE;

	while (*at != '\0' && err == ERR_NONE) {
		size_t len = strcspn(at, ",");

		err = read_line(r, at, len);
		at += len + (at[len] == ',');
	}
	/* The owner wrote them: none is passed over. */
	if (err == ERR_NONE && r->bad > 0)
		err = ERR_SYNTAX;
	return finish(r, err);
}

enum err
reading_take(struct reading *r, int fd)
{
	return finish(r, r->config->form == FORM_RPZ ? read_zone(r, fd)
						     : read_plain(r, fd));
}
