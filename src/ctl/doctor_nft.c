/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The doctor's round of the owner's table in nftables.
 *
 * What another table accepts counts for nothing here: a packet that one base
 * chain refuses is gone, whatever the others say. So only the table that has
 * our chain is judged, and of the others, whether they refuse everything.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/escapes.h"
#include "ctl/nft_look.h"
#include "ctl/program.h"

static void
delete_rule(const struct passage *p, const struct rule *r, struct text *out)
{
	text_printf(out, "nft delete rule %s %s handle %u", p->doctor->table,
		    r->chain, r->handle);
}

static void
refuse_rest(const struct passage *p, struct text *out)
{
	text_printf(out, "nft add rule %s %s reject", p->doctor->table,
		    p->way.from->name);
}

static void
pass_established(const struct passage *p, struct text *out)
{
	text_printf(out,
		    "nft insert rule %s %s ct state established,related accept",
		    p->doctor->table, p->way.from->name);
}

static void
say_nothing_leads(struct doctor *d, const struct family *f)
{
	const struct chain *forward = ruleset_hook(d->rules, HOOK_FORWARD);

	if (!is_forwarded(f)) {
		say(d, WARN, "%s: nothing leads to %s, and it is not forwarded",
		    f->name, d->chain);
		return;
	}
	if (forward != NULL)
		say(d, FAIL,
		    "%s: nothing leads to %s: nft insert rule %s %s jump %s",
		    f->name, d->chain, d->table, forward->name, d->chain);
	else
		say(d, FAIL,
		    "%s: nothing leads to %s: nft add chain %s forward '{ type "
		    "filter hook forward priority filter; policy drop; }', nft "
		    "add rule %s forward jump %s",
		    f->name, d->chain, d->table, d->table, d->chain);
}

static void
see_family(struct doctor *d, const struct family *f)
{
	static const enum hook hooks[] = { HOOK_FORWARD, HOOK_OUTPUT };
	struct passage p = { .doctor = d,
			     .family = f,
			     .way = { .rules = d->rules,
				      .ours = d->chain,
				      .family = f->number },
			     .delete_rule = delete_rule,
			     .refuse_rest = refuse_rest,
			     .pass_established = pass_established };

	for (unsigned i = 0; i < 2; i++) {
		if (!way_find(&p.way, hooks[i]))
			continue;
		see_passage(&p);
		return;
	}
	say_nothing_leads(d, f);
}

/* "ip filter" has IPv4 alone, "inet filter" both. */
static bool
has_family(const char *table, const struct family *f)
{
	return strncmp(table, "inet ", 5) == 0 ||
	       strncmp(table, f->number == 4 ? "ip " : "ip6 ",
		       f->number == 4 ? 3 : 4) == 0;
}

/* No table of ours sees it: is there one that refuses all of it? */
static void
see_other_family(struct doctor *d, const struct family *f)
{
	bool refused = false;

	for (unsigned i = 0; i < d->rules->chains; i++) {
		const struct chain *c = &d->rules->chain[i];

		refused |= c->hook == HOOK_FORWARD && c->drops &&
			   has_family(c->table, f);
	}
	if (!is_forwarded(f))
		say(d, PASS, "%s: is not forwarded, and has no chain", f->name);
	else if (refused)
		say(d, PASS,
		    "%s: has no chain, and what is forwarded is "
		    "refused by policy",
		    f->name);
	else
		say(d, FAIL,
		    "%s: is forwarded past the access list: have the chain in "
		    "a table of the family inet, or nft add table %s shut, nft "
		    "add chain %s shut forward '{ type filter hook forward "
		    "priority filter; policy drop; }'",
		    f->name, f->number == 4 ? "ip" : "ip6",
		    f->number == 4 ? "ip" : "ip6");
}

void
see_nftables(struct doctor *d)
{
	if (!nft_look_at_table(d))
		return;
	if (ruleset_chain(d->rules, d->chain) == NULL) {
		say(d, FAIL,
		    "there is no chain %s in table %s: nft add chain %s %s",
		    d->chain, d->table, d->table, d->chain);
		return;
	}
	for (unsigned i = 0; i < FAMILIES; i++)
		if (has_family(d->table, &families[i]))
			see_family(d, &families[i]);
	see_list_sets_of_nft(d);
	if (!nft_look_at_all(d))
		return;
	for (unsigned i = 0; i < FAMILIES; i++)
		if (!has_family(d->table, &families[i]))
			see_other_family(d, &families[i]);
	nft_say_others(d);
}
