/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When to ask which primary for a zone, by the numbers of its SOA (RFC 1034
 * 4.3.5, RFC 1995, RFC 1996).
 *
 * It has no clock and no socket: it is told what has happened and when, and
 * says what is to be done next.
 */
#ifndef SUPPLY_REFRESH_H
#define SUPPLY_REFRESH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "lists/content.h"

enum {
	REFRESH_MIN_S = 30,
	REFRESH_MAX_S = 86400,
	REFRESH_RETRY_MIN_S = 10,
	REFRESH_RETRY_MAX_S = 3600,
	REFRESH_EXPIRE_MIN_S = 3600, /* and twice the refresh time */
	REFRESH_EXPIRE_MAX_S = 4 * 7 * 86400,
	REFRESH_START_MAX_S = 60, /* after a start with a kept copy */
	REFRESH_APART_S = 5	  /* two fetches because of a NOTIFY */
};

enum refresh_task {
	REFRESH_REST,	 /* nothing, until due_ms */
	REFRESH_ASK,	 /* the SOA of a primary */
	REFRESH_CHANGES, /* IXFR */
	REFRESH_ALL	 /* AXFR */
};

/* Written by refresh.c alone. */
struct refresh {
	struct random *random;
	enum refresh_task task; /* under way, or REST */
	unsigned servers;
	unsigned at;	   /* the primary whose turn it is */
	unsigned tried;	   /* primaries that failed since the last rest */
	unsigned failures; /* rounds in a row */
	bool again;	   /* somebody wished while one was under way */
	bool all;	   /* the whole zone is wished for, newer or not */
	bool have;	   /* a copy is kept */
	uint32_t serial;   /* of it */
	int64_t refresh_ms, retry_ms, expire_ms;
	int64_t fresh_ms; /* when a primary last said that it is current */
	int64_t begun_ms; /* the last fetch */
	int64_t due_ms;	  /* the next one */
};

void refresh_init(struct refresh *r, struct random *random, unsigned servers,
		  int64_t now_ms);
/* A copy is kept, that was current so long ago. */
void refresh_have(struct refresh *r, const struct soa_numbers *soa,
		  int64_t age_ms, int64_t now_ms);
/* It is gone. */
void refresh_forget(struct refresh *r);

/* What is to be done, of the primary r->at. Anything but REST is under way
 * from then on and has to end in one of the calls below. */
enum refresh_task refresh_next(struct refresh *r, int64_t now_ms);

/* The primary's serial number. True: it counts as success, or a transfer is
 * due at once. False: it is older than ours, which is a failure. */
bool refresh_heard(struct refresh *r, uint32_t serial, int64_t now_ms);
/* It has nothing newer. */
void refresh_current(struct refresh *r, int64_t now_ms);
/* A new copy is kept. */
void refresh_taken(struct refresh *r, const struct soa_numbers *soa,
		   int64_t now_ms);
/* Changes are not to be had: the same primary is asked for all, at once. */
void refresh_ask_all(struct refresh *r);
/* The next primary is asked, or, when each has failed, all rest. */
void refresh_failed(struct refresh *r, int64_t now_ms);

/* A primary says that there is news (RFC 1996): soon, but no more often than
 * every REFRESH_APART_S. False: that was known. */
bool refresh_notify(struct refresh *r, unsigned server, int64_t now_ms);
/* Somebody wishes it now; all: also what is not newer. */
void refresh_wish(struct refresh *r, bool all, int64_t now_ms);

/* No primary has been heard for so long that the copy is not to be used any
 * more, as far as the zone goes. */
bool refresh_is_expired(const struct refresh *r, int64_t now_ms);

#endif
