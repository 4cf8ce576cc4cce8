/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of both families in one shape, and the nets they lie in.
 *
 * An IPv4 address keeps its four bytes in byte[0..3], the rest zero. An
 * IPv4-mapped IPv6 address becomes an IPv4 address in
 * endpoint_from_sockaddr(), addr_parse() and net_parse(); addr_from_v6()
 * keeps the sixteen bytes, as an AAAA record needs.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

enum { ADDR_TEXT_SIZE = 46, NET_TEXT_SIZE = 50, ENDPOINT_TEXT_SIZE = 56 };

struct addr {
	uint8_t family; /* 4, 6, or 0 for "none" */
	uint8_t pad[3]; /* zero, so that memcmp() compares */
	uint8_t byte[16];
};

struct net {
	struct addr addr; /* host bits are zero */
	uint8_t bits;	  /* 0..32 or 0..128 */
	uint8_t pad[3];
};

struct endpoint {
	struct addr addr;
	uint32_t scope; /* IPv6 scope id, else 0 */
	uint16_t port;	/* host order */
	uint16_t pad;
};

union sockaddr_any {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* What a destination address is to the guard (POLICY in dns-firewall(8)).
 * NEVER: unspecified, 0/8, loopback, link-local, multicast, 240/4 and
 * broadcast; PRIVATE: RFC 1918, 100.64/10, 192.0.0/24, 198.18/15, fc00::/7.
 * An IPv6 address that embeds IPv4 (::ffff/96, ::/96, 64:ff9b::/96,
 * 64:ff9b:1::/48, 2002::/16, 2001::/32) is at least as bad as what it
 * embeds. */
enum addr_class { ADDR_PUBLIC, ADDR_PRIVATE, ADDR_NEVER };

bool addr_equal(const struct addr *a, const struct addr *b);
bool addr_in_net(const struct addr *a, const struct net *n);
bool addr_is_loopback(const struct addr *a);
/* 0.0.0.0 or :: */
bool addr_is_wildcard(const struct addr *a);
enum addr_class addr_class_of(const struct addr *a);
/* The i-th of the nets named there, those of both families; embedded: the
 * i-th prefix that embeds IPv4. False: there are no more. */
bool addr_class_net(size_t i, struct net *out, enum addr_class *class_out);
bool addr_embedding_net(size_t i, struct net *out);
/* The IPv4 address embedded in an IPv6 address as listed above. */
bool addr_embedded(const struct addr *a, struct addr *out);
/* Keep the first bits, clear the others. */
void addr_mask(struct addr *a, unsigned bits);

/* "192.0.2.1", "2001:db8::1"; text need not end in NUL. */
enum err addr_parse(const char *text, size_t len, struct addr *out);
/* "192.0.2.0/24"; without "/": all bits. *had_host_bits_out (may be NULL)
 * says whether host bits were cleared. */
enum err net_parse(const char *text, size_t len, struct net *out,
		   bool *had_host_bits_out);
/* Both return buf, which holds at least the sizes above. */
const char *addr_print(const struct addr *a, char *buf);
const char *net_print(const struct net *n, char *buf);
/* "192.0.2.1:53", "[2001:db8::1]:53" */
const char *endpoint_print(const struct endpoint *e, char *buf);

void addr_from_v4(const uint8_t byte[4], struct addr *out);
void addr_from_v6(const uint8_t byte[16], struct addr *out);
/* Accepts AF_INET and AF_INET6 only; a mapped address becomes IPv4. */
enum err endpoint_from_sockaddr(const union sockaddr_any *sa,
				struct endpoint *out);
/* Returns the length of what it wrote. */
socklen_t endpoint_to_sockaddr(const struct endpoint *e,
			       union sockaddr_any *out);

#endif
