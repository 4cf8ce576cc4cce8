/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel's connection tracking is asked, and how it lists flows:
 * linux/netfilter/nfnetlink_conntrack.h.
 */
#ifndef FIREWALL_FLOW_MESSAGE_H
#define FIREWALL_FLOW_MESSAGE_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

enum { FLOW_PAPER_SIZE = 512 };

/* Where one message is written. */
struct flow_paper {
	_Alignas(8) uint8_t bytes[FLOW_PAPER_SIZE];
};

/* One direction of a flow. For echo requests to_port holds type and code, as
 * in the kernel's sets (policy/service.h). */
struct flow_way {
	struct addr from, to;
	uint16_t from_port, to_port;
	uint8_t protocol;
};

struct flow {
	struct flow_way out;  /* as it was begun */
	struct flow_way back; /* as it is answered: after translation */
};

/* How many flows there are: answered by whoever can also list them. */
struct nlmsghdr *flow_ask_stats(struct flow_paper *p);
/* Lists all flows, in parts. */
struct nlmsghdr *flow_ask_all(struct flow_paper *p);
/* False: that part is no flow, or one of a protocol without ports. */
bool flow_read(const struct nlmsghdr *part, struct flow *out);
/* Deletes the flow that this part of a list tells of, and no other. NULL
 * where the part does not say enough. */
struct nlmsghdr *flow_delete(struct flow_paper *p,
			     const struct nlmsghdr *part);

#endif
