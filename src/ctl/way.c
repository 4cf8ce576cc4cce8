/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Follows packets through chains. It believes in "refused" only where a rule
 * certainly meets all of them, and in "accepted" where one may meet some: an
 * error is to be one of caution.
 */
#include "ctl/way.h"

#include <string.h>

enum { DEPTH_MAX = 4 };

/* ---- what a rule meets --------------------------------------------------- */

static bool
is_of(const struct way *w, const struct rule *r, const char *chain)
{
	return (r->family == 0 || r->family == w->family) &&
	       strcmp(r->chain, chain) == 0;
}

static bool
jumps_to(const struct rule *r, const char *chain)
{
	return (r->end == RULE_JUMPS || r->end == RULE_LEAVES) &&
	       strcmp(r->to, chain) == 0;
}

/* "lan0" in "{ lan0, wlan0 }" or in "lan*", which iptables writes "lan+". */
static bool
interface_covers(const char *rule, const char *other)
{
	size_t len = strlen(rule), word = strlen(other);
	const char *at = rule;

	if (len == 0 || strcmp(rule, other) == 0)
		return true;
	if (word == 0)
		return false;
	if (rule[len - 1] == '*' || rule[len - 1] == '+')
		return strncmp(rule, other, len - 1) == 0;
	while (*rule == '{' && (at = strstr(at, other)) != NULL) {
		if (at[-1] == ' ' && (at[word] == ',' || at[word] == ' '))
			return true;
		at += word;
	}
	return false;
}

/* Both say which interface, and not the same. */
static bool
interfaces_differ(const char *one, const char *other)
{
	return *one != '\0' && *other != '\0' && *one != '!' && *other != '!' &&
	       !interface_covers(one, other) && !interface_covers(other, one);
}

static bool
never_meets(const struct rule *r, const struct rule *jump)
{
	return interfaces_differ(r->in, jump->in) ||
	       interfaces_differ(r->out, jump->out);
}

/* It meets all packets that `jump` sends away. */
static bool
covers(const struct rule *r, const struct rule *jump)
{
	if (strcmp(r->when, jump->when) == 0 && strlen(r->when) < RULE_TEXT - 1)
		return true;
	return !r->narrow && !r->begins && interface_covers(r->in, jump->in) &&
	       interface_covers(r->out, jump->out);
}

static bool
accepts_all(const struct rule *r)
{
	return r->end == RULE_ACCEPTS && !r->narrow &&
	       strcmp(r->out, "lo") != 0;
}

/* ---- behind -------------------------------------------------------------- */

struct trace {
	const struct way *way;
	const struct rule *jump; /* the packets are those it sends away */
	const struct rule *by;	 /* what accepted them */
	unsigned depth;
};

static enum fate fate_in(struct trace *t, const struct rule *from,
			 const char *chain);

static enum fate
fate_at(struct trace *t, const struct rule *r)
{
	enum fate fate = FATE_GOES_ON;

	if (never_meets(r, t->jump))
		return FATE_GOES_ON;
	if (accepts_all(r)) {
		t->by = r;
		return FATE_OPEN;
	}
	if (r->end == RULE_REFUSES && covers(r, t->jump))
		return FATE_SHUT;
	if ((r->end != RULE_JUMPS && r->end != RULE_LEAVES) ||
	    (r->narrow && !covers(r, t->jump)) || t->depth == DEPTH_MAX)
		return FATE_GOES_ON;
	t->depth++;
	fate = fate_in(t, NULL, r->to);
	t->depth--;
	/* A chain for some of them shuts only those. */
	return fate == FATE_SHUT && !covers(r, t->jump) ? FATE_GOES_ON : fate;
}

