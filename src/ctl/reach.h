/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far a rule that accepts lets a client reach: to a resolver other than
 * ours? Its conditions are told one by one, as iptables-save or nft print
 * them; one that says "not" is left out, for it leaves nearly all.
 */
#ifndef CTL_REACH_H
#define CTL_REACH_H

#include <stdbool.h>

struct reach {
	bool has_ports, has_dns_port, has_https_port;
	bool has_destinations, has_resolver;
	bool has_protocols, has_streams; /* streams: TCP or UDP */
	bool is_strange; /* a condition that is not understood */
};

/* "53", "1:1024", "50-60"; what is no number is not understood. */
void reach_ports(struct reach *r, const char *text);
/* "8.8.8.8/32", "8.8.8.0/24", "8.8.8.0-8.8.8.255" */
void reach_destination(struct reach *r, const char *text);
/* "tcp", "udp", "icmp" ... */
void reach_protocol(struct reach *r, const char *text);

/* Port 53 or 853, or one of the resolvers that browsers know by heart, is
 * among what it opens. */
bool reach_has_resolver(const struct reach *r);

#endif
