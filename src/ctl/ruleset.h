/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ruleset as the doctor sees it, whoever printed it: chains and rules, each
 * by what its words say. What is not understood makes a rule narrow.
 */
#ifndef CTL_RULESET_H
#define CTL_RULESET_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/reach.h"

enum {
	RULESET_RULES = 1024,
	RULESET_CHAINS = 256,
	RULE_NAME = 128,
	RULE_TEXT = 512
};

enum hook { HOOK_NONE, HOOK_FORWARD, HOOK_OUTPUT };

struct chain {
	char table[RULE_NAME]; /* "inet filter"; "" for iptables */
	char name[RULE_NAME];
	enum hook hook;
	bool drops; /* by its policy */
};

enum rule_end {
	RULE_GOES_ON,
	RULE_ACCEPTS,
	RULE_REFUSES,
	RULE_RETURNS,
	RULE_JUMPS,
	RULE_LEAVES /* goes to another chain and does not come back */
};

struct rule {
	char text[RULE_TEXT];		    /* as it was printed */
	char when[RULE_TEXT];		    /* its conditions alone */
	char chain[RULE_NAME];		    /* that it stands in */
	char to[RULE_NAME];		    /* that it jumps to */
	char in[RULE_NAME], out[RULE_NAME]; /* "lan0", "{ a, b }", "! lan0" */
	uint32_t handle;		    /* of nftables */
	uint8_t family;			    /* 4, 6, or 0 for both */
	bool narrow;	  /* it has a condition but family and interface */
	bool established; /* one for packets of open connections */
	bool begins;	  /* one for packets that begin connections, at least */
	bool own;	  /* one for a user of this host */
	enum rule_end end;
	struct reach reach;
};

struct ruleset {
	unsigned chains, rules;
	bool cut; /* there were more */
	struct chain chain[RULESET_CHAINS];
	struct rule rule[RULESET_RULES];
};

void ruleset_clear(struct ruleset *r);
/* Room for one more, all zero; NULL where there is none. */
struct chain *ruleset_add_chain(struct ruleset *r);
struct rule *ruleset_add_rule(struct ruleset *r);
/* NULL: there is none of that name. */
const struct chain *ruleset_chain(const struct ruleset *r, const char *name);
const struct chain *ruleset_hook(const struct ruleset *r, enum hook hook);

/* Copies text[0..len-1], cut where it is too long. */
void rule_name(char out[RULE_NAME], const char *text, unsigned len);
/* An interface of a condition, or all but it. */
void rule_interface(char out[RULE_NAME], const char *name, bool negated);
/* One more condition, as it was printed. */
void rule_add_when(struct rule *r, const char *word);

#endif
