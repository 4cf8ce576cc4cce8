/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two verdicts in one: of the name asked and of the name it stands for. A
 * block of either is a block; what both allow adds up.
 */
#include "policy/prefixed.h"

#include "wire/svcb.h"

static bool
has_port(struct verdict *v, const struct verdict_port *p)
{
	for (unsigned i = 0; i < v->port_count; i++) {
		if (v->port[i].port != p->port ||
		    v->port[i].protocol != p->protocol)
			continue;
		if (p->exact && !v->port[i].exact)
			v->port[i] = *p;
		return true;
	}
	return false;
}

void
verdict_add_ports(struct verdict *v, const struct verdict *from)
{
	v->ports_cut |= from->ports_cut;
	for (unsigned i = 0; i < from->port_count; i++) {
		if (has_port(v, &from->port[i]))
			continue;
		if (v->port_count == VERDICT_MAX_PORTS) {
			v->ports_cut = true;
			return;
		}
		v->port[v->port_count++] = from->port[i];
	}
}

static void
add(struct verdict *v, const struct verdict *plain)
{
	uint64_t shut = v->shut | plain->shut;

	if (plain->kind == VERDICT_BLOCKED ||
	    (plain->kind == VERDICT_ALLOWED && v->kind == VERDICT_DENIED)) {
		*v = *plain;
		v->shut = shut;
		return;
	}
	v->shut = shut;
	if (plain->kind != VERDICT_ALLOWED)
		return;
	v->dns_only |= plain->dns_only;
	v->opened |= plain->opened;
	verdict_add_ports(v, plain);
}

void
policy_match_prefixed(const struct policy *p,
		      const struct policy_client *client,
		      const struct name *name, struct verdict *out)
{
	struct verdict plain;
	struct name x;

	policy_match(p, client, name, out);
	if (out->kind == VERDICT_BLOCKED || out->kind == VERDICT_STRANGER ||
	    !svcb_plain_name(name, &x))
		return;
	policy_match(p, client, &x, &plain);
	add(out, &plain);
}
