/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Elements of sets of lists: intervals of addresses, and for those with
 * clients concatenations of intervals (linux/netfilter/nf_tables.h).
 */
#ifndef FIREWALL_NFT_FIXED_ELEMENT_H
#define FIREWALL_NFT_FIXED_ELEMENT_H

#include "firewall/backend.h"
#include "firewall/nft_paper.h"

enum { NFT_FIXED_KEY_MAX = 40 };

uint32_t nft_fixed_key_len(enum fixed_index set);
uint32_t nft_fixed_key_type(enum fixed_index set);

/* To the paper, in as many messages as they need. adds: else they go. */
void nft_put_fixed(struct nft_paper *p, const struct nft_place *at,
		   const char *name, enum fixed_index set,
		   const struct fixed_entries *entries, bool adds);

/* What a set was listed to hold: edges of intervals, to be put together when
 * all have come. */
struct nft_bound {
	uint8_t key[NFT_FIXED_KEY_MAX];
	bool is_end;
};
struct nft_bounds {
	enum fixed_index set;
	struct nft_bound *at;
	size_t count, room;
	fixed_entry_fn *each; /* of entries with clients: as they come */
	void *arg;
	bool odd, full;
};

/* A part of a listing. */
void nft_read_fixed(const struct nlmsghdr *part, struct nft_bounds *e);
/* After the last: calls each for what was put together, and frees. */
void nft_join_bounds(struct nft_bounds *e);

#endif
