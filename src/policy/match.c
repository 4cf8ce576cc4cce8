/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which rules concern a client and a name, and what they come to.
 *
 * There is one walk, and everything that asks the policy takes it: the
 * verdict, and the explanation of it, so that they cannot differ. It looks at
 * labels in lower case, never at text, and its length depends on how many
 * nets hold the client and how many labels the name has, not on the number of
 * rules.
 */
#include "policy/match.h"

#include <string.h>

#include "policy/service.h"
#include "policy/table.h"

enum { LABELS_MAX = 128 }; /* with the root: 255 bytes, two a label */

struct suffixes {
	struct name lower;
	struct suffix at[LABELS_MAX]; /* longest first, the root last */
	unsigned count;
	/* The lists that have the name: found out when a net names some. */
	uint64_t listed;
	bool lists_asked;
};

/* A rule, and where it is one of a list, its bit. */
struct met {
	uint32_t rule;
	uint64_t list;
};

/* Called for each rule met; false ends the walk. */
typedef bool visit_fn(void *arg, const struct policy *p, const struct met *m);

struct visitor {
	visit_fn *visit;
	/* Called for each list that is blocked, whether it has the name or
	 * not; may be NULL. */
	void (*shut)(void *arg, uint64_t list);
	void *arg;
};

static void
suffixes_init(struct suffixes *s, const struct image_head *h,
	      const struct name *name)
{
	size_t at = 0;

	name_lower(name, &s->lower);
	s->count = 0;
	s->listed = 0;
	s->lists_asked = false;
	for (;;) {
		s->at[s->count++] = table_suffix(h, s->lower.wire + at,
						 (uint8_t)(s->lower.len - at));
		if (s->lower.wire[at] == 0)
			return;
		at += s->lower.wire[at] + 1U;
	}
}

/* Whether wildcards of this kind, with that many labels less than the name,
 * mean the name. */
static bool
kind_covers(int kind, unsigned labels_less)
{
	return kind == DOMAIN_TREE || labels_less > 0;
}

static bool
walk_run(const struct policy *p, const struct image_entry *e, int kind,
	 const struct visitor *v)
{
	struct met m = { .rule = e->first[kind] };

	if (kind == DOMAIN_LIST)
		m.list = p->named.bit[e->list];
	for (uint32_t i = 0; i < e->count[kind]; i++, m.rule++)
		if (!v->visit(v->arg, p, &m))
			return false;
	return true;
}

static bool
walk_wildcards(const struct policy *p, const struct image_entry *e,
	       unsigned labels_less, const struct visitor *v)
{
	for (int kind = DOMAIN_BELOW; kind <= DOMAIN_TREE; kind++)
		if (kind_covers(kind, labels_less) && !walk_run(p, e, kind, v))
			return false;
	return true;
}

/* ---- lists --------------------------------------------------------------- */

static uint64_t
lists_with(const struct policy *p, struct suffixes *s)
{
	const struct policy_lists *l = &p->named;
	uint64_t among = 0;

	if (s->lists_asked || l->with_name == NULL)
		return s->listed;
	for (uint32_t i = 0; i < p->head->lists.count; i++)
		among |= l->bit[i];
	s->lists_asked = true;
	s->listed = l->with_name(l->lists, &s->lower, among);
	return s->listed;
}

static bool
entry_blocks(const struct policy *p, const struct image_entry *e)
{
	return image_rules(p->head)[e->first[DOMAIN_LIST]].arrow ==
	       ARROW_BLOCK;
}

/* Of a net's lists those that it blocks, or the others. */
static bool
walk_lists(const struct policy *p, const struct image_net *net,
	   struct suffixes *s, const struct visitor *v)
{
	const struct image_entry *e =
	    image_entries(p->head) + net->first_list;
	uint64_t listed = lists_with(p, s);

	for (int blocks = 1; blocks >= 0; blocks--) {
		for (uint32_t i = 0; i < net->list_count; i++) {
			uint64_t bit = p->named.bit[e[i].list];

			if (entry_blocks(p, &e[i]) != blocks)
				continue;
			if (blocks && v->shut != NULL)
				v->shut(v->arg, bit);
			if ((listed & bit) != 0 &&
			    !walk_run(p, &e[i], DOMAIN_LIST, v))
				return false;
		}
	}
	return true;
}

/* ---- nets ---------------------------------------------------------------- */

