/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What nobody may list for others: everything, names right below the root,
 * names under which strangers register theirs (publicsuffix.org), and those
 * that the owner or this machine cannot be without.
 */
#ifndef LISTS_GUARD_H
#define LISTS_GUARD_H

#include "lists/item.h"

enum { GUARD_NAMES_MAX = 64 };

struct guard {
	struct name never[GUARD_NAMES_MAX]; /* lower-cased */
	unsigned nevers;
};

/* Keeps a name from being listed, and all names above it from being listed
 * with what is below them; false: there is no room. */
bool guard_never(struct guard *g, const struct name *name);
/* What is wrong with an entry, as the end of a sentence; NULL: nothing. */
const char *guard_fault(const struct guard *g, const struct item *item);

#endif
