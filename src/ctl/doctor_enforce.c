/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The doctor's round of our own table (--enforce). Its rules are ours, and
 * nothing is to be mended in them: what matters is that it is in the kernel,
 * and that the access list names somebody who is to be shut in.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/nft_look.h"

static const char our_table[] = "inet dns_firewall";

/* The set that a condition such as "ip saddr @clients-ipv4-a" names. */
static bool
set_of(const struct rule *r, char out[RULE_NAME])
{
	const char *at = strstr(r->when, "@");

	if (at == NULL)
		return false;
	rule_name(out, at + 1, (unsigned)strcspn(at + 1, " "));
	return true;
}

/* It refuses something of that family: the clients in its set, if any. */
static bool
shuts_somebody_in(const struct doctor *d, const struct rule *r,
		  const struct family *f)
{
	char set[RULE_NAME];

	if (r->end != RULE_REFUSES ||
	    (r->family != 0 && r->family != f->number))
		return false;
	return !set_of(r, set) || nft_set_has_any(d, set);
}

static bool
is_shut(const struct doctor *d, const struct family *f, const char *chain)
{
	for (unsigned i = 0; i < d->rules->rules; i++) {
		const struct rule *r = &d->rules->rule[i];

		if (strcmp(r->chain, chain) == 0 && shuts_somebody_in(d, r, f))
			return true;
	}
	return false;
}

static void
see_family(struct doctor *d, const struct family *f, const char *chain)
{
	if (is_shut(d, f, chain))
		say(d, PASS,
		    "%s: what clients named with -> were not granted is "
		    "refused by our own table",
		    f->name);
	else if (!is_forwarded(f))
		say(d, PASS,
		    "%s: is not forwarded, and the access list names no "
		    "client of it with ->",
		    f->name);
	else
		say(d, FAIL,
		    "%s: is forwarded, and the access list names no client "
		    "of it with ->, so that nobody is shut in: name their "
		    "nets, or sysctl %s",
		    f->name,
		    f->number == 4 ? "net.ipv4.ip_forward=0"
				   : "net.ipv6.conf.all.forwarding=0");
}

/* Who is not shut in himself needs no word about it. */
static void
see_this_host(struct doctor *d)
{
	const struct chain *output = ruleset_hook(d->rules, HOOK_OUTPUT);
	bool shut = false;

	if (!d->guards_itself)
		return;
	for (unsigned i = 0; output != NULL && i < FAMILIES; i++)
		shut |= is_shut(d, &families[i], output->name);
	if (shut)
		say(d, PASS, "this host itself is shut in");
	else
		say(d, WARN,
		    "this host itself is not shut in: the access list names "
		    "none of its addresses with ->");
}

static void
see_table(struct doctor *d)
{
	const struct chain *forward = ruleset_hook(d->rules, HOOK_FORWARD);

	if (forward == NULL) {
		say(d, FAIL,
		    "our table refuses nothing: it has no chain in the "
		    "forward hook; systemctl restart dns-firewall");
		return;
	}
	say(d, PASS, "our own table, %s, sees what is forwarded", our_table);
	if (d->only_watches)
		return;
	for (unsigned i = 0; i < FAMILIES; i++)
		see_family(d, &families[i], forward->name);
	see_this_host(d);
}

void
see_enforced(struct doctor *d)
{
	snprintf(d->table, sizeof(d->table), "%s", our_table);
	if (!nft_look_at_table(d))
		return;
	see_table(d);
	if (nft_look_at_all(d))
		nft_say_others(d);
}