/* In that chain, behind the rule `from`, or from its beginning. */
static enum fate
fate_in(struct trace *t, const struct rule *from, const char *chain)
{
	const struct ruleset *rules = t->way->rules;
	const struct rule *end = rules->rule + rules->rules;
	const struct rule *r = from ? from + 1 : rules->rule;

	for (; r < end; r++) {
		enum fate fate;

		if (!is_of(t->way, r, chain))
			continue;
		if (r->end == RULE_RETURNS && covers(r, t->jump))
			return FATE_GOES_ON;
		fate = fate_at(t, r);
		if (fate != FATE_GOES_ON)
			return fate;
	}
	return FATE_GOES_ON;
}

enum fate
way_fate(const struct way *w, const struct rule **by_out)
{
	struct trace t = { .way = w, .jump = w->on ? w->on : w->jump };
	enum fate fate = FATE_GOES_ON;

	if (w->on != NULL)
		fate = fate_in(&t, w->on, w->on->chain);
	t.jump = w->jump;
	if (fate == FATE_GOES_ON && w->jump->end == RULE_JUMPS)
		fate = fate_in(&t, w->jump, w->from->name);
	if (fate == FATE_GOES_ON)
		fate = w->from->drops ? FATE_SHUT : FATE_OPEN;
	*by_out = t.by;
	return fate;
}

/* ---- before -------------------------------------------------------------- */

static int
number_of(const struct ruleset *r, const char *chain)
{
	const struct chain *c = ruleset_chain(r, chain);

	return c ? (int)(c - r->chain) : -1;
}

/* Marks what is reached from the chains that are marked; true: one more. */
static bool
spread(struct way *w)
{
	const struct ruleset *r = w->rules;
	bool more = false;

	for (unsigned i = 0; i < r->rules; i++) {
		const struct rule *rule = &r->rule[i];
		int from = number_of(r, rule->chain);
		int to = number_of(r, rule->to);

		if (from < 0 || to < 0 || !w->passed[from] || w->passed[to] ||
		    strcmp(rule->to, w->ours) == 0)
			continue;
		w->passed[to] = true;
		more = true;
	}
	return more;
}

bool
way_meets(const struct way *w, const struct rule *rule)
{
	int chain = number_of(w->rules, rule->chain);

	return chain >= 0 && w->passed[chain] &&
	       (rule->family == 0 || rule->family == w->family) &&
	       !never_meets(rule, w->jump);
}

bool
way_is_lost_before(const struct way *w, const struct rule *rule)
{
	bool before =
	    (rule < w->jump && strcmp(rule->chain, w->from->name) == 0) ||
	    (w->on && rule < w->on && strcmp(rule->chain, w->on->chain) == 0);

	return before && accepts_all(rule) && way_meets(w, rule);
}

/* ---- the way itself ------------------------------------------------------ */

static const struct rule *
leads_on(const struct way *w, const char *chain)
{
	for (unsigned i = 0; i < w->rules->rules; i++) {
		const struct rule *r = &w->rules->rule[i];

		if (is_of(w, r, chain) && jumps_to(r, w->ours))
			return r;
	}
	return NULL;
}

static bool
leaves_from(struct way *w, const struct chain *from)
{
	for (unsigned i = 0; i < w->rules->rules; i++) {
		const struct rule *r = &w->rules->rule[i];

		if (!is_of(w, r, from->name) ||
		    (r->end != RULE_JUMPS && r->end != RULE_LEAVES))
			continue;
		w->on = jumps_to(r, w->ours) ? NULL : leads_on(w, r->to);
		if (w->on == NULL && !jumps_to(r, w->ours))
			continue;
		w->from = from;
		w->jump = r;
		return true;
	}
	return false;
}

bool
way_find(struct way *w, enum hook hook)
{
	const struct ruleset *r = w->rules;
	bool found = false;

	for (unsigned i = 0; i < r->chains && !found; i++)
		found =
		    r->chain[i].hook == hook && leaves_from(w, &r->chain[i]);
	if (!found)
		return false;
	memset(w->passed, 0, sizeof(w->passed));
	w->passed[w->from - r->chain] = true;
	while (spread(w)) {
	}
	return true;
}
