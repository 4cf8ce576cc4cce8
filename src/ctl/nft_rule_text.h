/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One rule of nftables, as nft prints it. */
#ifndef CTL_NFT_RULE_TEXT_H
#define CTL_NFT_RULE_TEXT_H

#include "ctl/ruleset.h"

enum { NFT_LINE = 4096 };

/* Adds what that line, without blanks around it, says of the chain; it is
 * changed in passing. */
void nft_rule_read(char *line, const char *chain, struct ruleset *out);

#endif