static bool
walk_net(const struct policy *p, uint32_t number, struct suffixes *s,
	 const struct visitor *v)
{
	const struct image_entry *entries = image_entries(p->head);
	const struct image_net *net = &image_nets(p->head)[number];

	for (unsigned i = 0; i < s->count; i++) {
		uint32_t e = table_find_entry(p->head, number, &s->at[i]);

		if (i == 0 && e != IMAGE_NONE &&
		    !walk_run(p, &entries[e], DOMAIN_EXACT, v))
			return false;
		if (i == 0 && net->list_count > 0 && !walk_lists(p, net, s, v))
			return false;
		if (e != IMAGE_NONE && !walk_wildcards(p, &entries[e], i, v))
			return false;
	}
	return true;
}

/* The next net from this one on that the client's interface leads into. */
static uint32_t
open_net(const struct policy *p, uint32_t net, uint32_t ifindex)
{
	const struct image_net *nets = image_nets(p->head);

	while (net != IMAGE_NONE && nets[net].interface != 0 &&
	       ifindex != INTERFACE_ANY &&
	       (ifindex == 0 || p->ifindex[nets[net].interface - 1] != ifindex))
		net = nets[net].parent;
	return net;
}

uint32_t
policy_next_net(const struct policy *p, uint32_t net, uint32_t ifindex)
{
	return open_net(p, image_nets(p->head)[net].parent, ifindex);
}

uint32_t
policy_first_net(const struct policy *p, const struct policy_client *client)
{
	uint8_t family = client->addr->family;

	if (family != 4 && family != 6)
		return IMAGE_NONE;
	return open_net(p,
			table_longest_net(p->head, client->addr,
					  family == 4 ? 32 : 128),
			client->ifindex);
}

/* False where no net contains the client. */
static bool
walk(const struct policy *p, const struct policy_client *client,
     const struct name *name, const struct visitor *v)
{
	uint32_t net = policy_first_net(p, client);
	struct suffixes s;

	if (net == IMAGE_NONE)
		return false;
	suffixes_init(&s, p->head, name);
	while (net != IMAGE_NONE && walk_net(p, net, &s, v))
		net = policy_next_net(p, net, client->ifindex);
	return true;
}

/* True where the port was not there before. A rule that spells the name out
 * takes a port over from a wildcard: it may lead to private addresses. */
static bool
add_port(struct verdict *v, const struct image_rule *r, uint32_t rule)
{
	bool exact = r->kind == DOMAIN_EXACT;

	if (v->ports_cut)
		return false;
	for (unsigned i = 0; i < v->port_count; i++) {
		struct verdict_port *have = &v->port[i];

		if (have->port != r->port || have->protocol != r->protocol)
			continue;
		if (have->exact || !exact)
			return false;
		have->exact = true;
		have->rule = rule;
		return true;
	}
	if (v->port_count == VERDICT_MAX_PORTS) {
		v->ports_cut = true;
		return false;
	}
	v->port[v->port_count++] =
	    (struct verdict_port){ .rule = rule,
				   .port = r->port,
				   .protocol = r->protocol,
				   .exact = exact };
	return true;
}

/* True where the rule changes the verdict. */
static bool
add_allow(struct verdict *v, const struct image_rule *r, uint32_t rule)
{
	bool changes;

	if (v->kind != VERDICT_ALLOWED) {
		v->kind = VERDICT_ALLOWED;
		v->rule = rule;
	}
	v->exact |= r->kind == DOMAIN_EXACT;
	if (r->arrow == ARROW_GRANT)
		return add_port(v, r, rule);
	changes = !v->dns_only;
	v->dns_only = true;
	return changes;
}

static bool
decide(void *arg, const struct policy *p, const struct met *m)
{
	const struct image_rule *r = policy_rule(p, m->rule);
	struct verdict *v = arg;

	if (r->arrow != ARROW_BLOCK) {
		add_allow(v, r, m->rule);
		v->opened |= m->list;
		return true;
	}
	if (v->kind != VERDICT_ALLOWED) {
		v->kind = VERDICT_BLOCKED;
		v->rule = m->rule;
	}
	return false;
}

/* As it would block the name if it had it: not behind an allow. */
static void
shut_list(void *arg, uint64_t list)
{
	struct verdict *v = arg;

	if (v->kind != VERDICT_ALLOWED)
		v->shut |= list;
}

