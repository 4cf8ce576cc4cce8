/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control messages of the kernel about a packet's addresses.
 *
 * A router has many addresses, and a client believes only an answer that
 * comes from the one it asked. Sources: ip(7) IP_PKTINFO, RFC 3542 6 for
 * IPV6_PKTINFO, net/ipv4/ip_sockglue.c and net/ipv6/ipv6_sockglue.c for what
 * an accepted connection tells. Nothing here comes from a stranger but the
 * addresses themselves.
 */
#include "net/packet_info.h"

#include <netinet/in.h>
#include <string.h>

#ifndef IPV6_2292PKTOPTIONS
#define IPV6_2292PKTOPTIONS 6 /* linux/in6.h */
#endif

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

/* As in a socket address: a mapped address is IPv4. */
static void
take_v6(const struct in6_addr *from, struct addr *out)
{
	if (memcmp(from->s6_addr, mapped_prefix, sizeof(mapped_prefix)) == 0)
		addr_from_v4(from->s6_addr + sizeof(mapped_prefix), out);
	else
		addr_from_v6(from->s6_addr, out);
}

static void
put_v6(const struct addr *from, struct in6_addr *out)
{
	if (from->family == 6) {
		memcpy(out->s6_addr, from->byte, sizeof(out->s6_addr));
		return;
	}
	memcpy(out->s6_addr, mapped_prefix, sizeof(mapped_prefix));
	memcpy(out->s6_addr + sizeof(mapped_prefix), from->byte, 4);
}

static void
read_v4(const struct cmsghdr *c, struct packet_info *out)
{
	struct in_pktinfo info;
	uint8_t byte[4];

	memcpy(&info, CMSG_DATA(c), sizeof(info));
	memcpy(byte, &info.ipi_spec_dst, sizeof(byte));
	addr_from_v4(byte, &out->local);
	out->ifindex = (uint32_t)info.ipi_ifindex;
}

static void
read_v6(const struct cmsghdr *c, struct packet_info *out)
{
	struct in6_pktinfo info;

	memcpy(&info, CMSG_DATA(c), sizeof(info));
	take_v6(&info.ipi6_addr, &out->local);
	out->ifindex = info.ipi6_ifindex;
}

void
packet_info_read(struct msghdr *m, struct packet_info *out)
{
	*out = (struct packet_info){ 0 };
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
			read_v4(c, out);
		if (c->cmsg_level == IPPROTO_IPV6 &&
		    (c->cmsg_type == IPV6_PKTINFO ||
		     c->cmsg_type == IPV6_2292PKTINFO))
			read_v6(c, out);
		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SO_RXQ_OVFL)
			memcpy(&out->overflow, CMSG_DATA(c),
			       sizeof(out->overflow));
	}
}

static bool
is_link_local(const struct addr *a)
{
	return a->family == 6 && a->byte[0] == 0xfe &&
	       (a->byte[1] & 0xc0) == 0x80;
}

static void
write_v4(struct cmsghdr *c, const struct packet_info *from)
{
	struct in_pktinfo info = { 0 };

	memcpy(&info.ipi_spec_dst, from->local.byte, 4);
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
}

/* The way back is the routing table's to find; only a link-local address
 * says nothing without its interface. */
static void
write_v6(struct cmsghdr *c, const struct packet_info *from)
{
	struct in6_pktinfo info = { 0 };

	put_v6(&from->local, &info.ipi6_addr);
	if (is_link_local(&from->local))
		info.ipi6_ifindex = from->ifindex;
	c->cmsg_level = IPPROTO_IPV6;
	c->cmsg_type = IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
}

void
packet_info_write(struct msghdr *m, const struct packet_info *from, bool six)
{
	struct cmsghdr *c;

	if (from->local.family == 0) {
		m->msg_control = NULL;
		m->msg_controllen = 0;
		return;
	}
	m->msg_controllen = six ? CMSG_SPACE(sizeof(struct in6_pktinfo))
				: CMSG_SPACE(sizeof(struct in_pktinfo));
	memset(m->msg_control, 0, m->msg_controllen);
	c = CMSG_FIRSTHDR(m);
	if (six)
		write_v6(c, from);
	else
		write_v4(c, from);
}

/* The kernel keeps the ingress interface of the handshake and tells it in
 * the same shape as that of a packet. */
void
packet_info_of_stream(int fd, struct packet_info *out)
{
	_Alignas(struct cmsghdr) uint8_t control[PACKET_INFO_SIZE];
	struct msghdr m = { .msg_control = control };
	socklen_t len = sizeof(control);
	union sockaddr_any at;
	socklen_t at_len = sizeof(at);
	struct endpoint local;

	*out = (struct packet_info){ 0 };
	if (getsockname(fd, &at.sa, &at_len) == -1 ||
	    endpoint_from_sockaddr(&at, &local) != ERR_NONE)
		return;
	if (at.sa.sa_family == AF_INET6 &&
	    getsockopt(fd, IPPROTO_IPV6, IPV6_2292PKTOPTIONS, control, &len))
		len = 0;
	if (at.sa.sa_family == AF_INET &&
	    getsockopt(fd, IPPROTO_IP, IP_PKTOPTIONS, control, &len))
		len = 0;
	m.msg_controllen = len;
	packet_info_read(&m, out);
	out->local = local.addr;
}

socklen_t
client_sockaddr(const struct endpoint *client, bool six,
		union sockaddr_any *out)
{
	if (!six || client->addr.family == 6)
		return endpoint_to_sockaddr(client, out);
	*out = (union sockaddr_any){ .in6 = { .sin6_family = AF_INET6 } };
	out->in6.sin6_port = htons(client->port);
	put_v6(&client->addr, &out->in6.sin6_addr);
	return sizeof(out->in6);
}
