/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The warden's judgement of one grant, before anything reaches the kernel.
 *
 * It promises that no worker, whatever it has become, opens more than the
 * policy gives that client: a protocol and port of a rule of its net, to an
 * address that is neither guarded nor the router's, for no longer than the
 * longest rule time with its grace. What the name was it cannot know.
 */
#include "firewall/judge.h"

#include <string.h>

#include "firewall/backend.h"
#include "proc/role.h"

static bool
is_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] != 0)
			return false;
	}
	return true;
}

/* One address has one shape, or the ledger would hold it twice. */
static bool
is_address(const struct addr *a)
{
	if (!is_zero(a->pad, sizeof(a->pad)))
		return false;
	if (a->family == 4)
		return is_zero(a->byte + 4, sizeof(a->byte) - 4);
	return a->family == 6;
}

uint32_t
judge_longest_s(const struct judge *j)
{
	uint64_t longest = (uint64_t)j->opt->max_rule_time_s + j->opt->grace_s;

	return longest < BACKEND_MAX_TIMEOUT ? (uint32_t)longest
					     : BACKEND_MAX_TIMEOUT;
}

void
judge_key(const struct grant_item *item, struct ledger_key *out)
{
	bool local = (item->flags & GRANT_LOCAL) != 0;

	*out = (struct ledger_key){ .protocol = item->protocol,
				    .port = item->port,
				    .destination = item->destination };
	if (item->destination.family == 4)
		out->set = local ? SET_V4_LOCAL : SET_V4;
	else
		out->set = local ? SET_V6_LOCAL : SET_V6;
	if (!local)
		out->client = item->client;
}

static enum grant_detail
judge_shape(const struct judge *j, const struct grant_item *item)
{
	if ((item->flags & ~GRANT_LOCAL) != 0)
		return DETAIL_FLAGS;
	if (!is_address(&item->client) || !is_address(&item->destination))
		return DETAIL_ADDRESS;
	if (!protocol_is_known(item->protocol))
		return DETAIL_PROTOCOL;
	if (item->port == 0)
		return DETAIL_PORT;
	if (item->ttl_s < 1)
		return DETAIL_TTL_ZERO;
	if (item->ttl_s > judge_longest_s(j))
		return DETAIL_TTL_LONG;
	return DETAIL_NONE;
}

static enum grant_detail
judge_rule(const struct judge *j, const struct grant_item *item)
{
	const struct policy_client client = { &item->client, item->ifindex };

	switch (policy_rule_gives(&j->policy, item->rule, &client,
				  item->protocol, item->port)) {
	case ERR_NONE:
		return DETAIL_NONE;
	case ERR_DENIED:
		return DETAIL_CLIENT;
	case ERR_RANGE:
		return DETAIL_PORT;
	default:
		return DETAIL_RULE;
	}
}

static enum grant_detail
judge_ends(const struct judge *j, const struct grant_item *item)
{
	const struct addr *client = &item->client;

	if ((item->flags & GRANT_LOCAL) == 0)
		return client->family == item->destination.family
			   ? DETAIL_NONE
			   : DETAIL_FAMILY;
	return addr_is_loopback(client) || own_is_local(j->own, client)
		   ? DETAIL_NONE
		   : DETAIL_NOT_LOCAL;
}

static bool
is_private_ok(const struct options *opt, const struct addr *a)
{
	struct addr embedded;
	bool embeds = addr_embedded(a, &embedded);

	for (uint32_t i = 0; i < opt->private_ok_count; i++) {
		if (addr_in_net(a, &opt->private_ok[i]) ||
		    (embeds && addr_in_net(&embedded, &opt->private_ok[i])))
			return true;
	}
	return false;
}

/* A wildcard may name something in a local zone where one of the two lies
 * below the other. */
static bool
may_be_local_name(const struct judge *j, const struct image_rule *rule)
{
	struct name domain, zone;

	policy_rule_name(&j->policy, rule, &domain);
	for (uint32_t i = 0; i < j->opt->local_zone_count; i++) {
		const struct option_zone *z = &j->opt->local_zone[i];

		zone = (struct name){ .len = z->len };
		memcpy(zone.wire, z->wire, z->len);
		if (name_is_under(&domain, &zone) ||
		    name_is_under(&zone, &domain))
			return true;
	}
	return false;
}

static enum grant_detail
judge_way(const struct judge *j, uint32_t number, const struct addr *a)
{
	const struct image_rule *rule = policy_rule(&j->policy, number);

	switch (addr_class_of(a)) {
	case ADDR_NEVER:
		return DETAIL_GUARDED;
	case ADDR_PRIVATE:
		if (rule->kind != DOMAIN_EXACT && !is_private_ok(j->opt, a) &&
		    !may_be_local_name(j, rule))
			return DETAIL_PRIVATE;
		break;
	case ADDR_PUBLIC:
		break;
	}
	return own_has(j->own, a) ? DETAIL_OWN : DETAIL_NONE;
}

static enum grant_detail
judge_destination(const struct judge *j, const struct grant_item *item)
{
	return judge_way(j, item->rule, &item->destination);
}

bool
judge_leads_to(const struct judge *j, uint32_t rule,
	       const struct addr *destination)
{
	return judge_way(j, rule, destination) == DETAIL_NONE;
}

