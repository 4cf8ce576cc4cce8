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

static bool
blocks(const char *set)
{
	return strncmp(set + 5, "block", 5) == 0;
}

/* Entries have a client, too. */
static bool
is_for_some(const char *set)
{
	return strstr(set, "-for") != NULL;
}

/* The kernel counts who refers to a set of ipset. */
static void
say_unused(struct doctor *d, const char *set)
{
	const char *prefix = d->sets[0] != '\0' ? d->sets : d->chain;
	const char *tool =
	    strncmp(set, "ipv6", 4) == 0 ? "ip6tables" : "iptables";

	const char *to = is_for_some(set) ? "src,dst" : "dst";
	const char *from = is_for_some(set) ? "dst,src" : "src";

	if (blocks(set))
		say(d, WARN,
		    "addresses of lists are in set %s-%s, and no rule drops "
		    "them: %s -I FORWARD -m set --match-set %s-%s %s -j DROP, "
		    "and the same with %s",
		    prefix, set, tool, prefix, set, to, from);
	else
		say(d, WARN,
		    "addresses of lists are in set %s-%s, and no rule lets "
		    "them through: %s -I FORWARD -m set --match-set %s-%s %s "
		    "-j ACCEPT, and the same with %s",
		    prefix, set, tool, prefix, set, to, from);
}

void
see_list_set(struct doctor *d, const char *line)
{
	const char *name;
	char set[RULE_NAME];
	size_t len;

	if (strncmp(line, LIST_SET_LINE, strlen(LIST_SET_LINE)) != 0)
		return;
	name = line + strlen(LIST_SET_LINE);
	len = strcspn(name, " \n");
	if (len < 6 || len >= sizeof(set))
		return;
	snprintf(set, sizeof(set), "%.*s", (int)len, name);
	if (strncmp(name + len, " refused", 8) == 0) {
		say(d, FAIL, "list-set %.*s", (int)strcspn(name, "\n"), name);
		return;
	}
	if (d->list_sets < LIST_SETS_MAX && !is_empty(line))
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
		const char *family =
		    strncmp(set, "ipv6", 4) == 0 ? "ip6" : "ip";
		char client[32] = "";

		if (is_named_by_a_rule(d->rules, set))
			continue;
		if (is_for_some(set))
			snprintf(client, sizeof(client), " . %s saddr", family);
		say(d, WARN,
		    "addresses of lists are in set %s of table %s, and no rule "
		    "refers to it: nft insert rule %s forward %s daddr%s @%s "
		    "%s, and the same with saddr%s",
		    set, d->table, d->table, family, client, set,
		    blocks(set) ? "drop" : "accept",
		    is_for_some(set) ? " first" : "");
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
