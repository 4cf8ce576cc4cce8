/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our rules as nftables takes them: expressions one after another. */
#ifndef FIREWALL_NFT_RULE_H
#define FIREWALL_NFT_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "firewall/backend.h"
#include "firewall/nft_paper.h"

/* What marks a rule as ours: the comment that nft(8) shows. */
#define NFT_RULE_COMMENT "dns-firewall"

struct nftnl_rule;

/* A rule that is being written. Where there was no memory for a part of it,
 * it is broken and never sent: without that part it would match more. */
struct nft_rule {
	struct nftnl_rule *r;
	uint16_t family; /* of its table */
	bool broken;
};

/* Empty; written to the paper and freed by nft_rule_put(): ERR_FULL where it
 * is broken. */
struct nft_rule nft_rule_new(const struct nft_place *at);
enum err nft_rule_put(struct nft_paper *p, const struct nft_place *at,
		      struct nft_rule *r);
/* All rules of the chain go. ERR_FULL. */
enum err nft_rules_clear(struct nft_paper *p, const struct nft_place *at);

/* ---- what is matched --------------------------------------------------- */

/* Packets of one family: NFPROTO_IPV4 or NFPROTO_IPV6. Nothing is said of it
 * where the table has no others: nft(8) would not understand. */
void nft_match_family(struct nft_rule *r, uint8_t nfproto);
/* Connections that were accepted before, and what belongs to them. */
void nft_match_established(struct nft_rule *r);
/* The first packet of a connection that is seen; of TCP one that begins none:
 * it belongs to one that was cut, or is older than we are. */
void nft_match_new(struct nft_rule *r);
void nft_match_no_beginning(struct nft_rule *r);
/* By its name; in: it came in by it, else it goes out by it. */
void nft_match_interface(struct nft_rule *r, const char *name, bool in);
/* The sender is this host itself. */
void nft_match_from_here(struct nft_rule *r);
/* The socket belongs to that user. */
void nft_match_user(struct nft_rule *r, uint32_t uid);
void nft_match_protocol(struct nft_rule *r, uint8_t protocol);
void nft_match_port(struct nft_rule *r, uint16_t port);
/* Of the sender: one that not everybody may have. */
void nft_match_low_port(struct nft_rule *r);
/* What has no ports and may be ICMP, or what is not ICMP. */
void nft_match_icmp(struct nft_rule *r, uint8_t nfproto, bool is_icmp);
void nft_match_icmp_type(struct nft_rule *r, uint8_t type);
/* source: the sender's address, else the receiver's. */
void nft_match_address(struct nft_rule *r, const struct net *net, bool source);
void nft_match_address_set(struct nft_rule *r, uint8_t family, const char *set,
			   bool source);
/* The same, of a set whose key has the address of the other end behind it. */
void nft_match_pair_set(struct nft_rule *r, uint8_t family, const char *set,
			bool source);
/* The key of one of our sets is in it. */
void nft_match_grant(struct nft_rule *r, enum set_index set, const char *name,
		     bool is_icmp);

/* The same of what lists open: destination first (nft_fixed_element.c). */
void nft_match_static(struct nft_rule *r, uint8_t family, const char *name,
		      bool is_icmp);

/* ---- what is done ------------------------------------------------------ */

void nft_accept(struct nft_rule *r);
void nft_drop(struct nft_rule *r);
/* TCP is reset, the rest gets an ICMP error; both rules are needed. */
void nft_reject(struct nft_rule *r, bool with_reset);
void nft_log_group(struct nft_rule *r, uint16_t group);

#endif
