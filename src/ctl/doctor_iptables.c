/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The doctor's round of the owner's filter tables (iptables-save). */
#include <stddef.h>

#include "ctl/escapes.h"
#include "ctl/iptables_text.h"
#include "ctl/program.h"

struct tools {
	const char *name;    /* of the remedies */
	const char *save[2]; /* of nft and of legacy */
};

static const struct tools *
tools_of(const struct family *f)
{
	static const struct tools tools[FAMILIES] = {
		{ "iptables", { "iptables-nft-save", "iptables-legacy-save" } },
		{ "ip6tables",
		  { "ip6tables-nft-save", "ip6tables-legacy-save" } },
	};

	return &tools[f - families];
}

static void
delete_rule(const struct passage *p, const struct rule *r, struct text *out)
{
	/* "-A FORWARD ..." */
	text_printf(out, "%s -D%s", tools_of(p->family)->name, r->text + 2);
}

static void
refuse_rest(const struct passage *p, struct text *out)
{
	text_printf(out, "%s -A %s -j REJECT", tools_of(p->family)->name,
		    p->way.from->name);
}

static void
pass_established(const struct passage *p, struct text *out)
{
	text_printf(out,
		    "%s -I %s -m conntrack --ctstate ESTABLISHED,RELATED -j "
		    "ACCEPT",
		    tools_of(p->family)->name, p->way.from->name);
}

static bool
read_table(struct ruleset *r, const char *save)
{
	const char *const argv[] = { save, "-t", "filter", NULL };
	struct program p;

	ruleset_clear(r);
	if (program_open(&p, argv))
		iptables_text_read(p.out, r);
	return program_close(&p) == PROGRAM_DONE;
}

/* Reads the table that has our chain. */
static bool
find_table(struct doctor *d, const struct tools *t)
{
	for (unsigned i = 0; i < 2; i++)
		if (read_table(d->rules, t->save[i]) &&
		    ruleset_chain(d->rules, d->chain) != NULL)
			return true;
	return false;
}

static void
see_missing(struct doctor *d, const struct family *f)
{
	const struct tools *t = tools_of(f);
	bool readable = read_table(d->rules, t->save[0]);
	const struct chain *forward = ruleset_hook(d->rules, HOOK_FORWARD);

	if (!readable)
		say(d, is_forwarded(f) ? FAIL : WARN,
		    "%s: the ruleset cannot be read; run this as root",
		    f->name);
	else if (!is_forwarded(f))
		say(d, PASS, "%s: is not forwarded, and has no chain", f->name);
	else if (forward != NULL && forward->drops)
		say(d, PASS, "%s: has no chain, and FORWARD refuses all",
		    f->name);
	else
		say(d, FAIL,
		    "%s: is forwarded past the access list: %s -N "
		    "%s, %s -A FORWARD -j %s, %s -P FORWARD DROP, "
		    "then dns-firewallctl reload",
		    f->name, t->name, d->chain, t->name, d->chain, t->name);
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

	if (!find_table(d, tools_of(f))) {
		see_missing(d, f);
		return;
	}
	see_list_sets_of_iptables(d, f);
	/* OUTPUT where this host guards itself; on a router it is an extra
	 * that may cover as little as its owner likes. */
	for (unsigned i = 0; i < 2; i++) {
		if (!way_find(&p.way, hooks[i]))
			continue;
		see_passage(&p);
		return;
	}
	say(d, FAIL, "%s: nothing leads to %s: %s -I FORWARD -j %s", f->name,
	    d->chain, tools_of(f)->name, d->chain);
}

void
see_iptables(struct doctor *d)
{
	for (unsigned i = 0; i < FAMILIES; i++)
		see_family(d, &families[i]);
}
