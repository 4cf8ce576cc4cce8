/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of lists that no rule refers to: they are kept, and stop nobody.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/findings.h"
#include "ctl/list_sets.h"

/* Nobody need be stopped yet. */
static bool
is_empty(const char *line)
{
	const char *entries = strstr(line, " entries=");

	return entries != NULL && strncmp(entries, " entries=0", 10) == 0;
}

/* The kernel counts who refers to a set of ipset. */
static void
say_unused(struct doctor *d, const char *set)
{
	const char *prefix = d->sets[0] != '\0' ? d->sets : d->chain;
	const char *tool = strncmp(set, "ipv6", 4) == 0 ? "ip6tables"
							: "iptables";

	if (strcmp(set + 5, "block") == 0)
		say(d, WARN,
		    "addresses of lists are in set %s-%s, and no rule drops "
		    "them: %s -I FORWARD -m set --match-set %s-%s dst -j DROP, "
		    "and the same with src",
		    prefix, set, tool, prefix, set);
	else
		say(d, WARN,
		    "addresses of lists are in set %s-%s, and no rule lets "
		    "them through: %s -I FORWARD -m set --match-set %s-%s dst "
		    "-j ACCEPT, and the same with src",
		    prefix, set, tool, prefix, set);
}

void
see_list_set(struct doctor *d, const char *line)
{
	const char *name;
	char set[RULE_NAME];
	size_t len;

	if (strncmp(line, LIST_SET_LINE, strlen(LIST_SET_LINE)) != 0 ||
	    is_empty(line))
		return;
	name = line + strlen(LIST_SET_LINE);
	len = strcspn(name, " \n");
	if (len < 6 || len >= sizeof(set))
		return;
	snprintf(set, sizeof(set), "%.*s", (int)len, name);
	if (d->list_sets < LIST_SETS_MAX)
		memcpy(d->list_set[d->list_sets++], set, sizeof(set));
}

static bool
is_named_by_a_rule(const struct ruleset *r, const char *set)
{
	char wanted[RULE_NAME + 2];
	size_t len;

	snprintf(wanted, sizeof(wanted), "@%s", set);
	len = strlen(wanted);
	for (unsigned i = 0; i < r->rules; i++) {
		const char *at = strstr(r->rule[i].text, wanted);

		if (at != NULL && (at[len] == ' ' || at[len] == '\0'))
			return true;
	}
	return false;
}

void
see_list_sets_of_nft(struct doctor *d)
{
	for (unsigned i = 0; i < d->list_sets; i++) {
		const char *set = d->list_set[i];

		if (is_named_by_a_rule(d->rules, set))
			continue;
		say(d, WARN,
		    "addresses of lists are in set %s of table %s, and no rule "
		    "refers to it: nft insert rule %s forward %s daddr @%s "
		    "%s, and the same with saddr",
		    set, d->table, d->table,
		    strncmp(set, "ipv6", 4) == 0 ? "ip6" : "ip", set,
		    strcmp(set + 5, "block") == 0 ? "drop" : "accept");
	}
}

static bool
is_referred_to(const struct ruleset *r, const char *prefix, const char *set)
{
	char wanted[2 * RULE_NAME];

	snprintf(wanted, sizeof(wanted), "--match-set %s-%s ", prefix, set);
	for (unsigned i = 0; i < r->rules; i++)
		if (strstr(r->rule[i].text, wanted) != NULL)
			return true;
	return false;
}

void
see_list_sets_of_iptables(struct doctor *d, const struct family *f)
{
	const char *prefix = d->sets[0] != '\0' ? d->sets : d->chain;

	for (unsigned i = 0; i < d->list_sets; i++)
		if (d->list_set[i][3] == (f->number == 4 ? '4' : '6') &&
		    !is_referred_to(d->rules, prefix, d->list_set[i]))
			say_unused(d, d->list_set[i]);
}
