/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a ruleset is kept while it is looked at. What is too much for it is
 * left out, and that is said: an answer about half a ruleset would be none.
 */
#include "ctl/ruleset.h"

#include <stdio.h>
#include <string.h>

void
ruleset_clear(struct ruleset *r)
{
	r->chains = 0;
	r->rules = 0;
	r->cut = false;
}

struct chain *
ruleset_add_chain(struct ruleset *r)
{
	struct chain *c = &r->chain[r->chains];

	if (r->chains == RULESET_CHAINS) {
		r->cut = true;
		return NULL;
	}
	r->chains++;
	memset(c, 0, sizeof(*c));
	return c;
}

struct rule *
ruleset_add_rule(struct ruleset *r)
{
	struct rule *rule = &r->rule[r->rules];

	if (r->rules == RULESET_RULES) {
		r->cut = true;
		return NULL;
	}
	r->rules++;
	memset(rule, 0, sizeof(*rule));
	return rule;
}

const struct chain *
ruleset_chain(const struct ruleset *r, const char *name)
{
	for (unsigned i = 0; i < r->chains; i++)
		if (strcmp(r->chain[i].name, name) == 0)
			return &r->chain[i];
	return NULL;
}

const struct chain *
ruleset_hook(const struct ruleset *r, enum hook hook)
{
	for (unsigned i = 0; i < r->chains; i++)
		if (r->chain[i].hook == hook)
			return &r->chain[i];
	return NULL;
}

void
rule_name(char out[RULE_NAME], const char *text, unsigned len)
{
	snprintf(out, RULE_NAME, "%.*s", (int)len, text);
}

void
rule_interface(char out[RULE_NAME], const char *name, bool negated)
{
	snprintf(out, RULE_NAME, "%s%s", negated ? "! " : "", name);
}

void
rule_add_when(struct rule *r, const char *word)
{
	size_t len = strlen(r->when);

	snprintf(r->when + len, sizeof(r->when) - len, "%s%s",
		 len > 0 ? " " : "", word);
}
