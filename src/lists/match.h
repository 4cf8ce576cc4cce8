/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the lists say of a name or an address: of all that list it the
 * earliest, and in one list the entry that says most of it.
 */
#ifndef LISTS_MATCH_H
#define LISTS_MATCH_H

#include "lists/image.h"

struct lists_hit {
	uint32_t list;	 /* LISTS_NONE: none */
	unsigned labels; /* of the entry, where it is a name */
	struct net net;	 /* the entry, where it is a net */
	enum list_action action;
};

/* Any case. False: not listed. A hit of a list with the action LOG is told
 * in *log_out (may be NULL), and the search goes on behind it. Of an IPv6
 * address that embeds IPv4 that counts, too. */
bool lists_match_name(const struct lists *l, const struct name *name,
		      struct lists_hit *out, struct lists_hit *log_out);
bool lists_match_addr(const struct lists *l, const struct addr *addr,
		      struct lists_hit *out, struct lists_hit *log_out);

#endif
