/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nets behind other routers: the main table of routes says where they live
 * (RTM_GETROUTE, rtnetlink(7)). The default route says nothing, and a route
 * with several hops all of them.
 */
#include <linux/rtnetlink.h>
#include <string.h>

#include "proc/home.h"

struct route {
	size_t size; /* of an address */
	uint32_t table, ifindex;
	const void *to;
	const struct nlattr *hops;
};

static int
on_attribute(const struct nlattr *attr, void *arg)
{
	struct route *r = arg;
	size_t len = mnl_attr_get_payload_len(attr);

	switch (mnl_attr_get_type(attr)) {
	case RTA_DST:
		if (len == r->size)
			r->to = mnl_attr_get_payload(attr);
		break;
	case RTA_TABLE:
		if (len == sizeof(uint32_t))
			r->table = mnl_attr_get_u32(attr);
		break;
	case RTA_OIF:
		if (len == sizeof(uint32_t))
			r->ifindex = mnl_attr_get_u32(attr);
		break;
	case RTA_MULTIPATH:
		r->hops = attr;
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static void
add_hops(struct own_addresses *t, const struct net *net,
	 const struct nlattr *hops)
{
	const char *at = mnl_attr_get_payload(hops);
	size_t left = mnl_attr_get_payload_len(hops);
	struct rtnexthop hop;

	while (left >= sizeof(hop)) {
		size_t len;

		memcpy(&hop, at, sizeof(hop));
		len = RTNH_ALIGN(hop.rtnh_len);
		if (hop.rtnh_len < sizeof(hop) || len > left)
			return;
		home_add(t, net, (uint32_t)hop.rtnh_ifindex);
		at += len;
		left -= len;
	}
}

static int
on_route(const struct nlmsghdr *head, void *arg)
{
	struct own_addresses *t = arg;
	const struct rtmsg *m = mnl_nlmsg_get_payload(head);
	struct route r = { .size = m->rtm_family == AF_INET ? 4 : 16,
			   .table = m->rtm_table };
	struct net net = { .bits = m->rtm_dst_len };

	if (head->nlmsg_type != RTM_NEWROUTE || m->rtm_type != RTN_UNICAST ||
	    (m->rtm_flags & RTM_F_CLONED) != 0 ||
	    (m->rtm_family != AF_INET && m->rtm_family != AF_INET6))
		return MNL_CB_OK;
	mnl_attr_parse(head, sizeof(*m), on_attribute, &r);
	if (r.to == NULL || net.bits == 0 || r.table != RT_TABLE_MAIN)
		return MNL_CB_OK;
	if (m->rtm_family == AF_INET)
		addr_from_v4(r.to, &net.addr);
	else
		addr_from_v6(r.to, &net.addr);
	home_add(t, &net, r.ifindex);
	if (r.hops)
		add_hops(t, &net, r.hops);
	return MNL_CB_OK;
}

enum err
home_add_routes(struct own_addresses *t, struct mnl_socket *nl)
{
	char buf[16384];
	struct nlmsghdr *head = mnl_nlmsg_put_header(buf);
	struct rtmsg *m;
	int more = MNL_CB_OK;

	head->nlmsg_type = RTM_GETROUTE;
	head->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	head->nlmsg_seq = 2;
	m = mnl_nlmsg_put_extra_header(head, sizeof(*m));
	m->rtm_family = AF_UNSPEC;
	if (mnl_socket_sendto(nl, head, head->nlmsg_len) == -1)
		return ERR_SYSTEM;
	while (more > MNL_CB_STOP) {
		ssize_t got = mnl_socket_recvfrom(nl, buf, sizeof(buf));

		if (got == -1)
			return ERR_SYSTEM;
		more = mnl_cb_run(buf, (size_t)got, 2,
				  mnl_socket_get_portid(nl), on_route, t);
	}
	return more == MNL_CB_ERROR ? ERR_SYSTEM : ERR_NONE;
}
