/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of several hits decides, at one place of the chain of aliases: that
 * of the earliest list; in one list the trigger that comes first in enum
 * trigger; of one trigger the server whose name is last in canonical order (RFC
 * 4034 6.1), whatever entry has it, or the longest net, then the lowest.
 */
#ifndef LISTS_CONTEST_H
#define LISTS_CONTEST_H

#include "lists/match.h"

/* Whoever is told of a hit that is only to be logged; name: what was held
 * against the list, or led to the address that was. */
typedef void contest_log_fn(void *arg, const struct lists_hit *hit,
			    const struct name *name);

/* One place, and the best of what was held against the lists so far. */
struct contest {
	const struct lists *lists;
	uint64_t among;		  /* lists that take part: a bit each */
	const struct name *place; /* on the chain; the caller's */
	struct lists_hit best;	  /* list LISTS_NONE: none */
	struct name server;	  /* of a best hit of NSDNAME */
	contest_log_fn *log;
	void *arg;
};

void contest_begin(struct contest *c, const struct lists *lists,
		   uint64_t among);
/* Holds a name or an address against the lists that can still win. */
void contest_name(struct contest *c, enum trigger trigger,
		  const struct name *name);
void contest_addr(struct contest *c, enum trigger trigger,
		  const struct addr *addr);
/* The lists whose hits of that trigger would win over the best so far. */
uint64_t contest_open(const struct contest *c, enum trigger trigger);

/* The lists before this one; LISTS_NONE: all. */
uint64_t lists_before(uint32_t list);
/* Below 0, 0, above 0: a stands before, is, or stands behind b. */
int name_canonical_order(const struct name *a, const struct name *b);

#endif
