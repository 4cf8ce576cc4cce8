/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An answer that a list makes, in its parts: begun, the way to the name that
 * was hit, what the list has for it, the zone's SOA, and the end. */
#ifndef QUERY_THREAT_TELLING_H
#define QUERY_THREAT_TELLING_H

#include "query/aliases.h"
#include "query/steps.h"

/* An answer in the making. */
struct telling {
	struct query *q;
	const struct lists_list *list;
	const struct lists_hit *hit;
	struct name owner; /* the name that was hit */
	uint32_t link_ttl_s;
	unsigned told; /* records of the list in it */
	struct reply r;
};

/* No longer than the list says. */
uint32_t telling_capped(const struct telling *t, uint32_t ttl_s);
/* Sets q->ending to what q->threat.hit is; an answer that was built is
 * forgotten. */
void telling_end_listed(struct query *q, unsigned rcode);
void telling_begin(struct query *q, struct telling *t);
/* The way to the name that was hit, which is then t->owner; NULL where
 * that is the name asked. */
void telling_way(struct telling *t, const struct aliases *c);
/* The same from what the query remembers. */
void telling_trail(struct telling *t);
/* The owner is an alias. */
void telling_alias(struct telling *t, const struct name *to, uint32_t ttl_s);
/* Those records of a list that answer the question; or its zeros. */
void telling_data(struct telling *t);
void telling_null(struct telling *t);
/* The log has the first of what was told. */
void telling_keep_local(struct telling *t, const struct addr *a);
/* Adds the SOA and ends it. */
enum step_result telling_finish(struct telling *t);

#endif
