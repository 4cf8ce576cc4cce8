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
#include "policy/service.h"
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
	const struct image_net *in = &image_nets(p->head)[rule->net];
	const struct net *net = &in->net;
	char buf[NET_TEXT_SIZE];

	if (net->bits == (net->addr.family == 4 ? 32 : 128))
		text_str(out, addr_print(&net->addr, buf));
	else
		text_str(out, net_print(net, buf));
	if (in->interface != 0) {
		const char *name =
		    image_interfaces(p->head)[in->interface - 1].name;

		text_char(out, '%');
		text_str(out, name);
	}
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
	if (rule->kind == DOMAIN_LIST) {
		text_char(out, '@');
		text_bytes(out, (const char *)name.wire + 1, name.wire[0]);
		return;
	}
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

const char *
protocol_text(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "TCP";
	case IPPROTO_UDP:
		return "UDP";
	case IPPROTO_SCTP:
		return "SCTP";
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return "ICMP";
	default:
		return "?";
	}
}

static bool
has_ports(uint8_t protocol)
{
	return protocol != IPPROTO_ICMP && protocol != IPPROTO_ICMPV6;
}

unsigned
port_number(uint8_t protocol, uint16_t port)
{
	return has_ports(protocol) ? port : port >> 8;
}

/* rule[0..count-1] differ only in their ports, which rise. */
static void
put_service(const struct image_rule *rule, uint32_t count, struct text *out)
{
	text_printf(out, ":%s", protocol_text(rule->protocol));
	if (!has_ports(rule->protocol))
		return;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t last = i;

		while (last + 1 < count &&
		       rule[last + 1].port == rule[last].port + 1)
			last++;
		text_char(out, i == 0 ? ':' : ',');
		text_u64(out, rule[i].port);
		if (last > i) {
			text_char(out, '-');
			text_u64(out, rule[last].port);
		}
		i = last;
	}
}

static void
put_block(const struct image_rule *rule, struct text *out)
{
	static const char *const word[] = {
		[BLOCK_REFUSED] = "",
		[BLOCK_NXDOMAIN] = " nxdomain",
		[BLOCK_NODATA] = " nodata",
		[BLOCK_DROP] = " drop",
	};

	text_str(out, word[rule->block]);
	put_answers(rule, out);
}

static void
print_run(const struct policy *p, const struct image_rule *rule,
	  uint32_t count, struct text *out)
{
	put_client(p, rule, out);
	text_str(out, arrow_text[rule->arrow]);
	put_domain(p, rule, out);
	if (rule->arrow == ARROW_GRANT)
		put_service(rule, count, out);
	if (rule->arrow == ARROW_BLOCK)
		put_block(rule, out);
}

void
rule_print(const struct policy *p, const struct image_rule *rule,
	   struct text *out)
{
	print_run(p, rule, 1, out);
}

uint32_t
rules_print(const struct policy *p, uint32_t first, struct text *out)
{
	const struct image_rule *rule = policy_rule(p, first);
	uint32_t left = policy_rule_count(p) - first, count = 1;

	while (rule->arrow == ARROW_GRANT && count < left &&
	       count < RULE_MAX_PORTS && rule[count].net == rule->net &&
	       rule[count].name == rule->name &&
	       rule[count].kind == rule->kind &&
	       rule[count].protocol == rule->protocol)
		count++;
	print_run(p, rule, count, out);
	return count;
}
