/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of our own table around those for grants (--enforce): what passes
 * before them, and what is refused behind.
 *
 * It promises that this host, where it is shut in itself, can still ask its
 * upstreams, keep its addresses and find its neighbours.
 */
/* Before those of the kernel, which define its shapes again. */
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <stddef.h>

#include "firewall/nft_backend.h"
#include "firewall/nft_rule.h"
#include "policy/table.h"
#include "proc/board.h"

enum { PORT_DHCP = 67, PORT_DHCPV6 = 547 };
/* Neighbour discovery (RFC 4861) and multicast listeners (RFC 2710, 3810). */
static const uint8_t link_types[] = { 130, 131, 132, 133, 134, 135, 136, 143 };

/* ---- lists ------------------------------------------------------------- */

/* Packets to its addresses, or from them. */
static void
match_list(struct nft_rule *r, enum fixed_index set, bool source)
{
	uint8_t family = fixed_family(set);

	nft_match_family(r, family == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
	if (fixed_has_clients(set))
		nft_match_pair_set(r, family, fixed_name(set), source);
	else
		nft_match_address_set(r, family, fixed_name(set), source);
}

static enum err
put_list_log(struct backend *b, const struct nft_place *at,
	     enum fixed_index set, bool source)
{
	struct nft_rule r = nft_rule_new(at);

	match_list(&r, set, source);
	nft_log_group(&r, (uint16_t)b->opt->nflog_group);
	return nft_rule_put(&b->paper, at, &r);
}

static enum err
put_list_verdict(struct backend *b, const struct nft_place *at,
		 enum fixed_index set, bool source)
{
	struct nft_rule r = nft_rule_new(at);

	match_list(&r, set, source);
	if (fixed_blocks(set))
		nft_drop(&r);
	else
		nft_accept(&r);
	return nft_rule_put(&b->paper, at, &r);
}

/* In audit mode all of it but the drop. */
static enum err
put_list(struct backend *b, const struct nft_place *at, enum fixed_index set,
	 bool source)
{
	bool blocks = fixed_blocks(set);
	enum err err = ERR_NONE;

	if (blocks && b->opt->nflog_group != 0)
		err = put_list_log(b, at, set, source);
	if (err != ERR_NONE || (blocks && b->opt->mode == MODE_AUDIT))
		return err;
	return put_list_verdict(b, at, set, source);
}

enum err
nft_put_lists(struct backend *b, const struct nft_place *at, uint32_t fixed)
{
	enum err err = ERR_NONE;

	for (unsigned set = FIXED_ALWAYS4; set <= FIXED_BLOCK_FOR6; set++) {
		if ((fixed >> set & 1) == 0)
			continue;
		if (err == ERR_NONE)
			err = put_list(b, at, set, false);
		/* What this host sends comes from itself. */
		if (err == ERR_NONE && at != &b->output)
			err = put_list(b, at, set, true);
	}
	return err;
}

/* ---- before ------------------------------------------------------------ */

static enum err
put_established(struct backend *b, const struct nft_place *at)
{
	struct nft_rule r = nft_rule_new(at);

	nft_match_established(&r);
	nft_accept(&r);
	return nft_rule_put(&b->paper, at, &r);
}

static enum err
put_loopback(struct backend *b, const struct nft_place *at)
{
	struct nft_rule r = nft_rule_new(at);

	nft_match_interface(&r, "lo", false);
	nft_accept(&r);
	return nft_rule_put(&b->paper, at, &r);
}

/* What the link itself needs. */
static enum err
put_link(struct backend *b, const struct nft_place *at)
{
	enum err err = ERR_NONE;

	for (size_t i = 0; i < sizeof(link_types) && err == ERR_NONE; i++) {
		struct nft_rule r = nft_rule_new(at);

		nft_match_family(&r, NFPROTO_IPV6);
		nft_match_protocol(&r, IPPROTO_ICMPV6);
		nft_match_icmp_type(&r, link_types[i]);
		nft_accept(&r);
		err = nft_rule_put(&b->paper, at, &r);
	}
	for (int six = 0; six < 2 && err == ERR_NONE; six++) {
		struct nft_rule r = nft_rule_new(at);

		nft_match_family(&r, six ? NFPROTO_IPV6 : NFPROTO_IPV4);
		nft_match_protocol(&r, IPPROTO_UDP);
		nft_match_low_port(&r);
		nft_match_port(&r, six ? PORT_DHCPV6 : PORT_DHCP);
		nft_accept(&r);
		err = nft_rule_put(&b->paper, at, &r);
	}
	return err;
}

enum err
nft_put_asked(struct backend *b, const struct nft_place *at,
	      const struct endpoint *to)
{
	static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP };
	struct net host = { .addr = to->addr,
			    .bits = to->addr.family == 4 ? 32 : 128 };
	enum err err = ERR_NONE;

	for (int i = 0; i < 2 && err == ERR_NONE; i++) {
		struct nft_rule r = nft_rule_new(at);

		nft_match_family(&r, to->addr.family == 4 ? NFPROTO_IPV4
							  : NFPROTO_IPV6);
		nft_match_user(&r, b->opt->run_uid);
		nft_match_address(&r, &host, false);
		nft_match_protocol(&r, protocols[i]);
		nft_match_port(&r, to->port);
		nft_accept(&r);
		err = nft_rule_put(&b->paper, at, &r);
	}
	return err;
}

