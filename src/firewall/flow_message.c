/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages to and from the connection tracking.
 *
 * A flow is deleted by its tuple, zone and id just as the kernel listed
 * them: the id makes sure that it is not another one which took the same
 * ports in between.
 */
#include "firewall/flow_message.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <string.h>

enum { TUPLE_MAX = 256 };

static struct nlmsghdr *
begin(struct flow_paper *p, uint16_t what, uint16_t flags)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(p->bytes);
	struct nfgenmsg *g = mnl_nlmsg_put_extra_header(m, sizeof(*g));

	m->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | what);
	m->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	*g = (struct nfgenmsg){ .nfgen_family = AF_UNSPEC,
				.version = NFNETLINK_V0 };
	return m;
}

struct nlmsghdr *
flow_ask_stats(struct flow_paper *p)
{
	return begin(p, IPCTNL_MSG_CT_GET_STATS, NLM_F_ACK);
}

struct nlmsghdr *
flow_ask_all(struct flow_paper *p)
{
	return begin(p, IPCTNL_MSG_CT_GET, NLM_F_DUMP);
}

/* ---- a flow of a list -------------------------------------------------- */

enum { ATTRIBUTES = CTA_MAX + 1 };

/* Attributes of one level by their number; unknown ones are left out. */
struct level {
	const struct nlattr *at[ATTRIBUTES];
};

static int
on_attribute(const struct nlattr *a, void *arg)
{
	struct level *l = arg;
	uint16_t type = mnl_attr_get_type(a);

	if (type < ATTRIBUTES)
		l->at[type] = a;
	return MNL_CB_OK;
}

static bool
is_flow(const struct nlmsghdr *part, struct level *out)
{
	*out = (struct level){ 0 };
	if (part->nlmsg_type !=
		(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW) ||
	    mnl_nlmsg_get_payload_len(part) < sizeof(struct nfgenmsg))
		return false;
	return mnl_attr_parse(part, sizeof(struct nfgenmsg), on_attribute,
			      out) == MNL_CB_OK;
}

static bool
enter(const struct nlattr *nest, struct level *out)
{
	*out = (struct level){ 0 };
	return nest != NULL &&
	       mnl_attr_parse_nested(nest, on_attribute, out) == MNL_CB_OK;
}

static bool
read_addr(const struct level *l, uint16_t v4, uint16_t v6, struct addr *out)
{
	const struct nlattr *a4 = l->at[v4], *a6 = l->at[v6];

	if (a4 != NULL && mnl_attr_get_payload_len(a4) == 4)
		addr_from_v4(mnl_attr_get_payload(a4), out);
	else if (a6 != NULL && mnl_attr_get_payload_len(a6) == 16)
		addr_from_v6(mnl_attr_get_payload(a6), out);
	else
		return false;
	return true;
}

/* 0 where it is missing: no grant has it. */
static uint16_t
read_port(const struct nlattr *a)
{
	return a != NULL && mnl_attr_get_payload_len(a) == 2
		   ? ntohs(mnl_attr_get_u16(a))
		   : 0;
}

static uint16_t
read_echo(const struct nlattr *type, const struct nlattr *code)
{
	if (type == NULL || code == NULL ||
	    mnl_attr_get_payload_len(type) != 1 ||
	    mnl_attr_get_payload_len(code) != 1)
		return 0;
	return (uint16_t)(mnl_attr_get_u8(type) << 8 | mnl_attr_get_u8(code));
}

static bool
read_protocol(const struct level *l, struct flow_way *out)
{
	const struct nlattr *number = l->at[CTA_PROTO_NUM];

	if (number == NULL || mnl_attr_get_payload_len(number) != 1)
		return false;
	out->protocol = mnl_attr_get_u8(number);
	if (out->protocol == IPPROTO_ICMP) {
		out->to_port = read_echo(l->at[CTA_PROTO_ICMP_TYPE],
					 l->at[CTA_PROTO_ICMP_CODE]);
		return true;
	}
	if (out->protocol == IPPROTO_ICMPV6) {
		out->to_port = read_echo(l->at[CTA_PROTO_ICMPV6_TYPE],
					 l->at[CTA_PROTO_ICMPV6_CODE]);
		return true;
	}
	out->from_port = read_port(l->at[CTA_PROTO_SRC_PORT]);
	out->to_port = read_port(l->at[CTA_PROTO_DST_PORT]);
	return true;
}

static bool
read_way(const struct nlattr *tuple, struct flow_way *out)
{
	struct level outer, inner;

	return enter(tuple, &outer) && enter(outer.at[CTA_TUPLE_IP], &inner) &&
	       read_addr(&inner, CTA_IP_V4_SRC, CTA_IP_V6_SRC, &out->from) &&
	       read_addr(&inner, CTA_IP_V4_DST, CTA_IP_V6_DST, &out->to) &&
	       enter(outer.at[CTA_TUPLE_PROTO], &inner) &&
	       read_protocol(&inner, out);
}

bool
flow_read(const struct nlmsghdr *part, struct flow *out)
{
	struct level l;

	*out = (struct flow){ 0 };
	return is_flow(part, &l) && read_way(l.at[CTA_TUPLE_ORIG], &out->out) &&
	       read_way(l.at[CTA_TUPLE_REPLY], &out->back);
}

/* ---- its end ----------------------------------------------------------- */

static void
copy(struct nlmsghdr *m, const struct nlattr *a, uint16_t type)
{
	if (a != NULL)
		mnl_attr_put(m, type, mnl_attr_get_payload_len(a),
			     mnl_attr_get_payload(a));
}

struct nlmsghdr *
flow_delete(struct flow_paper *p, const struct nlmsghdr *part)
{
	const struct nfgenmsg *from = mnl_nlmsg_get_payload(part);
	struct nlmsghdr *m;
	struct level l;

	if (!is_flow(part, &l) || l.at[CTA_TUPLE_ORIG] == NULL ||
	    l.at[CTA_ID] == NULL ||
	    mnl_attr_get_payload_len(l.at[CTA_TUPLE_ORIG]) > TUPLE_MAX ||
	    mnl_attr_get_payload_len(l.at[CTA_ID]) != sizeof(uint32_t))
		return NULL;
	m = begin(p, IPCTNL_MSG_CT_DELETE, NLM_F_ACK);
	((struct nfgenmsg *)mnl_nlmsg_get_payload(m))->nfgen_family =
	    from->nfgen_family;
	copy(m, l.at[CTA_TUPLE_ORIG], CTA_TUPLE_ORIG | NLA_F_NESTED);
	copy(m, l.at[CTA_ID], CTA_ID);
	if (l.at[CTA_ZONE] != NULL &&
	    mnl_attr_get_payload_len(l.at[CTA_ZONE]) == sizeof(uint16_t))
		copy(m, l.at[CTA_ZONE], CTA_ZONE);
	return m;
}
