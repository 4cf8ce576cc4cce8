/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes of ipset's messages, written and read one by one. */
#ifndef FIREWALL_IPSET_ATTR_H
#define FIREWALL_IPSET_ATTR_H

#include "base/addr.h"
#include "firewall/ipset_message.h"

enum { IPSET_ATTRS = 32 };

struct ipset_attrs {
	const struct nlattr *at[IPSET_ATTRS];
};

/* An empty message on the paper. */
struct nlmsghdr *ipset_begin(struct ipset_paper *p, enum ipset_cmd cmd,
			     uint16_t flags);
/* AF_INET or AF_INET6. */
uint8_t ipset_family(uint8_t family);
void ipset_put_u32(struct nlmsghdr *m, uint16_t attr, uint32_t value);
void ipset_put_addr(struct nlmsghdr *m, uint16_t attr, const struct addr *a);

void ipset_read_top(const struct nlmsghdr *m, struct ipset_attrs *out);
void ipset_read_nest(const struct nlattr *nest, struct ipset_attrs *out);
/* 0 where there is none, or too short a one. */
uint8_t ipset_u8(const struct nlattr *a);
uint16_t ipset_be16(const struct nlattr *a);
uint32_t ipset_u32(const struct nlattr *a);
/* False: it is not one. */
bool ipset_addr(const struct nlattr *a, struct addr *out);

#endif
