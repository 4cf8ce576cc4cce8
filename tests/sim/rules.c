/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The precedence of rules as plainly as it is promised: gather what concerns
 * the question, sort it, walk it.
 */
#include "rules.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "universe.h"
#include "world.h"

enum { LAN = 2 };

static struct generation generations[GENERATIONS_MOST];

static struct generation *
at(uint32_t generation)
{
	return &generations[generation % GENERATIONS_MOST];
}

const struct generation *
rules_of(uint32_t generation)
{
	return at(generation);
}

/* ---- drawn -------------------------------------------------------------- */

static const struct {
	const char *text, *net;
	bool on_interface;
} nets[] = {
	{ "10.0.0.0/8", "10.0.0.0/8", false },
	{ "10.0.1.0/24", "10.0.1.0/24", false },
	{ "10.0.1.0/24%lan0", "10.0.1.0/24", true },
	{ "10.0.1.2", "10.0.1.2/32", false },
	{ "10.0.1.3", "10.0.1.3/32", false },
	{ "10.0.2.0/24", "10.0.2.0/24", false },
	{ "fd00:1::/32", "fd00:1::/32", false },
	{ "fd00:1::2", "fd00:1::2/128", false },
	{ "127.0.0.0/8", "127.0.0.0/8", false },
};

enum { NETS = sizeof(nets) / sizeof(nets[0]) };

static void
draw_action(struct rule *r)
{
	static const uint8_t protocol[] = { IPPROTO_TCP, IPPROTO_TCP,
					    IPPROTO_UDP, IPPROTO_SCTP };
	static const uint16_t port[] = { 443, 443, 80, 53, 8443 };
	uint32_t dice = below(10);

	r->arrow = dice < 7 ? ARROW_GRANT : dice < 9 ? ARROW_DNS : ARROW_BLOCK;
	if (r->arrow == ARROW_GRANT) {
		r->protocol = protocol[below(4)];
		r->port = port[below(5)];
	}
	if (r->arrow != ARROW_BLOCK)
		return;
	if (per_mille(400))
		r->answer = universe_addr("192.0.2.200");
	else
		r->block = below(4);
}

static void
print_rule(struct rule *r, const char *net)
{
	static const char *const before[] = { "", "*.", "." };
	static const char *const arrow[] = { "->", "~>", "-|" };
	static const char *const block[] = { " refused", " nxdomain", " nodata",
					     " drop" };
	const char *protocol = r->protocol == IPPROTO_TCP   ? "TCP"
			       : r->protocol == IPPROTO_UDP ? "UDP"
							    : "SCTP";
	char name[80];
	int n;

	snprintf(name, sizeof(name), "%s%s",
		 r->name == NO_NAME ? "*" : before[r->kind],
		 r->name == NO_NAME ? "" : universe.name[r->name].text);
	n = snprintf(r->text, sizeof(r->text), "%s %s %s", net, arrow[r->arrow],
		     name);
	if (r->arrow == ARROW_GRANT)
		snprintf(r->text + n, sizeof(r->text) - (size_t)n, ":%s:%u",
			 protocol, r->port);
	else if (r->answer.family != 0)
		snprintf(r->text + n, sizeof(r->text) - (size_t)n,
			 " = 192.0.2.200");
	else if (r->arrow == ARROW_BLOCK)
		snprintf(r->text + n, sizeof(r->text) - (size_t)n, "%s",
			 block[r->block]);
}

static void
draw_rule(struct rule *r)
{
	uint32_t net = below(NETS);

	*r = (struct rule){ .name = (int)below(NAMES), .kind = below(3) };
	if (per_mille(60)) {
		r->name = NO_NAME;
		r->kind = DOMAIN_TREE;
	}
	net_parse(nets[net].net, strlen(nets[net].net), &r->net, NULL);
	r->on_interface = nets[net].on_interface;
	draw_action(r);
	print_rule(r, nets[net].text);
}

static bool
same_place(const struct rule *a, const struct rule *b)
{
	return memcmp(&a->net, &b->net, sizeof(a->net)) == 0 &&
	       a->on_interface == b->on_interface && a->name == b->name &&
	       a->kind == b->kind;
}

/* Allow and block of the same are an error, and so are two blocks. */
static bool
fits(const struct generation *g, const struct rule *r)
{
	for (unsigned i = 0; i < g->count; i++) {
		const struct rule *other = &g->rule[i];

		if (strcmp(other->text, r->text) == 0)
			return false;
		if (same_place(other, r) &&
		    (other->arrow == ARROW_BLOCK || r->arrow == ARROW_BLOCK))
			return false;
	}
	return true;
}

