/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Elements of our sets as nftables spells them.
 *
 * The key of a set is a concatenation, each part filled up to four bytes:
 * client . protocol . port . destination, without the client in the -local
 * sets. ICMP has its type and code in place of the port. Times are in
 * milliseconds, big endian (linux/netfilter/nf_tables.h).
 */
#ifndef FIREWALL_NFT_ELEMENT_H
#define FIREWALL_NFT_ELEMENT_H

#include <stdbool.h>

#include "firewall/backend.h"
#include "firewall/nft_paper.h"

/* The numbers that nft(8) gives to types of data. */
enum {
	NFT_TYPE_IPV4 = 7,
	NFT_TYPE_IPV6 = 8,
	NFT_TYPE_PROTOCOL = 12,
	NFT_TYPE_SERVICE = 13,
	NFT_TYPE_BITS = 6
};

/* Bytes of a key, and the number nft(8) knows its type by. */
uint32_t nft_key_len(enum set_index set);
uint32_t nft_key_type(enum set_index set);

/* Messages of a batch about entries of the set of that name: all are added
 * with their timeouts, or removed. */
void nft_put_add(struct nft_paper *p, const struct nft_place *at,
		 const char *name, const struct backend_entry *entry,
		 unsigned count);
void nft_put_remove(struct nft_paper *p, const struct nft_place *at,
		    const char *name, const struct backend_entry *entry,
		    unsigned count);

/* Attributes of a message or a nest, by their type; those that are not there
 * are NULL. nft_attr_keep() is what mnl_attr_parse() calls. */
enum { NFT_ATTRS = 16 };
struct nft_attrs {
	const struct nlattr *at[NFT_ATTRS];
};
int nft_attr_keep(const struct nlattr *attr, void *attrs);

/* Questions: for one entry, and for all of them. */
struct nlmsghdr *nft_ask_element(struct nft_paper *p,
				 const struct nft_place *at, const char *name,
				 const struct backend_entry *entry);
struct nlmsghdr *nft_ask_elements(struct nft_paper *p,
				  const struct nft_place *at, const char *name);
/* Reads the answer to either; how many elements had another shape. */
unsigned nft_read_elements(const struct nlmsghdr *m, enum set_index set,
			   backend_entry_fn *each, void *arg);

#endif