static void
verdict_init(struct verdict *v)
{
	/* not the ports: they are most of it, and port_count guards them */
	v->kind = VERDICT_DENIED;
	v->exact = false;
	v->dns_only = false;
	v->ports_cut = false;
	v->rule = IMAGE_NONE;
	v->shut = v->opened = 0;
	v->port_count = 0;
}

void
policy_match(const struct policy *p, const struct policy_client *client,
	     const struct name *name, struct verdict *out)
{
	const struct visitor v = { decide, shut_list, out };

	verdict_init(out);
	if (!walk(p, client, name, &v))
		out->kind = VERDICT_STRANGER;
}

bool
policy_knows(const struct policy *p, const struct policy_client *client)
{
	return policy_first_net(p, client) != IMAGE_NONE;
}

struct explanation {
	struct verdict v;
	bool closed; /* a block was met */
	policy_met_fn *met;
	void *arg;
};

static bool
tell(void *arg, const struct policy *p, const struct met *m)
{
	const struct image_rule *r = policy_rule(p, m->rule);
	struct explanation *x = arg;
	bool matters = false;

	if (!x->closed && r->arrow != ARROW_BLOCK)
		matters = add_allow(&x->v, r, m->rule);
	else if (!x->closed)
		matters = x->v.kind != VERDICT_ALLOWED;
	x->closed = x->closed || r->arrow == ARROW_BLOCK;
	x->met(x->arg, m->rule, !matters);
	return true;
}

void
policy_explain(const struct policy *p, const struct policy_client *client,
	       const struct name *name, policy_met_fn *met, void *arg)
{
	struct explanation x = { .met = met, .arg = arg };
	const struct visitor v = { tell, NULL, &x };

	verdict_init(&x.v);
	walk(p, client, name, &v);
}

uint32_t
policy_rule_count(const struct policy *p)
{
	return p->head->rules.count;
}

const struct image_rule *
policy_rule(const struct policy *p, uint32_t rule)
{
	if (rule >= p->head->rules.count)
		return NULL;
	return &image_rules(p->head)[rule];
}

enum err
policy_rule_gives(const struct policy *p, uint32_t rule,
		  const struct policy_client *client, uint8_t protocol,
		  uint16_t port)
{
	const struct image_rule *r = policy_rule(p, rule);
	const struct image_net *net;

	if (!r || r->arrow != ARROW_GRANT)
		return ERR_MISSING;
	net = &image_nets(p->head)[r->net];
	if (!addr_in_net(client->addr, &net->net) ||
	    open_net(p, r->net, client->ifindex) != r->net)
		return ERR_DENIED;
	/* A rule for a client of one family may lead this host to addresses of
	 * both. */
	if (service_is_echo(protocol, port) &&
	    service_is_echo(r->protocol, r->port))
		return ERR_NONE;
	if (r->protocol != protocol || r->port != port)
		return ERR_RANGE;
	return ERR_NONE;
}

uint32_t
policy_rule_of_list(const struct policy *p, const struct policy_client *client,
		    uint64_t lists)
{
	const struct image_net *nets = image_nets(p->head);
	const struct image_entry *entries = image_entries(p->head);
	uint32_t net = policy_first_net(p, client);

	for (; net != IMAGE_NONE;
	     net = policy_next_net(p, net, client->ifindex)) {
		const struct image_entry *e = entries + nets[net].first_list;

		for (uint32_t i = 0; i < nets[net].list_count; i++)
			if ((p->named.bit[e[i].list] & lists) != 0 &&
			    entry_blocks(p, &e[i]))
				return e[i].first[DOMAIN_LIST];
	}
	return IMAGE_NONE;
}

uint32_t
policy_find_identity(const struct policy *p, uint64_t identity)
{
	const uint32_t *index = image_identities(p->head);
	const struct image_rule *rules = image_rules(p->head);
	uint32_t low = 0, high = p->head->identities.count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (rules[index[middle]].identity < identity)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == p->head->identities.count ||
	    rules[index[low]].identity != identity)
		return IMAGE_NONE;
	return index[low];
}

void
policy_rule_name(const struct policy *p, const struct image_rule *rule,
		 struct name *out)
{
	const uint8_t *name = image_name(p->head, rule->name);

	out->len = name[0];
	memcpy(out->wire, name + 1, name[0]);
}

const char *
policy_rule_file(const struct policy *p, const struct image_rule *rule)
{
	return (const char *)image_at(p->head, &p->head->files) + rule->file;
}
