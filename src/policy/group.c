/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every group is looked through once, whether a rule uses it or not: what is
 * wrong is told where it stands, and those that are sound can be written out
 * without asking again.
 */
#include "policy/group.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct check {
	struct groups *groups;
	group_flaw_fn *each;
	void *arg;
};

void
groups_fini(struct groups *g)
{
	free(g->group);
}

static struct group *
find(const struct groups *g, const struct token *name)
{
	for (size_t i = 0; i < g->count; i++) {
		struct group *one = &g->group[i];

		if (one->name.len == name->len &&
		    memcmp(one->name.text, name->text, name->len) == 0)
			return one;
	}
	return NULL;
}

const struct group *
groups_find(const struct groups *g, const struct token *name)
{
	return find(g, name);
}

enum err
groups_add(struct groups *g, const struct group *one, struct flaw *flaw)
{
	const struct group *other = find(g, &one->name);
	struct text what;

	if (other) {
		text_init(&what, g->text, sizeof(g->text));
		text_str(&what, "is a group already, of ");
		text_escaped(&what, other->file, strnlen(other->file, 256));
		text_printf(&what, ":%u", other->line);
		wrong(flaw, &one->name, g->text, "give this one another name");
		return ERR_SYNTAX;
	}
	if (g->count == g->room) {
		size_t room = g->room ? g->room * 2 : 16;
		void *more = realloc(g->group, room * sizeof(*g->group));

		if (!more)
			return ERR_FULL;
		g->group = more;
		g->room = room;
	}
	g->group[g->count++] = *one;
	return ERR_NONE;
}

/* ---- whether they are sound ---------------------------------------------- */

static bool
is_unknown(const struct token *whole, struct flaw *flaw)
{
	return wrong(flaw, whole, "is not a group known here",
		     "write group NAME = CLIENT, CLIENT first or later");
}

static bool
is_loop(struct groups *g, const struct token *whole, struct flaw *flaw)
{
	struct text what;

	text_init(&what, g->text, sizeof(g->text));
	text_str(&what, "contains itself, among the groups");
	for (size_t i = 0; i < g->count; i++) {
		if (g->group[i].state != GROUP_OPEN)
			continue;
		text_char(&what, ' ');
		text_bytes(&what, g->group[i].name.text, g->group[i].name.len);
	}
	return wrong(flaw, whole, g->text, "take one of them out of another");
}

static bool
is_deep(const struct token *whole, struct flaw *flaw)
{
	return wrong(flaw, whole,
		     "makes more than 16 groups within one another",
		     "name the clients in fewer steps");
}

static void check_group(const struct check *c, struct group *g, unsigned depth);

/* GROUP_BAD: flaw says why, or (what NULL) it was told before. */
static enum group_state
take_member(const struct check *c, struct group *g,
	    const struct acl_client *member, unsigned depth, struct flaw *flaw)
{
	struct group *inner = find(c->groups, &member->group);
	bool good = true;

	*flaw = (struct flaw){ 0 };
	if (inner && inner->state == GROUP_NEW && depth < GROUP_DEPTH_MOST)
		check_group(c, inner, depth + 1);
	if (!inner)
		good = is_unknown(&member->whole, flaw);
	else if (inner->state == GROUP_OPEN)
		good = is_loop(c->groups, &member->whole, flaw);
	else if (inner->state == GROUP_NEW || inner->height == GROUP_DEPTH_MOST)
		good = is_deep(&member->whole, flaw);
	else if (inner->height >= g->height)
		g->height = (uint8_t)(inner->height + 1);
	return good ? (enum group_state)inner->state : GROUP_BAD;
}

static void
check_group(const struct check *c, struct group *g, unsigned depth)
{
	struct line members = g->members;
	struct acl_client member;
	uint8_t state = GROUP_SOUND;
	struct flaw flaw;

	g->state = GROUP_OPEN;
	g->height = 1;
	while (acl_next_member(&members, &member)) {
		if (member.kind != CLIENT_GROUP ||
		    take_member(c, g, &member, depth, &flaw) == GROUP_SOUND)
			continue;
		if (flaw.what)
			c->each(c->arg, g, &flaw);
		state = GROUP_BAD;
	}
	g->state = state;
}

void
groups_check(struct groups *g, group_flaw_fn *each, void *arg)
{
	const struct check c = { g, each, arg };

	for (size_t i = 0; i < g->count; i++)
		if (g->group[i].state == GROUP_NEW)
			check_group(&c, &g->group[i], 1);
}
