/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first headers of an IP packet, as far as they say who wanted to reach
 * what. IPv4 (RFC 791), IPv6 with its extension headers (RFC 8200), TCP, UDP,
 * SCTP, and ICMP of both families.
 *
 * The packet may be cut behind any byte, as the firewall's log cuts it.
 */
#ifndef WIRE_PACKET_H
#define WIRE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

enum { PACKET_MAX_HEADERS = 8 }; /* extensions that are read */

struct packet {
	struct addr source, destination;
	uint8_t protocol; /* the upper one; of a chain that ends too early the
			     last that was read */
	/* The upper header is there: no later fragment, not cut before it. */
	bool has_port;
	/* Destination port; of ICMP type and code (type * 256 + code). 0 for
	 * other protocols. */
	uint16_t port;
};

/* ERR_TORN: the fixed header is cut, or is none of IP. */
enum err packet_parse(const uint8_t *bytes, size_t len, struct packet *out);

#endif
