/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answer is gone when a grant is looked at again; what is left of it are
 * the names on its way, and the address. A name on the way that is blocked
 * now would have blocked the answer, and the address guard depends on the
 * rule that gives the port.
 */
#include "firewall/review.h"

#include "firewall/names.h"
#include "lists/match.h"
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

/* An action but to let it pass. */
static bool
forbids(const struct lists_hit *hit)
{
	return hit->action != ACTION_PASSTHRU;
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

/* What a list has is not given, unless a rule spells the name out that was
 * asked. The first of the names that a list knows decides, then the address. */
static bool
is_listed(const struct judge *j, const struct policy_client *client,
	  const struct ledger_key *key, const struct grant_names *names)
{
	struct lists_ask by_name = { TRIGGER_QNAME, LISTS_ALL };
	struct lists_hit hit;
	struct verdict v;
	struct name name;
	size_t at = 0;

	if (j->lists.head == NULL || !names_next(names, &at, &name))
		return false;
	policy_match_prefixed(&j->policy, client, &name, &v);
	if (v.exact)
		return false;
	by_name.among &= ~v.opened;
	do {
		if (lists_match_name(&j->lists, &by_name, &name, &hit, NULL))
			return forbids(&hit);
	} while (names_next(names, &at, &name));
	return is_listed_address(j, &key->destination, by_name.among);
}

static bool
gives_to(void *arg, const struct addr *client)
{
	struct quest *q = arg;
	const struct policy_client asker = { client, q->told->reason.ifindex };

	q->rule = rule_for_names(q, &asker);
	return q->rule != IMAGE_NONE &&
	       !is_listed(q->judge, &asker, q->key, &q->told->names);
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
