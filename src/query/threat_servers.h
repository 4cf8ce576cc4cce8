/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The name servers of a name's zone, held against the lists. */
#ifndef QUERY_THREAT_SERVERS_H
#define QUERY_THREAT_SERVERS_H

#include "query/query.h"
#include "lists/contest.h"

/* Where some list that can still win has rules about servers. False: they are
 * being looked up, and q is resumed when it is to judge anew. */
bool threat_hear_servers(struct query *q, struct contest *c,
			 const struct name *name);

#endif
