/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The name servers of the zones that names are in, as the upstream knows
 * them; asked for only where a list has rules about servers.
 *
 * What was found is remembered for a minute to an hour, also that there is
 * nothing. Memory is of fixed size; a zone may push out another.
 */
#ifndef QUERY_SERVERS_H
#define QUERY_SERVERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/random.h"
#include "wire/message.h"

struct query;
struct query_house;

enum {
	SERVERS_MOST = 13,	   /* of one zone whose addresses count */
	SERVERS_ADDRESSES = 64,	   /* of all of them */
	SERVERS_NAMES_SIZE = 2048, /* bytes of names, of all servers */
	SERVERS_ZONES = 512,	  /* that are remembered */
	SERVERS_CUTS = 4096,	  /* names whose zone is remembered */
	SERVERS_IN_A_ROW = 4,	  /* of both */
	SERVERS_SEARCHES = 32,	  /* at one time */
	SERVERS_OF_ONE = 8,	  /* that one client has begun */
	/* A query waits so long for a search, then it goes on without; and
	 * begins no other wait so long after its first. */
	SERVERS_WAIT_MS = 400,
	SERVERS_WAITS = 16, /* of one query */
	SERVERS_LEAST_S = 60,
	SERVERS_LONGEST_S = 3600,
	SERVERS_FAILED_S = 5, /* nobody could tell */
	SERVERS_DOTS = 1      /* a zone has that many, or is not looked at */
};

/* The servers of one zone. */
struct servers {
	struct name zone; /* lower-cased */
	int64_t until_ms;
	bool addressed; /* their addresses were asked for: */
	bool lacking;	/* of some they were not found */
	/* There are more than there is room for. */
	bool more_names, more_addresses;
	uint8_t addresses;
	uint16_t names_len;
	uint8_t names[SERVERS_NAMES_SIZE]; /* whole, one behind the other */
	struct addr address[SERVERS_ADDRESSES];
};

/* Which zone a name is in. */
struct servers_cut {
	uint64_t hash; /* of the name; 0: free */
	int64_t until_ms;
	uint8_t skip; /* bytes of the name before that of its zone */
	bool failed;  /* nobody could tell */
};

struct servers_book {
	struct hash_key key;
	struct pool searches;
	struct list searching;
	struct log_limit say_missing;
	struct message message; /* out of the cache, while it is read */
	struct servers_cut cut[SERVERS_CUTS];
	struct servers zone[SERVERS_ZONES];
};

enum servers_news {
	SERVERS_KNOWN,
	SERVERS_MISSING, /* nobody could tell, or not in time */
	SERVERS_WAIT	 /* q is resumed when they are there, or late */
};

/* ERR_SYSTEM. */
enum err servers_new(struct random *random, struct servers_book **out);
/* No query may wait any more. */
void servers_free(struct query_house *h);

/* The servers of the zone that a name is in; *out is good until the next
 * call, NULL where the zone has none, or too few labels to be looked at. Where
 * addresses are not wanted, they may be lacking. */
enum servers_news servers_find(struct query *q, const struct name *name,
			       bool addresses, const struct servers **out);
/* The query no longer waits. */
void servers_leave(struct query *q);

/* For servers_search.c. */
const struct servers_cut *servers_cut_find(const struct query_house *h,
					   const struct name *lower);
void servers_cut_keep(struct query_house *h, const struct name *lower,
		      const struct servers_cut *cut);
struct servers *servers_zone_find(const struct query_house *h,
				  const struct name *zone);
void servers_zone_keep(struct query_house *h, const struct servers *s);

#endif