static void
fill(struct generation *g, unsigned count)
{
	while (g->count < count) {
		struct rule *r = &g->rule[g->count];

		draw_rule(r);
		if (fits(g, r))
			g->count++;
	}
}

void
rules_draw(uint32_t generation)
{
	struct generation *g = at(generation);

	g->count = 0;
	fill(g, 6 + below(RULES_MOST - 6));
}

void
rules_change(uint32_t generation)
{
	struct generation *g = at(generation);
	unsigned go = 1 + below(5), come = below(5);

	*g = *at(generation - 1);
	for (; go > 0 && g->count > 4; go--)
		g->rule[below(g->count)] = g->rule[g->count - 1], g->count--;
	fill(g, g->count + come < RULES_MOST ? g->count + come : g->count);
}

size_t
rules_print(uint32_t generation, char *text, size_t size)
{
	const struct generation *g = at(generation);
	size_t len = 0;

	for (unsigned i = 0; i < g->count; i++)
		len += (size_t)snprintf(text + len, size - len, "%s\n",
					g->rule[i].text);
	return len;
}

bool
rules_has_line(uint32_t generation, const char *text)
{
	const struct generation *g = at(generation);

	for (unsigned i = 0; i < g->count; i++) {
		if (strcmp(g->rule[i].text, text) == 0)
			return true;
	}
	return false;
}

/* ---- asked -------------------------------------------------------------- */

static unsigned
labels(const struct rule *r)
{
	return r->name == NO_NAME ? 0
				  : name_labels(&universe.name[r->name].name);
}

static bool
covers(const struct rule *r, const struct name *name)
{
	const struct name *domain;

	if (r->name == NO_NAME)
		return true;
	domain = &universe.name[r->name].name;
	if (r->kind == DOMAIN_EXACT)
		return name_equal(domain, name);
	return name_is_under(name, domain) &&
	       (r->kind == DOMAIN_TREE || !name_equal(domain, name));
}

static bool
stands_before(const struct rule *a, const struct rule *b)
{
	if (a->net.bits != b->net.bits)
		return a->net.bits > b->net.bits;
	if (a->on_interface != b->on_interface)
		return a->on_interface;
	if (labels(a) != labels(b))
		return labels(a) > labels(b);
	return a->kind < b->kind;
}

static bool
take(struct said *s, const struct rule *r, unsigned index)
{
	unsigned i = 0;

	if (r->arrow == ARROW_BLOCK) {
		if (s->kind != VERDICT_ALLOWED) {
			s->kind = VERDICT_BLOCKED;
			s->rule = index;
		}
		return false;
	}
	s->kind = VERDICT_ALLOWED;
	s->dns_only |= r->arrow == ARROW_DNS;
	if (r->arrow == ARROW_DNS)
		return true;
	while (i < s->count && (s->port[i].port != r->port ||
				s->port[i].protocol != r->protocol))
		i++;
	if (i == SAID_MOST)
		broken("too many ports");
	if (i == s->count)
		s->port[s->count++] = (struct said_port){
			.port = r->port, .protocol = r->protocol, .rule = index
		};
	s->port[i].exact |= r->kind == DOMAIN_EXACT;
	return true;
}

void
rules_say(uint32_t generation, int client, int name, struct said *out)
{
	const struct generation *g = at(generation);
	const struct inhabitant *who = &universe.client[client];
	unsigned met[RULES_MOST], count = 0;

	*out = (struct said){ .kind = VERDICT_STRANGER };
	for (unsigned i = 0; i < g->count; i++) {
		const struct rule *r = &g->rule[i];
		unsigned place = count;

		if (!addr_in_net(&who->addr, &r->net) ||
		    (r->on_interface && who->ifindex != LAN))
			continue;
		out->kind = VERDICT_DENIED;
		if (!covers(r, &universe.name[name].name))
			continue;
		for (; place > 0 && stands_before(r, &g->rule[met[place - 1]]);
		     place--)
			met[place] = met[place - 1];
		met[place] = i;
		count++;
	}
	for (unsigned i = 0; i < count; i++) {
		if (!take(out, &g->rule[met[i]], met[i]))
			return;
	}
}

bool
rules_give_any(uint32_t generation, const struct addr *client, uint8_t protocol,
	       uint16_t port)
{
	const struct generation *g = at(generation);

	for (unsigned i = 0; i < g->count; i++) {
		const struct rule *r = &g->rule[i];

		if (r->arrow == ARROW_GRANT && r->protocol == protocol &&
		    r->port == port && addr_in_net(client, &r->net))
			return true;
	}
	return false;
}
