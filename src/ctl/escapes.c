/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks at a way to our chain: is the rest refused behind it, does anything
 * accept before it, do open connections pass, is another resolver open?
 */
#include "ctl/escapes.h"

#include <string.h>

enum { REMEDY_SIZE = 1024 };

struct remedy {
	char buf[REMEDY_SIZE];
	struct text text;
};

static const char *
deletion(const struct passage *p, const struct rule *r, struct remedy *out)
{
	text_init(&out->text, out->buf, sizeof(out->buf));
	p->delete_rule(p, r, &out->text);
	return out->buf;
}

static void
see_rest(const struct passage *p)
{
	const struct rule *by;
	enum fate fate = way_fate(&p->way, &by);
	const char *family = p->family->name, *ours = p->way.ours;
	struct remedy remedy;

	text_init(&remedy.text, remedy.buf, sizeof(remedy.buf));
	p->refuse_rest(p, &remedy.text);
	if (fate == FATE_SHUT)
		say(p->doctor, PASS, "%s: what %s does not accept is refused",
		    family, ours);
	else if (by == NULL)
		say(p->doctor, FAIL,
		    "%s: what %s does not accept is let through: %s", family,
		    ours, remedy.buf);
	else
		say(p->doctor, FAIL,
		    "%s: what %s does not accept is let through by: %s; "
		    "delete it: %s",
		    family, ours, by->text, deletion(p, by, &remedy));
}

static void
see_before(const struct passage *p)
{
	const struct ruleset *rules = p->way.rules;
	struct remedy remedy;

	for (unsigned i = 0; i < rules->rules; i++) {
		const struct rule *r = &rules->rule[i];

		if (way_is_lost_before(&p->way, r))
			say(p->doctor, FAIL,
			    "%s: a rule before our chain accepts everything: "
			    "%s; delete it: %s",
			    p->family->name, r->text, deletion(p, r, &remedy));
	}
}

static void
see_established(const struct passage *p)
{
	const struct ruleset *rules = p->way.rules;
	struct remedy remedy;
	bool pass = false;

	for (unsigned i = 0; i < rules->rules && !pass; i++) {
		const struct rule *r = &rules->rule[i];

		pass = r->established && way_meets(&p->way, r) &&
		       (r->end == RULE_ACCEPTS || r->end == RULE_RETURNS);
	}
	text_init(&remedy.text, remedy.buf, sizeof(remedy.buf));
	p->pass_established(p, &remedy.text);
	if (pass)
		say(p->doctor, PASS, "%s: answers of open connections pass",
		    p->family->name);
	else
		say(p->doctor, WARN,
		    "%s: no rule accepts ESTABLISHED packets, so that "
		    "connections end with their entries: %s",
		    p->family->name, remedy.buf);
}

static bool
is_escape(const struct passage *p, const struct rule *r)
{
	return r->end == RULE_ACCEPTS && r->narrow && !r->own &&
	       !r->established && strcmp(r->out, "lo") != 0 &&
	       way_meets(&p->way, r) && reach_has_resolver(&r->reach);
}

static void
see_resolvers(const struct passage *p)
{
	const struct ruleset *rules = p->way.rules;
	struct remedy remedy;
	bool found = false;

	for (unsigned i = 0; i < rules->rules; i++) {
		const struct rule *r = &rules->rule[i];

		if (!is_escape(p, r))
			continue;
		found = true;
		say(p->doctor, WARN,
		    "%s: clients can ask other resolvers: %s; delete it: %s",
		    p->family->name, r->text, deletion(p, r, &remedy));
	}
	if (!found)
		say(p->doctor, PASS,
		    "%s: no rule was seen that opens another resolver",
		    p->family->name);
}

void
see_passage(const struct passage *p)
{
	say(p->doctor, PASS, "%s: %s leads to %s", p->family->name,
	    p->way.from->name, p->way.ours);
	if (p->way.rules->cut)
		say(p->doctor, WARN,
		    "%s: the ruleset is long; only its first %d rules were "
		    "looked at",
		    p->family->name, RULESET_RULES);
	see_rest(p);
	see_before(p);
	see_established(p);
	see_resolvers(p);
}
