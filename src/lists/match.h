/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the lists say of a name or an address: of all that list it the
 * earliest, and in one list the entry that says most of it.
 */
#ifndef LISTS_MATCH_H
#define LISTS_MATCH_H

#include "lists/image.h"

#define LISTS_ALL UINT64_MAX

/* What is asked of which lists. */
struct lists_ask {
	enum trigger trigger;
	uint64_t among; /* a bit a list */
};

struct lists_hit {
	uint32_t list; /* LISTS_NONE: none */
	enum trigger trigger;
	unsigned labels; /* of the entry, where it is a name */
	bool wild_entry; /* "*." stands before them */
	struct net net;	 /* the entry, where it is a net */
	/* Never GIVEN: what the entry says, unless the list overrides it. */
	enum list_action action;
	enum list_action given; /* what the entry says; of plain lists NXDOMAIN,
				 * where the list does not say */
	bool wild;     /* of CNAME: the target stands below an asterisk */
	uint32_t data; /* lists_data() of what is in force; of LOG: given */
};

/* Any case. False: not listed. The earliest hit of a list with the action LOG
 * is told in *log_out (may be NULL), and the search goes on behind it. Of an
 * IPv6 address that embeds IPv4 that counts, too. */
bool lists_match_name(const struct lists *l, const struct lists_ask *ask,
		      const struct name *name, struct lists_hit *out,
		      struct lists_hit *log_out);
bool lists_match_addr(const struct lists *l, const struct lists_ask *ask,
		      const struct addr *addr, struct lists_hit *out,
		      struct lists_hit *log_out);

/* The lists that have entries of a trigger, and those that count for a
 * client: a bit each. */
uint64_t lists_with(const struct lists *l, enum trigger trigger);
uint64_t lists_for_client(const struct lists *l, const struct addr *client);
/* Whether a zone is transferred from that address; NULL: from any. */
bool lists_have_primary(const struct lists *l, const struct addr *a);

#endif