/* Our own questions must not need an answer of our own. */
static enum err
put_upstreams(struct backend *b, const struct nft_place *at)
{
	const struct options *opt = b->opt;
	enum err err = ERR_NONE;

	for (uint32_t i = 0; i < opt->upstream_count && err == ERR_NONE; i++)
		err = nft_put_asked(b, at, &opt->upstream[i]);
	for (uint32_t i = 0; i < opt->forward_count && err == ERR_NONE; i++)
		err = nft_put_asked(b, at, &opt->forward[i].at);
	return err;
}

enum err
nft_put_before(struct backend *b, const struct nft_place *at)
{
	enum err err = put_established(b, at);

	if (at != &b->output)
		return err;
	if (err == ERR_NONE)
		err = put_loopback(b, at);
	if (err == ERR_NONE)
		err = put_link(b, at);
	if (err == ERR_NONE)
		err = put_upstreams(b, at);
	return err;
}

enum err
nft_put_shut(struct backend *b, const struct nft_place *at)
{
	enum err err = nft_put_before(b, at);
	struct nft_rule r;

	if (err != ERR_NONE || b->opt->mode == MODE_AUDIT)
		return err;
	r = nft_rule_new(at);
	nft_drop(&r);
	return nft_rule_put(&b->paper, at, &r);
}

/* ---- behind ------------------------------------------------------------ */

static bool
holds_own(const struct net *net, const struct own_addresses *own)
{
	static const uint8_t loopback4[4] = { 127, 0, 0, 1 };
	static const uint8_t loopback6[16] = { [15] = 1 };
	struct addr a;

	addr_from_v4(loopback4, &a);
	if (addr_in_net(&a, net))
		return true;
	addr_from_v6(loopback6, &a);
	if (addr_in_net(&a, net))
		return true;
	for (uint32_t i = 0; i < own->count; i++) {
		if (!own->broadcast[i] && addr_in_net(&own->addr[i], net))
			return true;
	}
	return false;
}

static bool
names_this_host(const struct backend_fence *f)
{
	const struct image_head *h = f->policy->head;

	for (uint32_t i = 0; i < h->nets.count; i++) {
		if (nft_is_named(&image_nets(h)[i]) &&
		    holds_own(&image_nets(h)[i].net, f->own))
			return true;
	}
	return false;
}

/* Writes what a refusal is about into a rule. */
struct refusal {
	uint8_t family;	       /* 0: both, and everybody */
	const char *set;       /* of clients */
	const char *interface; /* or NULL */
};

