/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules are gathered, put into the order of the canonical form, freed of
 * repetitions, and checked against each other; then layout.h makes an image
 * of them.
 */
#ifndef POLICY_BUILD_H
#define POLICY_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "policy/complain.h"
#include "policy/image.h"
#include "policy/parse.h"

/* A rule on its way into the image. */
struct draft {
	struct image_rule rule; /* net: filled by layout; name: into bytes */
	struct net client;
	uint32_t order;	 /* into bytes: what domains are sorted by */
	uint32_t column; /* of the domain in the ACL */
	uint16_t interface; /* as in struct acl_rule */
	uint16_t list;	    /* the same */
};

struct build {
	struct draft *draft;
	size_t count, room;
	uint8_t *bytes; /* names, each with its length byte before it */
	size_t used, size;
	/* of the interfaces, for identities */
	const struct image_interface *interfaces;
};

void build_init(struct build *b);
void build_fini(struct build *b);
/* ERR_FULL: no memory, or more than an image can hold. */
enum err build_add(struct build *b, const struct acl_rule *rule, uint32_t line);
/* Sorts, merges and numbers; contradictions become complaints. Only the
 * drafts up to b->count are left. */
void build_settle(struct build *b, struct complaints *complaints);

static inline const uint8_t *
draft_name(const struct build *b, const struct draft *d)
{
	return b->bytes + d->rule.name;
}

static inline bool
draft_is_of_list(const struct draft *d)
{
	return d->rule.kind == DOMAIN_LIST;
}

/* Same net, name and kind of domain: the rules that must agree. */
bool draft_same_subject(const struct build *b, const struct draft *one,
			const struct draft *other);

#endif
