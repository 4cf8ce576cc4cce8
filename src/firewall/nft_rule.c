/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules in the kernel's own expressions, spelled with libnftnl.
 *
 * Every rule bears our comment, so that it is told from those of others. A
 * key that is looked up is laid out in the 32-bit registers, one part after
 * the other (linux/netfilter/nf_tables.h).
 */
#include "firewall/nft_rule.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Behind <stdio.h>, which they need and do not name. */
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/udata.h>

enum { COMMENT_SIZE = 64, WORD = 4 };
/* Of struct iphdr and struct ip6_hdr. */
enum { IPV4_SOURCE = 12, IPV4_TARGET = 16, IPV6_SOURCE = 8, IPV6_TARGET = 24 };
/* Of every transport header with ports; where ICMP has type and code. */
enum { PORT_SOURCE = 0, PORT_TARGET = 2, ICMP_TYPE_CODE = 0 };
/* Of that of TCP (RFC 9293 3.1). */
enum { TCP_FLAGS = 13, TCP_SYN = 0x02 };

/* ---- rules -------------------------------------------------------------- */

static bool
sign(struct nftnl_rule *r)
{
	struct nftnl_udata_buf *comment = nftnl_udata_buf_alloc(COMMENT_SIZE);
	bool done;

	if (comment == NULL)
		return false;
	done = nftnl_udata_put_strz(comment, NFTNL_UDATA_RULE_COMMENT,
				    NFT_RULE_COMMENT) &&
	       nftnl_rule_set_data(r, NFTNL_RULE_USERDATA,
				   nftnl_udata_buf_data(comment),
				   nftnl_udata_buf_len(comment)) == 0;
	nftnl_udata_buf_free(comment);
	return done;
}

/* Of the chain, whatever it says; NULL: no memory. */
static struct nftnl_rule *
rule_at(const struct nft_place *at)
{
	struct nftnl_rule *r = nftnl_rule_alloc();

	if (r == NULL)
		return NULL;
	nftnl_rule_set_u32(r, NFTNL_RULE_FAMILY, at->family);
	if (nftnl_rule_set_str(r, NFTNL_RULE_TABLE, at->table) == 0 &&
	    nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, at->chain) == 0)
		return r;
	nftnl_rule_free(r);
	return NULL;
}

struct nft_rule
nft_rule_new(const struct nft_place *at)
{
	struct nft_rule rule = { .r = rule_at(at), .family = at->family };

	rule.broken = rule.r == NULL || !sign(rule.r);
	return rule;
}

enum err
nft_rule_put(struct nft_paper *p, const struct nft_place *at,
	     struct nft_rule *r)
{
	if (!r->broken) {
		struct nlmsghdr *m = nft_message(p, NFT_MSG_NEWRULE, at,
						 NLM_F_CREATE | NLM_F_APPEND);

		nftnl_rule_nlmsg_build_payload(m, r->r);
		nft_done(p, m);
	}
	if (r->r != NULL)
		nftnl_rule_free(r->r);
	r->r = NULL;
	return r->broken ? ERR_FULL : ERR_NONE;
}

enum err
nft_rules_clear(struct nft_paper *p, const struct nft_place *at)
{
	struct nftnl_rule *r = rule_at(at);
	struct nlmsghdr *m;

	if (r == NULL)
		return ERR_FULL;
	m = nft_message(p, NFT_MSG_DELRULE, at, 0);
	nftnl_rule_nlmsg_build_payload(m, r);
	nft_done(p, m);
	nftnl_rule_free(r);
	return ERR_NONE;
}

/* ---- expressions -------------------------------------------------------- */

static struct nftnl_expr *
add(struct nft_rule *r, const char *kind)
{
	struct nftnl_expr *e = r->broken ? NULL : nftnl_expr_alloc(kind);

	if (e != NULL)
		nftnl_rule_add_expr(r->r, e);
	else
		r->broken = true;
	return e;
}

/* What an expression keeps a copy of. */
static void
give(struct nft_rule *r, struct nftnl_expr *e, uint16_t type, const void *value,
     uint32_t len)
{
	if (nftnl_expr_set(e, type, value, len) < 0)
		r->broken = true;
}

/* The 32-bit register of that number. */
static uint32_t
reg(unsigned word)
{
	return NFT_REG32_00 + word;
}

static void
load_meta(struct nft_rule *r, uint32_t key, unsigned word)
{
	struct nftnl_expr *e = add(r, "meta");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, reg(word));
}

