/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an answer says of the name that a search asks about. */
#ifndef QUERY_SERVERS_READ_H
#define QUERY_SERVERS_READ_H

#include "query/servers_search.h"

/* What was found lives no longer than this record. */
void servers_lower_ttl(struct servers_search *s, const struct rr *rr);
/* Adds the servers that it names for s->at; returns how many. */
unsigned servers_take(struct servers_search *s, const struct message *m);
bool servers_is_alias(const struct message *m);
/* The zone that a negative answer is of, where s->at is in it. */
bool servers_take_zone(struct servers_search *s, const struct message *m,
		       struct name *zone);

#endif
