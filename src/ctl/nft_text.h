/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables as `nft -a -s -t list` prints them. */
#ifndef CTL_NFT_TEXT_H
#define CTL_NFT_TEXT_H

#include <stdio.h>

#include "ctl/ruleset.h"

/* Reads all of it into a ruleset that was cleared. A map of verdicts becomes
 * a rule for each of its elements. */
void nft_text_read(FILE *from, struct ruleset *out);

#endif
