/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the kernel's nfnetlink_log (linux/netfilter/nfnetlink_log.h)
 * taken apart as far as the packets in them.
 */
#ifndef WITNESS_NFLOG_H
#define WITNESS_NFLOG_H

#include <stddef.h>
#include <stdint.h>

struct nflog_packet {
	const uint8_t *bytes; /* from the IP header on, cut; a stranger's */
	size_t len;
	uint32_t ifindex; /* it came in by, 0: it is this host's own */
	uint32_t seq;	  /* one more for each packet of the group */
};

typedef void nflog_fn(void *arg, const struct nflog_packet *packet);

/* Calls each for every packet of one datagram, 4-aligned. */
void nflog_read(const void *bytes, size_t len, nflog_fn *each, void *arg);

#endif
