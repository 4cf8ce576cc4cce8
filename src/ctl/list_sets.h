/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sets that lists have in the kernel, a line each: what `status` says. */
#ifndef CTL_LIST_SETS_H
#define CTL_LIST_SETS_H

#include "base/text.h"
#include "ctl/view.h"

/* What the line of such a set begins with, before its name. */
#define LIST_SET_LINE "firewall list-set "

void list_sets_print(const struct view *v, struct text *out);

#endif
