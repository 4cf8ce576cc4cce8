/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What nobody may list for others: everything, names right below the root,
 * names under which anybody may register his (publicsuffix.org) with what is
 * below them, and those that this machine cannot be without. Nor may anybody
 * let every name pass, or list half of all addresses.
 */
#ifndef LISTS_GUARD_H
#define LISTS_GUARD_H

#include "conf/options.h"
#include "lists/item.h"

enum { GUARD_NAMES_MAX = 256 };

struct guard {
	struct name never[GUARD_NAMES_MAX]; /* lower-cased */
	unsigned nevers;
};

/* Those of the options (may be NULL), and whom the lists file has asked for
 * lists: hosts of feeds, names whose addresses are one. */
void guard_init(struct guard *g, const struct options *opt, const char *text,
		size_t len);
/* Which edition of the public suffixes it goes by. */
const char *guard_edition(void);
/* What is wrong with an entry, as the end of a sentence; NULL: nothing. */
const char *guard_fault(const struct guard *g, const struct item *item);

#endif
