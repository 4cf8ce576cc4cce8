/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One search for the servers of the zone that a name is in, for all queries
 * that wait for it.
 */
#ifndef QUERY_SERVERS_SEARCH_H
#define QUERY_SERVERS_SEARCH_H

#include "query/flight.h"
#include "query/servers.h"

enum { SEARCH_ASKS = 2 * SERVERS_MOST };

/* One question on its way. */
struct servers_ask {
	struct flight_listener listener;
	struct servers_search *search;
};

enum search_state {
	SEARCH_NEW,
	SEARCH_CUT,	  /* of which zone is the name? */
	SEARCH_ZONE,	  /* which servers has the zone? */
	SEARCH_ADDRESSES, /* and they, which addresses? */
	SEARCH_DONE
};

struct servers_search {
	struct list link;
	struct query_house *house;
	struct addr client; /* whose query began it */
	struct name name; /* lower-cased */
	struct name at;	  /* that is asked about now */
	enum search_state state;
	bool late;	/* nobody waits any longer */
	bool addresses; /* are wanted */
	unsigned steps;
	unsigned open; /* questions on their way */
	uint32_t ttl_s;
	struct due due;
	struct list waiting; /* of struct query */
	struct servers found;
	struct servers_ask ask[SEARCH_ASKS];
};

/* The search for this name, begun for q where there is none; it does nothing
 * before the loop comes round. NULL: there are too many, of all or of that
 * client, who must not take those of the others. */
struct servers_search *search_for(const struct query *q,
				  const struct name *lower, bool addresses);
/* Nobody is told. */
void search_end(struct servers_search *s);

#endif