static void
match_refused(struct nft_rule *r, const struct refusal *about)
{
	if (about->interface != NULL)
		nft_match_interface(r, about->interface, true);
	if (about->family == 0)
		return;
	nft_match_family(r,
			 about->family == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
	nft_match_address_set(r, about->family, about->set, true);
}

static enum err
put_verdict(struct backend *b, const struct nft_place *at,
	    const struct refusal *about, bool tcp)
{
	struct nft_rule r = nft_rule_new(at);

	match_refused(&r, about);
	if (b->opt->enforce_action == ENFORCE_DROP) {
		nft_drop(&r);
	} else {
		if (tcp)
			nft_match_protocol(&r, IPPROTO_TCP);
		nft_reject(&r, tcp);
	}
	return nft_rule_put(&b->paper, at, &r);
}

/* For whoever wonders why (--nflog). */
static enum err
put_log(struct backend *b, const struct nft_place *at,
	const struct refusal *about)
{
	struct nft_rule r = nft_rule_new(at);

	match_refused(&r, about);
	nft_log_group(&r, (uint16_t)b->opt->nflog_group);
	return nft_rule_put(&b->paper, at, &r);
}

/* What the other end of a connection sends that was cut would begin it anew,
 * from outside: the client's packets were answers then. */
static enum err
put_end(struct backend *b, const struct nft_place *at,
	const struct refusal *about)
{
	struct nft_rule r = nft_rule_new(at);

	if (about->interface != NULL)
		nft_match_interface(&r, about->interface, false);
	nft_match_family(&r,
			 about->family == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
	nft_match_address_set(&r, about->family, about->set, false);
	nft_match_protocol(&r, IPPROTO_TCP);
	nft_match_new(&r);
	nft_match_no_beginning(&r);
	nft_drop(&r);
	return nft_rule_put(&b->paper, at, &r);
}

/* In audit mode all of it but the refusal. */
static enum err
put_refusal(struct backend *b, const struct nft_place *at,
	    const struct refusal *about)
{
	enum err err = ERR_NONE;

	if (b->opt->nflog_group != 0)
		err = put_log(b, at, about);
	if (err != ERR_NONE || b->opt->mode == MODE_AUDIT)
		return err;
	if (b->opt->enforce_action == ENFORCE_REJECT)
		err = put_verdict(b, at, about, true);
	return err == ERR_NONE ? put_verdict(b, at, about, false) : err;
}

/* Those whom the number stands for; 0: those that any interface brings. */
static enum err
put_bound(struct backend *b, const struct nft_place *at,
	  const struct policy *p, unsigned number)
{
	const struct image_interface *interface = image_interfaces(p->head);
	struct nft_fence_id id = { .turn = b->fence_turn,
				   .interface = number };
	enum err err = ERR_NONE;

	for (id.family = 4; id.family <= 6 && err == ERR_NONE; id.family += 2) {
		struct nft_fence_name name = nft_fence_name(&id);
		struct refusal about = { .family = id.family,
					 .set = name.text };

		if (!nft_fence_has(b, id.family, number))
			continue;
		if (number > 0)
			about.interface = interface[number - 1].name;
		err = put_refusal(b, at, &about);
		if (err == ERR_NONE && b->opt->cut_flows &&
		    b->opt->mode != MODE_AUDIT)
			err = put_end(b, at, &about);
	}
	return err;
}

enum err
nft_put_behind(struct backend *b, const struct nft_place *at,
	       const struct backend_fence *f)
{
	const struct refusal everything = { 0 };
	unsigned sets = f->policy->head->interfaces.count + 1;
	enum err err = ERR_NONE;

	if (at == &b->output) {
		if (!names_this_host(f))
			return ERR_NONE;
		err = nft_put_publishers(b, at, f->policy);
		return err == ERR_NONE ? put_refusal(b, at, &everything) : err;
	}
	for (unsigned i = 0; i < sets && err == ERR_NONE; i++)
		err = put_bound(b, at, f->policy, i);
	return err;
}
