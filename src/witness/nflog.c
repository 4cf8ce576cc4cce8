/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel wraps what strangers sent; the wrapping is held against its own
 * lengths, what is inside is not looked at.
 */
#include "witness/nflog.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>

static int
on_attribute(const struct nlattr *attr, void *arg)
{
	struct nflog_packet *p = arg;

	switch (mnl_attr_get_type(attr)) {
	case NFULA_PAYLOAD:
		p->bytes = mnl_attr_get_payload(attr);
		p->len = mnl_attr_get_payload_len(attr);
		break;
	case NFULA_IFINDEX_INDEV:
		if (mnl_attr_get_payload_len(attr) == sizeof(uint32_t))
			p->ifindex = ntohl(mnl_attr_get_u32(attr));
		break;
	case NFULA_SEQ:
		if (mnl_attr_get_payload_len(attr) == sizeof(uint32_t))
			p->seq = ntohl(mnl_attr_get_u32(attr));
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

void
nflog_read(const void *bytes, size_t len, nflog_fn *each, void *arg)
{
	const struct nlmsghdr *head = bytes;
	int left = len > INT32_MAX ? 0 : (int)len;

	for (; mnl_nlmsg_ok(head, left);
	     head = mnl_nlmsg_next(head, &left)) {
		struct nflog_packet packet = { 0 };

		if (head->nlmsg_type !=
			(NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET) ||
		    mnl_nlmsg_get_payload_len(head) < sizeof(struct nfgenmsg))
			continue;
		mnl_attr_parse(head, sizeof(struct nfgenmsg), on_attribute,
			       &packet);
		if (packet.bytes)
			each(arg, &packet);
	}
}
