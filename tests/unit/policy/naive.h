/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The precedence of rules, written down as plainly as it is promised: gather
 * what concerns the question, sort it, walk it. What policy_match() says is
 * held against it.
 */
#ifndef TESTS_POLICY_NAIVE_H
#define TESTS_POLICY_NAIVE_H

#include <string.h>

#include "policy/match.h"
#include "policy/parse.h"

#include "asker.h"

enum { NAIVE_MAX_RULES = 512 };

struct naive {
	struct acl_rule rule[NAIVE_MAX_RULES];
	unsigned count;
};

static inline bool
naive_covers(const struct acl_rule *r, const struct name *name)
{
	if (r->kind == DOMAIN_EXACT)
		return name_equal(&r->domain, name);
	return name_is_under(name, &r->domain) &&
	       (r->kind == DOMAIN_TREE || !name_equal(&r->domain, name));
}

/* Takes one rule into the verdict; false where it ends the walk. */
static inline bool
naive_take(const struct acl_rule *r, struct verdict *v)
{
	unsigned i = 0;

	if (r->arrow == ARROW_BLOCK) {
		if (v->kind != VERDICT_ALLOWED)
			v->kind = VERDICT_BLOCKED;
		return false;
	}
	v->kind = VERDICT_ALLOWED;
	v->dns_only |= r->arrow == ARROW_DNS;
	if (r->arrow == ARROW_DNS)
		return true;
	while (i < v->port_count && (v->port[i].port != r->port ||
				     v->port[i].protocol != r->protocol))
		i++;
	if (i == VERDICT_MAX_PORTS) {
		v->ports_cut = true;
		return true;
	}
	if (i == v->port_count)
		v->port[v->port_count++] =
		    (struct verdict_port){ .port = r->port,
					   .protocol = r->protocol };
	v->port[i].exact |= r->kind == DOMAIN_EXACT;
	return true;
}

/* Of two rules that cover the name: which stands first? */
static inline bool
naive_stands_before(const struct acl_rule *a, const struct acl_rule *b)
{
	unsigned labels_a = name_labels(&a->domain);
	unsigned labels_b = name_labels(&b->domain);

	if (a->client.bits != b->client.bits)
		return a->client.bits > b->client.bits;
	if (labels_a != labels_b)
		return labels_a > labels_b;
	return a->kind < b->kind;
}

static inline void
naive_match(const struct naive *n, const struct addr *client,
	    const struct name *name, struct verdict *v)
{
	static const struct acl_rule *met[NAIVE_MAX_RULES];
	unsigned count = 0;

	memset(v, 0, sizeof(*v));
	v->kind = VERDICT_STRANGER;
	for (unsigned i = 0; i < n->count; i++) {
		const struct acl_rule *r = &n->rule[i];
		unsigned at = count;

		/* Nobody asks by an interface here. */
		if (!addr_in_net(client, &r->client) ||
		    r->who.interface.len > 0)
			continue;
		v->kind = VERDICT_DENIED;
		if (!naive_covers(r, name))
			continue;
		for (; at > 0 && naive_stands_before(r, met[at - 1]); at--)
			met[at] = met[at - 1];
		met[at] = r;
		count++;
	}
	for (unsigned i = 0; i < count && naive_take(met[i], v); i++)
		continue;
}

/* The same verdict, whatever the order of its ports. */
static inline bool
naive_agrees(const struct verdict *naive, const struct verdict *v)
{
	if (naive->kind != v->kind || naive->dns_only != v->dns_only ||
	    naive->ports_cut != v->ports_cut ||
	    naive->port_count != v->port_count)
		return false;
	for (unsigned i = 0; i < v->port_count && !v->ports_cut; i++) {
		unsigned j = 0;

		while (j < naive->port_count &&
		       (naive->port[j].port != v->port[i].port ||
			naive->port[j].protocol != v->port[i].protocol ||
			naive->port[j].exact != v->port[i].exact))
			j++;
		if (j == naive->port_count)
			return false;
	}
	return true;
}

#endif
