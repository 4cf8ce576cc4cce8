/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a `->` opens: a protocol, and ports of it. */
#ifndef POLICY_SERVICE_H
#define POLICY_SERVICE_H

#include "policy/complain.h"
#include "policy/token.h"

enum {
	RULE_MAX_PORTS = 256,
	/* Type and code of what is opened by `ICMP`, as the kernel's sets
	 * keep them: echo request (RFC 792, RFC 4443 4.1). */
	PORT_ECHO = 8 << 8,
	PORT_ECHO6 = 128 << 8
};

struct acl_service {
	uint8_t protocol; /* IPPROTO_TCP, _UDP, _SCTP, _ICMP */
	unsigned count;	  /* distinct, rising */
	uint16_t port[RULE_MAX_PORTS];
};

/* Echo requests have another number in each family. */
bool service_is_echo(uint8_t protocol, uint16_t port);
/* Reads ":PROTO:PORTS" or ":ICMP"; false: flaw says why not. */
bool service_read(struct line *l, struct acl_service *out, struct flaw *flaw);

#endif