static void
load_payload(struct nft_rule *r, uint32_t base, const uint32_t at_len[2],
	     unsigned word)
{
	struct nftnl_expr *e = add(r, "payload");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, at_len[0]);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, at_len[1]);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, reg(word));
}

static void
compare(struct nft_rule *r, uint32_t op, const void *value, uint32_t len)
{
	struct nftnl_expr *e = add(r, "cmp");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, reg(0));
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, op);
	give(r, e, NFTNL_EXPR_CMP_DATA, value, len);
}

/* What of the first register lies in the mask. */
static void
mask(struct nft_rule *r, const void *bits, uint32_t len)
{
	static const uint8_t zero[16];
	struct nftnl_expr *e = add(r, "bitwise");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, reg(0));
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, reg(0));
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, len);
	give(r, e, NFTNL_EXPR_BITWISE_MASK, bits, len);
	give(r, e, NFTNL_EXPR_BITWISE_XOR, zero, len);
}

static void
look_up(struct nft_rule *r, const char *set)
{
	struct nftnl_expr *e = add(r, "lookup");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, reg(0));
	give(r, e, NFTNL_EXPR_LOOKUP_SET, set, (uint32_t)strlen(set) + 1);
}

static unsigned
load_address(struct nft_rule *r, uint8_t family, bool source, unsigned word)
{
	uint32_t v4[2] = { source ? IPV4_SOURCE : IPV4_TARGET, 4 };
	uint32_t v6[2] = { source ? IPV6_SOURCE : IPV6_TARGET, 16 };

	load_payload(r, NFT_PAYLOAD_NETWORK_HEADER, family == 4 ? v4 : v6,
		     word);
	return word + (family == 4 ? 4u : 16u) / WORD;
}

/* ---- what is matched ---------------------------------------------------- */

void
nft_match_family(struct nft_rule *r, uint8_t nfproto)
{
	if (r->family != NFPROTO_INET)
		return;
	load_meta(r, NFT_META_NFPROTO, 0);
	compare(r, NFT_CMP_EQ, &nfproto, sizeof(nfproto));
}

static void
match_states(struct nft_rule *r, uint32_t states)
{
	uint32_t none = 0;
	struct nftnl_expr *e = add(r, "ct");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, NFT_CT_STATE);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CT_DREG, reg(0));
	mask(r, &states, sizeof(states));
	compare(r, NFT_CMP_NEQ, &none, sizeof(none));
}

void
nft_match_established(struct nft_rule *r)
{
	match_states(r, NF_CT_STATE_BIT(IP_CT_ESTABLISHED) |
				NF_CT_STATE_BIT(IP_CT_RELATED));
}

void
nft_match_new(struct nft_rule *r)
{
	match_states(r, NF_CT_STATE_BIT(IP_CT_NEW));
}

void
nft_match_no_beginning(struct nft_rule *r)
{
	static const uint32_t at_len[2] = { TCP_FLAGS, 1 };
	static const uint8_t syn = TCP_SYN, none;

	load_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, at_len, 0);
	mask(r, &syn, sizeof(syn));
	compare(r, NFT_CMP_EQ, &none, sizeof(none));
}

void
nft_match_interface(struct nft_rule *r, const char *name, bool in)
{
	char padded[IFNAMSIZ] = { 0 };

	strncpy(padded, name, sizeof(padded) - 1);
	load_meta(r, in ? NFT_META_IIFNAME : NFT_META_OIFNAME, 0);
	compare(r, NFT_CMP_EQ, padded, sizeof(padded));
}

void
nft_match_from_here(struct nft_rule *r)
{
	uint32_t local = RTN_LOCAL;
	struct nftnl_expr *e = add(r, "fib");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_SADDR);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_DREG, reg(0));
	compare(r, NFT_CMP_EQ, &local, sizeof(local));
}

void
nft_match_user(struct nft_rule *r, uint32_t uid)
{
	load_meta(r, NFT_META_SKUID, 0);
	compare(r, NFT_CMP_EQ, &uid, sizeof(uid));
}

void
nft_match_protocol(struct nft_rule *r, uint8_t protocol)
{
	load_meta(r, NFT_META_L4PROTO, 0);
	compare(r, NFT_CMP_EQ, &protocol, sizeof(protocol));
}

void
nft_match_port(struct nft_rule *r, uint16_t port)
{
	static const uint32_t at_len[2] = { PORT_TARGET, 2 };
	uint16_t wire = htons(port);

	load_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, at_len, 0);
	compare(r, NFT_CMP_EQ, &wire, sizeof(wire));
}

