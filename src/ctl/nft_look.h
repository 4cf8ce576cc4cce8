/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the doctor asks nft(8), and what holds for every table. */
#ifndef CTL_NFT_LOOK_H
#define CTL_NFT_LOOK_H

#include "ctl/findings.h"

/* Read into doctor.rules the table doctor.table, or all tables. Where that
 * cannot be, false, and it has been said. */
bool nft_look_at_table(struct doctor *d);
bool nft_look_at_all(struct doctor *d);

/* That set of the table has an element. */
bool nft_set_has_any(const struct doctor *d, const char *set);

/* Of all tables: says which others refuse what is forwarded by policy, and
 * so what we grant, too. */
void nft_say_others(struct doctor *d);

#endif
