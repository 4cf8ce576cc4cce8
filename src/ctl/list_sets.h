/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sets that lists have in the kernel, as `status` and `audit` tell of
 * them. */
#ifndef CTL_LIST_SETS_H
#define CTL_LIST_SETS_H

#include "base/text.h"
#include "ctl/view.h"
#include "proc/letter.h"

/* What the line of such a set begins with, before its name. */
#define LIST_SET_LINE "firewall list-set "

/* A line for each of them. */
void list_sets_print(const struct view *v, struct text *out);
/* Of a host the address alone. */
const char *list_sets_net(const struct net *net, char buf[NET_TEXT_SIZE]);
/* A difference in one of them: "list-set ipv4-block 198.51.100.7 lists=yes
 * kernel=none". */
void list_sets_print_item(const struct audit_item *i, struct text *out);
/* A line for each that there is; true: some of them are not as they should
 * be. */
bool list_sets_print_audit(const struct audited_letter *letter,
			   struct text *out);

#endif
