/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of special names in use. Nearly all names are passed by with one
 * comparison of two letters a row.
 */
#include "policy/special.h"

#include <assert.h>
#include <string.h>

#include "wire/types.h"

static const struct {
	const char *zone;
	uint8_t kind, by;
} rows[SPECIALS_COUNT] = {
#define SPECIAL(zone, kind, by) { zone, SPECIAL_##kind, SPECIAL_BY_##by },
#include "policy/special.def"
#undef SPECIAL
};

/* The last two letters; of the root and names of one letter, none. */
static uint16_t
ending_of(const struct name *n)
{
	if (n->len < 4)
		return 0;
	return (uint16_t)(name_fold(n->wire[n->len - 3]) << 8 |
			  name_fold(n->wire[n->len - 2]));
}

void
specials_init(struct specials *s)
{
	for (unsigned i = 0; i < SPECIALS_COUNT; i++) {
		struct special *row = &s->row[i];
		enum err err = name_parse(rows[i].zone, strlen(rows[i].zone),
					  &row->zone, NULL);

		assert(err == ERR_NONE);
		(void)err;
		row->kind = rows[i].kind;
		row->by = rows[i].by;
		s->ending[i] = ending_of(&row->zone);
	}
}

static bool
is_on(const struct special *row, const struct options *opt)
{
	switch (row->by) {
	case SPECIAL_BY_CANARY:
		return opt->canary;
	case SPECIAL_BY_PRIVATE_RELAY:
		return opt->block_private_relay;
	default:
		return opt->special_names;
	}
}

static const struct special *
longest(const struct specials *s, const struct name *name)
{
	const struct special *found = NULL;
	uint16_t ending = ending_of(name);

	for (unsigned i = 0; i < SPECIALS_COUNT; i++) {
		const struct special *row = &s->row[i];

		if (s->ending[i] == ending && name_is_under(name, &row->zone) &&
		    (!found || row->zone.len > found->zone.len))
			found = row;
	}
	return found;
}

static bool
is_spelled_out(const struct special *row, const struct special_question *q)
{
	const struct image_rule *rule =
	    policy_rule(q->policy, q->verdict->rule);
	struct name domain;

	if (!rule)
		return false;
	policy_rule_name(q->policy, rule, &domain);
	return name_is_under(&domain, &row->zone);
}

/* Between the special zone and the name. */
static bool
is_between(const struct special *row, const struct option_zone *option,
	   const struct name *name)
{
	struct name zone = { .len = option->len };

	memcpy(zone.wire, option->wire, option->len);
	return name_is_under(name, &zone) && name_is_under(&zone, &row->zone);
}

/* A zone that the owner of this network holds. */
static bool
is_owned(const struct special *row, const struct options *opt,
	 const struct name *name)
{
	for (unsigned i = 0; i < opt->local_zone_count; i++)
		if (is_between(row, &opt->local_zone[i], name))
			return true;
	for (unsigned i = 0; i < opt->forward_count; i++)
		if (is_between(row, &opt->forward[i].zone, name))
			return true;
	return false;
}

const struct special *
special_find(const struct specials *s, const struct options *opt,
	     const struct special_question *q)
{
	const struct special *row = longest(s, q->name);

	if (!row || !is_on(row, opt) || is_spelled_out(row, q) ||
	    is_owned(row, opt, q->name))
		return NULL;
	return row;
}

bool
special_exists(const struct special *s, const struct name *name)
{
	switch (s->kind) {
	case SPECIAL_HOST:
		return true;
	case SPECIAL_EMPTY:
		return name_equal(name, &s->zone);
	default:
		return false;
	}
}

bool
special_address(const struct special *s, uint16_t type, struct addr *out)
{
	static const uint8_t four[4] = { 127, 0, 0, 1 };
	static const uint8_t six[16] = { [15] = 1 };

	if (s->kind != SPECIAL_HOST || (type != TYPE_A && type != TYPE_AAAA))
		return false;
	if (type == TYPE_A)
		addr_from_v4(four, out);
	else
		addr_from_v6(six, out);
	return true;
}
