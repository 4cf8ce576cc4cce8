/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is written to nftables: one batch at a time, of which the kernel takes
 * all or nothing (linux/netfilter/nf_tables.h).
 */
#ifndef FIREWALL_NFT_PAPER_H
#define FIREWALL_NFT_PAPER_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "firewall/netlink.h"

/* One message of a batch, and a whole batch, at most. */
enum { NFT_MESSAGE_MAX = 32768, NFT_PAPER_SIZE = 1 << 20, NFT_NAME_SIZE = 64 };

/* Where our sets and rules are. */
struct nft_place {
	uint16_t family; /* NFPROTO_INET, _IPV4 or _IPV6 */
	char table[NFT_NAME_SIZE];
	char chain[NFT_NAME_SIZE];
};

struct nft_paper {
	size_t len;
	bool full; /* something found no room: it is not sent */
	/* Another page for a batch that is larger; NULL: bytes. */
	uint8_t *large;
	size_t large_size;
	_Alignas(8) uint8_t bytes[NFT_PAPER_SIZE];
};

/* Empties the paper and opens a batch. */
void nft_begin(struct nft_paper *p);
/* A message behind the others; nft_done() when its attributes are written.
 * type: NFT_MSG_...; flags: NLM_F_... */
struct nlmsghdr *nft_message(struct nft_paper *p, uint16_t type,
			     const struct nft_place *at, uint16_t flags);
void nft_done(struct nft_paper *p, const struct nlmsghdr *m);
/* Nothing has been written since: there is nothing to send. */
bool nft_is_blank(const struct nft_paper *p);
/* Sends the batch: what netlink_ask_batch() says; ERR_RANGE: it was too
 * long. */
enum err nft_send(struct nft_paper *p, struct netlink *n,
		  struct netlink_refusal *refusal);
/* A question outside of any batch, on the empty paper. */
struct nlmsghdr *nft_question(struct nft_paper *p, uint16_t type,
			      const struct nft_place *at, uint16_t flags);

#endif
