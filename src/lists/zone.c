/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zones from text.
 *
 * The words of a line are an owner, perhaps a TTL and a class in either order,
 * a type, and RDATA; where the line begins with a blank the owner is that of
 * the line before. A zone that is half understood protects more than none, so
 * a bad line is left out. But what a directive says holds for all that
 * follows: one that is not known refuses everything.
 */
#include "lists/zone.h"

#include <stdlib.h>
#include <string.h>

#include "lists/zone_line.h"
#include "lists/zone_rdata.h"
#include "wire/types.h"

struct zone_reading {
	const struct zone_text *from;
	struct content *to;
	struct name origin;
	struct name owner; /* of the line before; len 0: there was none */
	uint32_t ttl;
	bool ttl_is_fixed; /* by $TTL */
	bool zone_is_known;
	uint32_t bad;
	const char *why; /* the line is left out */
	struct zone_rdata rdata;
	char line[ZONE_LINE_MAX];
};

static enum err
wrong(struct zone_reading *z, const char *why)
{
	z->why = why;
	return ERR_SYNTAX;
}

static void
tell(struct zone_reading *z, uint32_t line)
{
	z->bad++;
	if (z->from->bad != NULL)
		z->from->bad(z->from->arg, line, z->why);
}

/* ---- directives --------------------------------------------------------- */

static enum err
set_origin(struct zone_reading *z, const struct zone_word *w)
{
	struct name origin;

	if (!zone_name_read(w->text, w->len, &z->origin, &origin))
		return wrong(z, "has an origin that is no name");
	z->origin = origin;
	if (!z->zone_is_known && z->to->count == 0)
		name_lower(&origin, &z->to->zone);
	return ERR_NONE;
}

static enum err
set_ttl(struct zone_reading *z, const struct zone_word *w)
{
	if (!zone_word_ttl(w, &z->ttl))
		return wrong(z, "has a TTL that is none");
	z->ttl_is_fixed = true;
	return ERR_NONE;
}

static enum err
take_directive(struct zone_reading *z, const struct zone_line *l)
{
	const char *at = l->text;
	struct zone_word word, value, more;

	zone_word_next(&at, &word);
	if (!zone_word_next(&at, &value) || zone_word_next(&at, &more))
		return wrong(z, "is no directive with one value");
	if (zone_word_is(&word, "$ORIGIN"))
		return set_origin(z, &value);
	if (zone_word_is(&word, "$TTL"))
		return set_ttl(z, &value);
	return wrong(z, "is a directive that is not taken here");
}

/* ---- records ------------------------------------------------------------ */

/* The zone is where its SOA is, unless somebody knows better. */
static enum err
settle_zone(struct zone_reading *z, const struct zone_rr *rr)
{
	if (rr->type != TYPE_SOA || z->zone_is_known)
		return ERR_NONE;
	if (z->to->count > 0 && !name_equal(&rr->owner, &z->to->zone))
		return wrong(z, "is an SOA behind other records");
	name_lower(&rr->owner, &z->to->zone);
	z->zone_is_known = true;
	return ERR_NONE;
}

static enum err
add(struct zone_reading *z, const struct zone_rr *rr)
{
	enum err err = settle_zone(z, rr);

	if (err != ERR_NONE)
		return err;
	if (!name_is_under(&rr->owner, &z->to->zone))
		return wrong(z, "is not in the zone");
	err = content_add(z->to, rr);
	if (err == ERR_TORN)
		return wrong(z, "is not what its type has");
	if (!z->ttl_is_fixed)
		z->ttl = rr->ttl;
	return err;
}

/* TTL and class, in either order; then the type. */
static bool
read_type(struct zone_reading *z, const char **at, struct zone_rr *rr)
{
	struct zone_word word;
	bool has_ttl = false, has_class = false;

	rr->ttl = z->ttl;
	while (zone_word_next(at, &word)) {
		if (!has_class && zone_word_is(&word, "IN"))
			has_class = true;
		else if (!has_ttl && zone_word_ttl(&word, &rr->ttl))
			has_ttl = true;
		else
			return zone_type_read(word.text, word.len, &rr->type);
	}
	return false;
}

static enum err
read_owner(struct zone_reading *z, const char **at)
{
	struct zone_word word;

	if (**at == ' ')
		return z->owner.len > 0
			   ? ERR_NONE
			   : wrong(z, "has no owner, and none stands above");
	zone_word_next(at, &word);
	if (zone_name_read(word.text, word.len, &z->origin, &z->owner))
		return ERR_NONE;
	z->owner.len = 0;
	return wrong(z, "has an owner that is no name");
}

static enum err
take_record(struct zone_reading *z, const struct zone_line *l)
{
	const char *at = l->text;
	struct zone_rr rr;
	enum err err = read_owner(z, &at);

	if (err != ERR_NONE)
		return err;
	rr.owner = z->owner;
	if (!read_type(z, &at, &rr))
		return wrong(z, "has no type that is known, of class IN");
	if (!zone_rdata_read(rr.type, at, &z->origin, &z->rdata))
		return wrong(z, "is not what its type has");
	rr.rdata = z->rdata.bytes;
	rr.rdata_len = z->rdata.len;
	return add(z, &rr);
}

/* ---- the zone ----------------------------------------------------------- */

/* ERR_SYNTAX: nothing that follows can be trusted. */
static enum err
take_line(struct zone_reading *z, const struct zone_line *l)
{
	enum err err;

	if (l->is_torn) {
		err = wrong(z, "has a quote or parenthesis without its other "
			       "half, or is too long");
	} else if (l->text[0] == '$') {
		err = take_directive(z, l);
		if (err == ERR_SYNTAX)
			tell(z, l->line);
		return err;
	} else {
		err = take_record(z, l);
	}
	if (err != ERR_SYNTAX)
		return err;
	tell(z, l->line);
	return ERR_NONE;
}

static enum err
take_lines(struct zone_reading *z)
{
	struct zone_lines lines = { .at = z->from->text,
				    .end = z->from->text + z->from->len,
				    .line = 1,
				    .buf = z->line };
	struct zone_line line;
	enum err err = ERR_NONE;

	while (err == ERR_NONE && zone_lines_next(&lines, &line))
		err = take_line(z, &line);
	return lines.unclosed < ZONE_UNCLOSED_MAX ? err : ERR_SYNTAX;
}

enum err
zone_read(const struct zone_text *from, uint64_t max_bytes, struct content *out,
	  uint32_t *bad_out)
{
	static const struct name root = { .len = 1 };
	struct zone_reading *z = malloc(sizeof(*z));
	enum err err;

	*bad_out = 0;
	content_init(out, from->zone != NULL ? from->zone : &root, max_bytes);
	out->first_counts = true;
	if (z == NULL)
		return ERR_FULL;
	z->from = from;
	z->to = out;
	z->origin = out->zone;
	z->owner.len = 0;
	z->ttl = ZONE_TTL_S;
	z->ttl_is_fixed = false;
	z->zone_is_known = from->zone != NULL;
	z->bad = 0;
	err = take_lines(z);
	*bad_out = z->bad;
	free(z);
	return err;
}
