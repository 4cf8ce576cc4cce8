/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of our addresses a packet was sent to, by which interface it came,
 * and how a reply leaves from that same address (ip(7), ipv6(7)).
 */
#ifndef NET_PACKET_INFO_H
#define NET_PACKET_INFO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/addr.h"

/* Room for what one packet carries in either direction. */
enum { PACKET_INFO_SIZE = 128 };

struct packet_info {
	struct addr local; /* family 0: not known */
	uint32_t ifindex;  /* 0: not known */
	/* packets that its socket had no room for, ever, until it came */
	uint32_t overflow;
};

/* Reads the control messages that the kernel put behind m. */
void packet_info_read(struct msghdr *m, struct packet_info *out);
/* Has m leave from out->local; six: by an IPv6 socket, where an IPv4 address
 * is written as IPv4-mapped. m->msg_control has PACKET_INFO_SIZE bytes. */
void packet_info_write(struct msghdr *m, const struct packet_info *from,
		       bool six);
/* The same of an accepted connection, whose listener asked for it. */
void packet_info_of_stream(int fd, struct packet_info *out);

/* The socket address of a client as a socket of that family wants it;
 * returns its length. */
socklen_t client_sockaddr(const struct endpoint *client, bool six,
			  union sockaddr_any *out);

#endif
