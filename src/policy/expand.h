/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One rule as it was written becomes the rules it comes to: one for each net
 * of its client and each port.
 */
#ifndef POLICY_EXPAND_H
#define POLICY_EXPAND_H

#include "policy/group.h"
#include "policy/layout.h"
#include "policy/parse.h"

enum { EXPANDED_MOST = 4 << 20 }; /* rules, when all is written out */

struct own_addresses;

struct expansion {
	const struct own_addresses *own; /* NULL: nothing is known of them */
	struct groups groups;		 /* checked */
	struct interface_names interfaces;
	bool follows_own; /* localhost or localnets was written out */
	uint32_t expanded;
	char text[512]; /* for flaws */
};

typedef enum err expand_fn(void *arg, const struct acl_rule *rule);

/* Calls each with every rule, `rule` serving as the paper they are written
 * on. ERR_SYNTAX: flaw says why; else what each said. */
struct expand_job {
	struct acl_rule *rule;
	expand_fn *each;
	void *arg;
	struct flaw *flaw;
};
enum err expand_rule(struct expansion *x, const struct expand_job *job);

#endif
