/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filter table as iptables-save prints it, and what the doctor asks it. */
#ifndef CTL_RULESET_H
#define CTL_RULESET_H

#include <stdbool.h>
#include <stddef.h>

enum { RULESET_RULES = 1024, RULESET_LINE = 512 };

struct ruleset {
	unsigned count;
	bool cut; /* there were more */
	char rule[RULESET_RULES][RULESET_LINE]; /* ":CHAIN POLICY", "-A ..." */
};

/* Runs that program, one of iptables-save's family, with an empty environment;
 * false where it cannot be run or may not look. */
bool ruleset_read(struct ruleset *r, const char *program);

bool ruleset_has_chain(const struct ruleset *r, const char *chain);
/* "ACCEPT", "DROP" ... of a chain of the kernel's own. */
bool ruleset_policy_is(const struct ruleset *r, const char *chain,
		       const char *policy);
/* The rule of `hook` by which packets come to `chain`, directly or through
 * one chain between them; or ruleset.count. */
unsigned ruleset_jump(const struct ruleset *r, const char *hook,
		      const char *chain);

/* What one rule says. */
bool rule_is_of(const char *rule, const char *chain);
bool rule_leads_to(const char *rule, const char *target);
/* It has no condition but an interface. */
bool rule_is_broad(const char *rule);
/* It accepts whatever comes, at least over some interface, and also where it
 * asks for the state of a connection: also new ones. */
bool rule_accepts_all(const char *rule);
/* Clients can ask a resolver other than us through it. */
bool rule_opens_resolver(const char *rule);

#endif
