/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all messages of ipset are made of. It promises to read nothing outside
 * the message it is given.
 */
#include "firewall/ipset_attr.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

/* ---- writing ------------------------------------------------------------ */

struct nlmsghdr *
ipset_begin(struct ipset_paper *p, enum ipset_cmd cmd, uint16_t flags)
{
	struct nlmsghdr *m;
	struct nfgenmsg *g;

	/* What pads an attribute shall not be what was written before. */
	memset(p->bytes, 0, sizeof(p->bytes));
	m = mnl_nlmsg_put_header(p->bytes);
	m->nlmsg_type = (uint16_t)(NFNL_SUBSYS_IPSET << 8 | cmd);
	m->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	g = mnl_nlmsg_put_extra_header(m, sizeof(*g));
	g->nfgen_family = AF_INET;
	g->version = NFNETLINK_V0;
	g->res_id = 0;
	mnl_attr_put_u8(m, IPSET_ATTR_PROTOCOL, p->protocol);
	return m;
}

uint8_t
ipset_family(uint8_t family)
{
	return family == 4 ? AF_INET : AF_INET6;
}

void
ipset_put_u32(struct nlmsghdr *m, uint16_t attr, uint32_t value)
{
	mnl_attr_put_u32(m, attr | NLA_F_NET_BYTEORDER, htonl(value));
}

void
ipset_put_addr(struct nlmsghdr *m, uint16_t attr, const struct addr *a)
{
	struct nlattr *nest = mnl_attr_nest_start(m, attr);

	if (a->family == 4)
		mnl_attr_put(m, IPSET_ATTR_IPADDR_IPV4 | NLA_F_NET_BYTEORDER, 4,
			     a->byte);
	else
		mnl_attr_put(m, IPSET_ATTR_IPADDR_IPV6 | NLA_F_NET_BYTEORDER,
			     16, a->byte);
	mnl_attr_nest_end(m, nest);
}

/* ---- reading ------------------------------------------------------------ */

static int
keep(const struct nlattr *attr, void *arg)
{
	struct ipset_attrs *a = arg;
	uint16_t type = mnl_attr_get_type(attr);

	if (type < IPSET_ATTRS)
		a->at[type] = attr;
	return MNL_CB_OK;
}

void
ipset_read_top(const struct nlmsghdr *m, struct ipset_attrs *out)
{
	*out = (struct ipset_attrs){ 0 };
	if (mnl_nlmsg_get_payload_len(m) >= sizeof(struct nfgenmsg))
		mnl_attr_parse(m, sizeof(struct nfgenmsg), keep, out);
}

void
ipset_read_nest(const struct nlattr *nest, struct ipset_attrs *out)
{
	*out = (struct ipset_attrs){ 0 };
	mnl_attr_parse_nested(nest, keep, out);
}

uint8_t
ipset_u8(const struct nlattr *a)
{
	return a != NULL && mnl_attr_get_payload_len(a) >= 1
		   ? *(const uint8_t *)mnl_attr_get_payload(a)
		   : 0;
}

uint16_t
ipset_be16(const struct nlattr *a)
{
	uint16_t value = 0;

	if (a != NULL && mnl_attr_get_payload_len(a) >= sizeof(value))
		memcpy(&value, mnl_attr_get_payload(a), sizeof(value));
	return ntohs(value);
}

uint32_t
ipset_u32(const struct nlattr *a)
{
	uint32_t value = 0;

	if (a != NULL && mnl_attr_get_payload_len(a) >= sizeof(value))
		memcpy(&value, mnl_attr_get_payload(a), sizeof(value));
	return value;
}

bool
ipset_addr(const struct nlattr *a, struct addr *out)
{
	struct ipset_attrs in;
	const struct nlattr *v4, *v6;

	if (a == NULL)
		return false;
	ipset_read_nest(a, &in);
	v4 = in.at[IPSET_ATTR_IPADDR_IPV4];
	v6 = in.at[IPSET_ATTR_IPADDR_IPV6];
	if (v4 != NULL && mnl_attr_get_payload_len(v4) == 4)
		addr_from_v4(mnl_attr_get_payload(v4), out);
	else if (v6 != NULL && mnl_attr_get_payload_len(v6) == 16)
		addr_from_v6(mnl_attr_get_payload(v6), out);
	else
		return false;
	return true;
}
