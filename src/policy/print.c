/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules as text, in the one form that a policy is printed in.
 *
 * What is printed here is read back by parse.c as the same rule: whatever the
 * grammar would take for something else is escaped.
 */
#include "policy/print.h"

#include "base/addr.h"
#include "policy/match.h"
#include "policy/table.h"
#include "wire/name.h"

static const char *const arrow_text[] = {
	[ARROW_GRANT] = " -> ",
	[ARROW_DNS] = " ~> ",
	[ARROW_BLOCK] = " -| ",
};

static void
put_client(const struct policy *p, const struct image_rule *rule,
	   struct text *out)
{
	const struct net *net = &image_nets(p->head)[rule->net].net;
	char buf[NET_TEXT_SIZE];

	if (net->bits == (net->addr.family == 4 ? 32 : 128))
		text_str(out, addr_print(&net->addr, buf));
	else
		text_str(out, net_print(net, buf));
}

/* Without the dot at the end. An asterisk within a name is not a wildcard,
 * so it may not look like one. */
static void
put_labels(const struct name *name, struct text *out)
{
	char buf[NAME_TEXT_SIZE];
	struct text labels;

	text_init(&labels, buf, sizeof(buf));
	name_print(name, &labels);
	for (size_t i = 0; i + 1 < labels.len; i++) {
		if (buf[i] == '*')
			text_str(out, "\\042");
		else
			text_char(out, buf[i]);
	}
}

static void
put_domain(const struct policy *p, const struct image_rule *rule,
	   struct text *out)
{
	struct name name;

	policy_rule_name(p, rule, &name);
	if (name.len == 1) {
		text_char(out, '*');
		return;
	}
	if (rule->kind == DOMAIN_BELOW)
		text_str(out, "*.");
	else if (rule->kind == DOMAIN_TREE)
		text_char(out, '.');
	put_labels(&name, out);
}

static void
put_answers(const struct image_rule *rule, struct text *out)
{
	char buf[ADDR_TEXT_SIZE];
	struct addr addr;

	if (rule->has_answer4) {
		addr_from_v4(rule->answer4, &addr);
		text_str(out, " = ");
		text_str(out, addr_print(&addr, buf));
	}
	if (rule->has_answer6) {
		addr_from_v6(rule->answer6, &addr);
		text_str(out, rule->has_answer4 ? "," : " = ");
		text_str(out, addr_print(&addr, buf));
	}
}

void
rule_print(const struct policy *p, const struct image_rule *rule,
	   struct text *out)
{
	put_client(p, rule, out);
	text_str(out, arrow_text[rule->arrow]);
	put_domain(p, rule, out);
	if (rule->arrow == ARROW_GRANT) {
		text_str(out,
			 rule->protocol == IPPROTO_TCP ? ":TCP:" : ":UDP:");
		text_u64(out, rule->port);
	}
	put_answers(rule, out);
}
