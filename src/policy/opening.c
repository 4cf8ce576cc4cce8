/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What some name could open: asked where an entry is there, and by which name
 * it came nobody knows.
 *
 * The verdict decides here too, on names made up for the question, so that
 * what no name can be granted is not taken for given: each rule is asked for
 * its own name, and for one below it that stands for all of them.
 */
#include "policy/match.h"

#include <netinet/in.h>
#include <string.h>

#include "base/sorted.h"
#include "policy/service.h"
#include "policy/table.h"

struct opening {
	const struct policy *p;
	const struct policy_client *client;
	const struct policy_opening *wanted;
};

/* The ports of a net rise by protocol, then port. */
static bool
net_gives(const struct policy *p, const struct image_net *net, uint8_t protocol,
	  uint16_t port)
{
	const struct image_port *ports = image_ports(p->head) + net->first_port;
	uint32_t low = 0, high = net->port_count;
	uint32_t wanted = (uint32_t)protocol << 16 | port;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		uint32_t here =
		    (uint32_t)ports[middle].protocol << 16 | ports[middle].port;

		if (here == wanted)
			return true;
		if (here < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static bool
opens(uint8_t protocol, uint16_t port, const struct policy_opening *o)
{
	if (service_is_echo(protocol, port) &&
	    service_is_echo(o->protocol, o->port))
		return true;
	return protocol == o->protocol && port == o->port;
}

static bool
net_opens(const struct policy *p, const struct image_net *net,
	  const struct policy_opening *o)
{
	if (service_is_echo(o->protocol, o->port))
		return net_gives(p, net, IPPROTO_ICMP, PORT_ECHO) ||
		       net_gives(p, net, IPPROTO_ICMPV6, PORT_ECHO6);
	return net_gives(p, net, o->protocol, o->port);
}

static bool
name_opens(const struct opening *o, const struct name *name)
{
	struct verdict v;

	policy_match(o->p, o->client, name, &v);
	for (unsigned i = 0; v.kind == VERDICT_ALLOWED && i < v.port_count; i++)
		if (opens(v.port[i].protocol, v.port[i].port, o->wanted))
			return true;
	return false;
}

/* What covers a name below it that no rule spells out covers every one: so
 * one stands for all. */
static bool
below_opens(const struct opening *o, const struct name *name)
{
	static const uint8_t nobodys[] = { 1, 0 };
	struct name below = { .len = (uint8_t)(name->len + sizeof(nobodys)) };

	if (name->len > NAME_MAX_WIRE - sizeof(nobodys))
		return false;
	memcpy(below.wire, nobodys, sizeof(nobodys));
	memcpy(below.wire + sizeof(nobodys), name->wire, name->len);
	return name_opens(o, &below);
}

/* Another net, or a longer domain, may block whatever it names. */
static bool
rule_opens(const struct opening *o, uint32_t rule)
{
	const struct policy_opening *wanted = o->wanted;
	const struct image_rule *r = policy_rule(o->p, rule);
	struct name name;

	if (r->arrow != ARROW_GRANT || !opens(r->protocol, r->port, wanted) ||
	    (wanted->fits != NULL && !wanted->fits(wanted->arg, rule)))
		return false;
	/* Any name may be in it. */
	if (r->kind == DOMAIN_LIST)
		return true;
	policy_rule_name(o->p, r, &name);
	return (r->kind != DOMAIN_BELOW && name_opens(o, &name)) ||
	       (r->kind != DOMAIN_EXACT && below_opens(o, &name));
}

static int
net_order(const void *rule, const void *net)
{
	const struct image_rule *r = rule;
	uint32_t wanted = *(const uint32_t *)net;

	return r->net < wanted ? -1 : r->net > wanted;
}

/* Rules stand in the order of their nets. */
static uint32_t
first_rule(const struct policy *p, uint32_t net)
{
	const struct sorted rules = { image_rules(p->head),
				      p->head->rules.count,
				      sizeof(struct image_rule), net_order };

	return (uint32_t)sorted_place(&rules, &net);
}

static bool
net_has_opening(const struct opening *o, uint32_t net)
{
	const struct image_rule *rules = image_rules(o->p->head);
	uint32_t rule = first_rule(o->p, net);

	uint32_t count = o->p->head->rules.count;

	for (; rule < count && rules[rule].net == net; rule++)
		if (rule_opens(o, rule))
			return true;
	return false;
}

/* `-| *`: nothing behind this net counts. */
static bool
blocks_all(const struct policy *p, uint32_t net)
{
	static const uint8_t root[] = { 0 };
	const struct suffix all = table_suffix(p->head, root, sizeof(root));
	uint32_t at = table_find_entry(p->head, net, &all);
	const struct image_entry *e;

	if (at == IMAGE_NONE)
		return false;
	e = &image_entries(p->head)[at];
	return e->count[DOMAIN_TREE] > 0 &&
	       image_rules(p->head)[e->first[DOMAIN_TREE]].arrow == ARROW_BLOCK;
}

bool
policy_gives_any(const struct policy *p, const struct policy_client *client,
		 const struct policy_opening *wanted)
{
	const struct opening o = { p, client, wanted };
	const struct image_net *nets = image_nets(p->head);
	uint32_t net = policy_first_net(p, client);

	for (; net != IMAGE_NONE;
	     net = policy_next_net(p, net, client->ifindex)) {
		if (net_opens(p, &nets[net], wanted) &&
		    net_has_opening(&o, net))
			return true;
		if (blocks_all(p, net))
			return false;
	}
	return false;
}
