/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The groups of an access list, by name. */
#ifndef POLICY_GROUP_H
#define POLICY_GROUP_H

#include "policy/parse.h"

enum { GROUP_DEPTH_MOST = 16 };

enum group_state { GROUP_NEW, GROUP_OPEN, GROUP_SOUND, GROUP_BAD };

/* group NAME = ... as it stands in a text that stays. */
struct group {
	struct token name;
	struct line members;
	const char *file;
	uint32_t line;
	uint8_t state;	/* enum group_state; groups_check() */
	uint8_t height; /* how many lie within one another, this one too */
};

struct groups {
	struct group *group;
	size_t count, room;
	char text[512]; /* for flaws */
};

void groups_fini(struct groups *g);
/* ERR_FULL: no memory. ERR_SYNTAX: there is one of that name (flaw). */
enum err groups_add(struct groups *g, const struct group *one,
		    struct flaw *flaw);
/* NULL: there is none. */
const struct group *groups_find(const struct groups *g,
				const struct token *name);

/* What is wrong with a member of `in`. */
typedef void group_flaw_fn(void *arg, const struct group *in,
			   struct flaw *flaw);
/* To be called when all are there, before any is used: those that lead to
 * what is no group, or to themselves, become GROUP_BAD. */
void groups_check(struct groups *g, group_flaw_fn *each, void *arg);

#endif