void
nft_match_low_port(struct nft_rule *r)
{
	static const uint32_t at_len[2] = { PORT_SOURCE, 2 };
	uint16_t first_free = htons(IPPORT_RESERVED);

	load_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, at_len, 0);
	compare(r, NFT_CMP_LT, &first_free, sizeof(first_free));
}

/* Said by what it is not: of the plain comparison nft(8) makes, in its list,
 * a part of what follows, and a list that is loaded again would then match
 * source ports. */
void
nft_match_icmp(struct nft_rule *r, uint8_t nfproto, bool is_icmp)
{
	static const uint8_t with_ports[] = { IPPROTO_TCP, IPPROTO_UDP,
					      IPPROTO_SCTP };
	uint8_t icmp = nfproto == NFPROTO_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;

	load_meta(r, NFT_META_L4PROTO, 0);
	if (!is_icmp)
		compare(r, NFT_CMP_NEQ, &icmp, sizeof(icmp));
	for (size_t i = 0; i < sizeof(with_ports) && is_icmp; i++)
		compare(r, NFT_CMP_NEQ, &with_ports[i], 1);
}

void
nft_match_icmp_type(struct nft_rule *r, uint8_t type)
{
	static const uint32_t at_len[2] = { ICMP_TYPE_CODE, 1 };

	load_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, at_len, 0);
	compare(r, NFT_CMP_EQ, &type, sizeof(type));
}

void
nft_match_address(struct nft_rule *r, const struct net *net, bool source)
{
	uint32_t len = net->addr.family == 4 ? 4 : 16;
	struct addr bits = { .family = net->addr.family };

	memset(bits.byte, 0xff, sizeof(bits.byte));
	addr_mask(&bits, net->bits);
	load_address(r, net->addr.family, source, 0);
	mask(r, bits.byte, len);
	compare(r, NFT_CMP_EQ, net->addr.byte, len);
}

void
nft_match_address_set(struct nft_rule *r, uint8_t family, const char *set,
		      bool source)
{
	load_address(r, family, source, 0);
	look_up(r, set);
}

void
nft_match_pair_set(struct nft_rule *r, uint8_t family, const char *set,
		   bool source)
{
	unsigned word = load_address(r, family, source, 0);

	load_address(r, family, !source, word);
	look_up(r, set);
}

static unsigned
load_service(struct nft_rule *r, bool is_icmp, unsigned word)
{
	const uint32_t at_len[2] = { is_icmp ? ICMP_TYPE_CODE : PORT_TARGET,
				     2 };

	load_meta(r, NFT_META_L4PROTO, word++);
	load_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, at_len, word++);
	return word;
}

void
nft_match_grant(struct nft_rule *r, enum set_index set, const char *name,
		bool is_icmp)
{
	uint8_t family = set_family(set);
	unsigned word = 0;

	if (!set_is_local(set))
		word = load_address(r, family, true, word);
	word = load_service(r, is_icmp, word);
	load_address(r, family, false, word);
	look_up(r, name);
}

void
nft_match_static(struct nft_rule *r, uint8_t family, const char *name,
		 bool is_icmp)
{
	unsigned word = load_address(r, family, false, 0);

	word = load_address(r, family, true, word);
	load_service(r, is_icmp, word);
	look_up(r, name);
}

/* ---- what is done ------------------------------------------------------- */

static void
decide(struct nft_rule *r, uint32_t verdict)
{
	struct nftnl_expr *e = add(r, "immediate");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, verdict);
}

void
nft_accept(struct nft_rule *r)
{
	decide(r, NF_ACCEPT);
}

void
nft_drop(struct nft_rule *r)
{
	decide(r, NF_DROP);
}

void
nft_reject(struct nft_rule *r, bool with_reset)
{
	struct nftnl_expr *e = add(r, "reject");

	if (e == NULL)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_REJECT_TYPE,
			   with_reset ? NFT_REJECT_TCP_RST
				      : NFT_REJECT_ICMPX_UNREACH);
	nftnl_expr_set_u8(e, NFTNL_EXPR_REJECT_CODE,
			  with_reset ? 0 : NFT_REJECT_ICMPX_ADMIN_PROHIBITED);
}

void
nft_log_group(struct nft_rule *r, uint16_t group)
{
	struct nftnl_expr *e = add(r, "log");

	if (e != NULL)
		nftnl_expr_set_u16(e, NFTNL_EXPR_LOG_GROUP, group);
}
