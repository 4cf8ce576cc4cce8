/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way of packets through a ruleset to our chain, and what becomes of them
 * before it and behind.
 */
#ifndef CTL_WAY_H
#define CTL_WAY_H

#include "ctl/ruleset.h"

struct way {
	const struct ruleset *rules;
	const char *ours; /* our chain */
	uint8_t family;
	const struct chain *from;    /* the hook's chain */
	const struct rule *jump;     /* in it, by which they leave for ours */
	const struct rule *on;	     /* in a chain between, or NULL */
	bool passed[RULESET_CHAINS]; /* chains that are reached from there */
};

/* Fills in the rest of the way; false: nothing leads to our chain, directly
 * or through one chain. */
bool way_find(struct way *w, enum hook hook);

enum fate { FATE_OPEN, FATE_SHUT, FATE_GOES_ON };

/* What becomes of what our chain did not accept. by_out: the rule that
 * accepts it, or NULL where the policy does. */
enum fate way_fate(const struct way *w, const struct rule **by_out);

/* This rule may meet a packet of that way, in a chain that is passed. */
bool way_meets(const struct way *w, const struct rule *rule);
/* It stands before our chain and accepts everything of some interface. */
bool way_is_lost_before(const struct way *w, const struct rule *rule);

#endif
