/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Following aliases, so that only what QNAME really leads to is granted and
 * a blocked name is seen wherever it stands on the way.
 *
 * It makes one pass over the records to read their owners, and one for each
 * hop, at most sixteen: its time is bounded whatever the message holds. A
 * name that stands on the chain twice is a loop.
 */
#include "query/aliases.h"

#include <string.h>

static bool
same(const struct name *a, const struct name *b)
{
	return a->len == b->len && memcmp(a->wire, b->wire, a->len) == 0;
}

static bool
is_answer(const struct rr *rr)
{
	return rr->section == SECTION_ANSWER && rr->class == CLASS_IN;
}

static enum err
read_owners(const struct message *m, struct aliases *c)
{
	struct name owner;

	for (unsigned i = 0; i < m->rr_count; i++) {
		c->leads[i] = false;
		c->owner[i].len = 0;
		if (!is_answer(&m->rr[i]))
			continue;
		if (rr_owner(m, &m->rr[i], &owner) != ERR_NONE)
			return ERR_TORN;
		name_lower(&owner, &c->owner[i]);
	}
	return ERR_NONE;
}

static enum err
read_target(const struct message *m, unsigned i, struct name *out)
{
	struct name target;

	if (rr_target(m, &m->rr[i], &target) != ERR_NONE)
		return ERR_TORN;
	name_lower(&target, out);
	return ERR_NONE;
}

static void
lead(const struct message *m, unsigned i, struct aliases *c)
{
	uint32_t ttl = rr_ttl(&m->rr[i]);

	c->leads[i] = true;
	if (ttl < c->ttl)
		c->ttl = ttl;
}

/* The end of `at` that is zone's becomes target (RFC 6672 2.2). ERR_RANGE
 * where the result would be over 255 bytes. */
static enum err
substitute(const struct name *at, const struct name *zone,
	   const struct name *target, struct name *out)
{
	size_t prefix = (size_t)(at->len - zone->len);

	if (prefix + target->len > NAME_MAX_WIRE)
		return ERR_RANGE;
	memcpy(out->wire, at->wire, prefix);
	memcpy(out->wire + prefix, target->wire, target->len);
	out->len = (uint8_t)(prefix + target->len);
	return ERR_NONE;
}

/* Where the CNAME records of `at` lead; ERR_MISSING: there is none. */
static enum err
next_by_cname(const struct message *m, const struct name *at, struct aliases *c,
	      struct name *next)
{
	struct name target;
	bool found = false;

	for (unsigned i = 0; i < m->rr_count; i++) {
		if (!is_answer(&m->rr[i]) || m->rr[i].type != TYPE_CNAME ||
		    !same(&c->owner[i], at))
			continue;
		if (read_target(m, i, &target) != ERR_NONE)
			return ERR_TORN;
		if (found && !same(&target, next))
			return ERR_TORN;
		if (!found)
			lead(m, i, c);
		*next = target;
		found = true;
	}
	return found ? ERR_NONE : ERR_MISSING;
}

/* Where a DNAME above `at` leads. */
static enum err
by_dname(const struct message *m, unsigned i, const struct name *at,
	 const struct aliases *c, struct name *next)
{
	struct name target;

	if (!is_answer(&m->rr[i]) || m->rr[i].type != TYPE_DNAME ||
	    same(&c->owner[i], at) || !name_is_under(at, &c->owner[i]))
		return ERR_MISSING;
	if (read_target(m, i, &target) != ERR_NONE)
		return ERR_TORN;
	return substitute(at, &c->owner[i], &target, next);
}

/* A DNAME stands beside the CNAME made from it; one that would lead
 * elsewhere is no link, so that it is not passed on. */
static enum err
next_by_dname(const struct message *m, const struct name *at, struct aliases *c,
	      struct name *next)
{
	enum err found = next->len > 0 ? ERR_NONE : ERR_MISSING;
	struct name target;

	for (unsigned i = 0; i < m->rr_count; i++) {
		enum err err = by_dname(m, i, at, c, &target);

		if (err == ERR_MISSING)
			continue;
		if (err != ERR_NONE)
			return err;
		if (found == ERR_NONE && !same(&target, next))
			continue;
		lead(m, i, c);
		*next = target;
		found = ERR_NONE;
	}
	return found;
}

static enum err
next_name(const struct message *m, const struct name *at, struct aliases *c,
	  struct name *next)
{
	enum err err;

	next->len = 0;
	err = next_by_cname(m, at, c, next);
	if (err != ERR_NONE && err != ERR_MISSING)
		return err;
	return next_by_dname(m, at, c, next);
}

static bool
is_on_chain(const struct aliases *c, const struct name *n)
{
	for (unsigned i = 0; i < c->count; i++)
		if (same(&c->name[i], n))
			return true;
	return false;
}

enum err
aliases_follow(const struct message *m, const struct name *qname,
	       struct aliases *out)
{
	struct name next;
	enum err err;

	out->ttl = UINT32_MAX;
	out->count = 1;
	name_lower(qname, &out->name[0]);
	if (read_owners(m, out) != ERR_NONE)
		return ERR_TORN;
	while ((err = next_name(m, &out->name[out->count - 1], out, &next)) ==
	       ERR_NONE) {
		if (out->count > ALIASES_MAX || is_on_chain(out, &next))
			return ERR_RANGE;
		out->name[out->count++] = next;
	}
	return err == ERR_MISSING ? ERR_NONE : err;
}

bool
aliases_end_at(const struct aliases *c, unsigned i)
{
	return same(&c->owner[i], &c->name[c->count - 1]);
}

bool
aliases_hold(const struct aliases *c, unsigned i)
{
	return is_on_chain(c, &c->owner[i]);
}
