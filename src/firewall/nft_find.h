/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where sets and rules are in nftables. */
#ifndef FIREWALL_NFT_FIND_H
#define FIREWALL_NFT_FIND_H

#include "conf/options.h"
#include "firewall/nft_paper.h"

/* What the options say; output.chain is empty where there is no second
 * chain. */
void nft_find_places(const struct options *opt, struct nft_place *at,
		     struct nft_place *output);
/* That its table may have: ROLE_IPV4 | ROLE_IPV6. */
uint32_t nft_families(const struct options *opt);
/* For the supervisor, before anything is touched: the table and the chain
 * are there. ERR_MISSING after a complaint. families: ROLE_IPV4 |
 * ROLE_IPV6. */
enum err nft_find(const struct options *opt, uint32_t *families_out);

#endif
