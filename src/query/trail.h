/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names that an answer led to, kept in the query until it has ended: the
 * log holds them, and the client may ask them next. */
#ifndef QUERY_TRAIL_H
#define QUERY_TRAIL_H

#include "query/aliases.h"
#include "query/query.h"
#include "query/services.h"

/* Where one stands in the trail; begins as all zero. */
struct trail_place {
	unsigned at;
	unsigned links; /* from the question to the name read last */
};

/* The names of the chain in their order, then those that services lead to.
 * From the first on that finds no room they are left out. */
void trail_keep(struct query *q, const struct aliases *c,
		const struct services *s);
/* The next name; false at the end. */
bool trail_next(const struct query *q, struct trail_place *place,
		struct name *out);

#endif
