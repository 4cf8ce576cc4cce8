/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses of a list as nets, for those who do more with them than to
 * look them up: sets of the kernel, rules. */
#ifndef LISTS_NETS_H
#define LISTS_NETS_H

#include "lists/build.h"

/* A net that this list has kept: of addresses in answers, and none that is
 * let through. */
bool nets_wanted(const struct lists_list *l, const struct item *item);
/* Behind the others. ERR_FULL. */
enum err nets_add(struct lists_build *b, const struct net *net);
/* Sorts those of the list, which are the last, and drops what lies in
 * another. */
void nets_settle(struct lists_build *b, struct lists_list *l);

#endif
