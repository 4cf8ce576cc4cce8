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
#include <stdbool.h>

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

/* mnl_nlmsg_ok() takes a length over 2 GiB for a negative one, and lets it
 * pass. */
static bool
is_whole(const struct nlmsghdr *head, size_t left)
{
	return left >= sizeof(*head) && head->nlmsg_len >= sizeof(*head) &&
	       head->nlmsg_len <= left;
}

static bool
is_packet(const struct nlmsghdr *head)
{
	return head->nlmsg_type ==
		       (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET) &&
	       mnl_nlmsg_get_payload_len(head) >= sizeof(struct nfgenmsg);
}

void
nflog_read(const void *bytes, size_t len, nflog_fn *each, void *arg)
{
	const struct nlmsghdr *head = bytes;
	size_t step;

	for (; is_whole(head, len); len -= step) {
		struct nflog_packet packet = { 0 };

		if (is_packet(head))
			mnl_attr_parse(head, sizeof(struct nfgenmsg),
				       on_attribute, &packet);
		if (packet.bytes)
			each(arg, &packet);
		step = NLMSG_ALIGN(head->nlmsg_len);
		if (step >= len)
			return;
		head = (const void *)((const char *)head + step);
	}
}
