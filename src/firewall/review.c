/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answer is gone when a grant is looked at again; what is left of it are
 * the names on its way, and the address. A name on the way that is blocked
 * now would have blocked the answer, and the address guard depends on the
 * rule that gives the port.
 */
#include "firewall/review.h"

#include "firewall/names.h"
#include "lists/contest.h"
#include "lists/member.h"
#include "policy/prefixed.h"
#include "proc/role.h"

static bool
is_echo(uint8_t protocol)
{
	return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

/* Echo requests have another number in each family (policy/match.h). */
static bool
is_port(const struct verdict_port *p, const struct ledger_key *key)
{
	if (is_echo(p->protocol))
		return is_echo(key->protocol);
	return p->protocol == key->protocol && p->port == key->port;
}

static uint32_t
rule_of_port(const struct verdict *v, const struct ledger_key *key)
{
	for (unsigned i = 0; v->kind == VERDICT_ALLOWED && i < v->port_count;
	     i++)
		if (is_port(&v->port[i], key))
			return v->port[i].rule;
	return IMAGE_NONE;
}

struct quest {
	const struct judge *judge;
	const struct ledger_key *key;
	const struct ledger_told *told;
	uint32_t rule;
};

static bool
is_blocked(const struct judge *j, const struct policy_client *client,
	   const struct name *name)
{
	struct verdict v;

	policy_match(&j->policy, client, name, &v);
	return v.kind == VERDICT_BLOCKED;
}

/* It may not be asked, whoever led to it, or may not lead there. */
static bool
is_shut(const struct quest *q, const struct policy_client *client,
	const struct name *name)
{
	const struct judge *j = q->judge;
	struct verdict v;

	policy_match_prefixed(&j->policy, client, name, &v);
	return v.kind == VERDICT_BLOCKED || v.kind == VERDICT_STRANGER ||
	       lists_with_addr(&j->lists, &q->key->destination, v.shut) != 0;
}

/* The rule that gives the port by this name, and to such an address. */
static uint32_t
fitting_rule(const struct quest *q, const struct policy_client *client,
	     const struct name *name)
{
	struct verdict v;
	uint32_t rule;

	policy_match_prefixed(&q->judge->policy, client, name, &v);
	rule = rule_of_port(&v, q->key);
	if (rule == IMAGE_NONE ||
	    !judge_leads_to(q->judge, rule, &q->key->destination))
		return IMAGE_NONE;
	return rule;
}

/* Of the name that was asked, or of one that led to it. */
static uint32_t
rule_for_asked(const struct quest *q, const struct policy_client *client,
	       size_t *at)
{
	const struct grant_names *names = &q->told->names;
	uint32_t rule = IMAGE_NONE;
	struct name name;

	for (unsigned i = 0; i <= names->borrowed; i++) {
		if (!names_next(names, at, &name))
			return IMAGE_NONE;
		if (i == 0 && is_shut(q, client, &name))
			return IMAGE_NONE;
		if (rule == IMAGE_NONE)
			rule = fitting_rule(q, client, &name);
	}
	return rule;
}

static uint32_t
rule_for_names(const struct quest *q, const struct policy_client *client)
{
	struct name name;
	size_t at = 0;
	uint32_t rule = rule_for_asked(q, client, &at);

	while (rule != IMAGE_NONE && names_next(&q->told->names, &at, &name))
		if (is_blocked(q->judge, client, &name))
			return IMAGE_NONE;
	return rule;
}

/* An action but to let it pass. By TCP the truth is told. */
static bool
forbids(const struct lists_hit *hit)
{
	return hit->action != ACTION_PASSTHRU && hit->action != ACTION_TCP_ONLY;
}

static bool
is_listed_address(const struct judge *j, const struct addr *a, uint64_t among)
{
	const struct lists_ask ask = { TRIGGER_IP, among };
	struct lists_hit hit;

	return j->lists.head != NULL &&
	       lists_match_addr(&j->lists, &ask, a, &hit, NULL) &&
	       forbids(&hit);
}

/* A look at all that is told of a grant, name by name. */
struct look {
	const struct quest *quest;
	const struct policy_client *client;
	struct contest contest;
	unsigned at; /* number of the name */
	bool shut;
};

static bool
is_last_of_chain(const struct look *l)
{
	const struct grant_names *n = &l->quest->told->names;

	return n->links == 0 ? l->at == 0 : l->at == n->borrowed + n->links;
}

/* The one asked, or one that it is an alias of; others led to it, or are
 * those of services: of them counts alone that they may not be asked. */
static bool
is_of_chain(const struct look *l)
{
	const struct grant_names *n = &l->quest->told->names;

	return l->at == 0 ||
	       (l->at > n->borrowed && l->at <= n->borrowed + n->links);
}

/* True: a list has decided. */
static bool
look_at(struct look *l, const struct name *name)
{
	struct contest *c = &l->contest;

	contest_begin(c, c->lists, c->among);
	if (l->at == 0)
		contest_addr(c, TRIGGER_CLIENT_IP, l->client->addr);
	contest_name(c, TRIGGER_QNAME, name);
	if (is_last_of_chain(l))
		contest_addr(c, TRIGGER_IP, &l->quest->key->destination);
	if (c->best.list == LISTS_NONE)
		return false;
	l->shut = forbids(&c->best);
	if (l->shut || !is_of_chain(l))
		return l->shut;
	/* Later lists do not hold what leads from here; of an address it is
	 * that one alone. */
	if (c->best.trigger != TRIGGER_IP)
		c->among &= lists_before(c->best.list);
	return true;
}

/* What a list has is not given, unless a rule spells the name out that was
 * asked. The first name of the chain that one has decides. */
static bool
is_listed(const struct quest *q, const struct policy_client *client)
{
	const struct lists *lists = &q->judge->lists;
	struct look l = { .quest = q, .client = client };
	struct verdict v;
	struct name name;
	size_t at = 0;

	if (lists->head == NULL || !names_next(&q->told->names, &at, &name))
		return false;
	policy_match_prefixed(&q->judge->policy, client, &name, &v);
	if (v.exact)
		return false;
	contest_begin(&l.contest, lists,
		      lists_for_client(lists, client->addr) & ~v.opened);
	while (!look_at(&l, &name) && names_next(&q->told->names, &at, &name))
		l.at++;
	return l.shut || is_listed_address(q->judge, &q->key->destination,
					   l.contest.among);
}

static bool
gives_to(void *arg, const struct addr *client)
{
	struct quest *q = arg;
	const struct policy_client asker = { client, q->told->reason.ifindex };

	q->rule = rule_for_names(q, &asker);
	return q->rule != IMAGE_NONE && !is_listed(q, &asker);
}

/* The rule is known, and by which name it came is not. */
static uint32_t
rule_without_names(const struct judge *j, const struct ledger_key *key,
		   uint32_t rule)
{
	const struct image_rule *r = policy_rule(&j->policy, rule);

	if (r == NULL || !judge_leads_to(j, rule, &key->destination))
		return IMAGE_NONE;
	if (r->kind != DOMAIN_EXACT &&
	    is_listed_address(j, &key->destination, LISTS_ALL))
		return IMAGE_NONE;
	return rule;
}

static uint32_t
find_rule(const struct judge *j, const struct ledger_key *key,
	  const struct ledger_told *told)
{
	struct quest q = { j, key, told, IMAGE_NONE };

	if (told->names.len > 0)
		return judge_any_client(j, key, gives_to, &q) ? q.rule
							      : IMAGE_NONE;
	return rule_without_names(
	    j, key, policy_find_identity(&j->policy, told->reason.identity));
}

bool
review_gives(const struct judge *j, const struct ledger_key *key,
	     struct ledger_told *told)
{
	const struct image_rule *rule;

	if (told->reason.identity == 0)
		return judge_gives_any(j, key) &&
		       !is_listed_address(j, &key->destination, LISTS_ALL);
	rule = policy_rule(&j->policy, find_rule(j, key, told));
	if (rule == NULL)
		return false;
	told->reason.identity = rule->identity;
	told->reason.line = rule->line;
	return true;
}