typedef enum grant_detail judge_fn(const struct judge *j,
				   const struct grant_item *item);

enum grant_status
judge_item(const struct judge *j, const struct grant_item *item,
	   enum grant_detail *detail_out)
{
	static judge_fn *const questions[] = { judge_shape, judge_rule,
					       judge_ends, judge_destination };
	struct ledger_key key;

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		*detail_out = questions[i](j, item);
		if (*detail_out != DETAIL_NONE)
			return GRANT_REFUSED;
	}
	judge_key(item, &key);
	return set_in_families(key.set, j->families) ? GRANT_OK
						     : GRANT_NO_FAMILY;
}

static bool
any_of_this_host(const struct judge *j, judge_client_fn *yes, void *arg)
{
	static const struct addr loopback[] = {
		{ .family = 4, .byte = { 127, 0, 0, 1 } },
		{ .family = 6, .byte = { [15] = 1 } },
	};

	for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
		if (yes(arg, &loopback[i]))
			return true;
	}
	for (uint32_t i = 0; i < j->own->count && i < OWN_MAX; i++) {
		if (j->own->broadcast[i] == 0 && yes(arg, &j->own->addr[i]))
			return true;
	}
	return false;
}

bool
judge_any_client(const struct judge *j, const struct ledger_key *key,
		 judge_client_fn *yes, void *arg)
{
	if (set_is_local(key->set))
		return any_of_this_host(j, yes, arg);
	return yes(arg, &key->client);
}

struct entry {
	const struct judge *judge;
	const struct ledger_key *key;
	bool private; /* only some rules may lead there */
};

static bool
leads_there(void *arg, uint32_t rule)
{
	const struct entry *e = arg;

	return !e->private ||
	       judge_leads_to(e->judge, rule, &e->key->destination);
}

static bool
gives_behind(struct entry *e, const struct addr *client, uint32_t ifindex)
{
	const struct policy_client asker = { client, ifindex };
	const struct policy_opening opening = { .protocol = e->key->protocol,
						.port = e->key->port,
						.fits = leads_there,
						.arg = e };

	return policy_gives_any(&e->judge->policy, &asker, &opening);
}

/* By which interface it asked is not in the entry either. */
static bool
gives_behind_some(struct entry *e, const struct addr *client)
{
	const struct policy *p = &e->judge->policy;

	for (uint32_t i = 0; i < p->head->interfaces.count; i++) {
		if (p->ifindex[i] != 0 &&
		    gives_behind(e, client, p->ifindex[i]))
			return true;
	}
	return gives_behind(e, client, 0);
}

/* The answer is that of all clients in the same nets. */
static bool
gives_any(void *arg, const struct addr *client)
{
	struct entry *e = arg;
	const struct policy_client any = { client, INTERFACE_ANY };
	uint32_t net = policy_first_net(&e->judge->policy, &any);
	struct judge_answer *known, fresh = { .net = net + 1,
					      .port = e->key->port,
					      .protocol = e->key->protocol,
					      .private = e->private };

	if (net == IMAGE_NONE)
		return false;
	if (e->judge->memo == NULL)
		return gives_behind_some(e, client);
	known = &e->judge->memo->answer[(net * 31 + fresh.port * 2u +
					 fresh.private) %
					JUDGE_MEMO_SIZE];
	if (known->net == fresh.net && known->port == fresh.port &&
	    known->protocol == fresh.protocol &&
	    known->private == fresh.private)
		return known->gives;
	fresh.gives = gives_behind_some(e, client);
	*known = fresh;
	return known->gives;
}

bool
judge_gives_any(const struct judge *j, const struct ledger_key *key)
{
	const struct addr *to = &key->destination;
	enum addr_class kind = addr_class_of(to);
	struct entry e = { .judge = j,
			   .key = key,
			   .private = kind == ADDR_PRIVATE &&
				      !is_private_ok(j->opt, to) };

	return kind != ADDR_NEVER && !own_has(j->own, to) &&
	       judge_any_client(j, key, gives_any, &e);
}

const char *
judge_detail_text(uint32_t detail)
{
	static const char *const words[] = {
		[DETAIL_NONE] = "nothing",
		[DETAIL_PAD] = "bytes that must be zero",
		[DETAIL_EPOCH] = "the epoch of the worker",
		[DETAIL_FLAGS] = "a flag that does not exist",
		[DETAIL_ADDRESS] = "the shape of an address",
		[DETAIL_PROTOCOL] = "the protocol",
		[DETAIL_PORT] = "the port",
		[DETAIL_TTL_ZERO] = "a timeout of zero",
		[DETAIL_TTL_LONG] = "a timeout that is too long",
		[DETAIL_RULE] = "the rule",
		[DETAIL_CLIENT] = "the client",
		[DETAIL_FAMILY] = "the families of client and destination",
		[DETAIL_NOT_LOCAL] = "a local client that is not this host",
		[DETAIL_GUARDED] = "a guarded destination",
		[DETAIL_PRIVATE] = "a private destination",
		[DETAIL_OWN] = "a destination that is the router itself",
		[DETAIL_NAMES] = "the shape of the names",
	};

	return detail < sizeof(words) / sizeof(words[0]) ? words[detail] : "?";
}
