/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The addresses of names, of both families: a feed's, and lists that are
 * published so, which may have thousands.
 *
 * They come whole or not at all.
 */
#ifndef SUPPLY_RRSET_H
#define SUPPLY_RRSET_H

#include "supply/ask.h"
#include "supply/tsig.h"

enum {
	RRSET_TTL_LEAST_S = 60,
	RRSET_TTL_MOST_S = 7200,
	RRSET_TTL_NONE_S = 300, /* of records that are not to be kept */
	RRSET_WHY_SIZE = 256
};

/* Valid during the call only. */
struct rrset_news {
	const char *why; /* NULL: it came; else a clause for people */
	const struct addr *addr;
	uint32_t count;
	uint32_t ttl_s; /* how long it is good for, within the bounds */
};

typedef void rrset_done_fn(void *owner, const struct rrset_news *news);

struct rrset_wish {
	const struct name *name;
	unsigned names;		       /* >= 1 */
	const struct endpoint *server; /* in the order they are asked */
	unsigned servers;	       /* >= 1 */
	const struct tsig_key *key;    /* stays; NULL: nothing is signed */
	bool stream;		       /* by TCP at once */
	int64_t wait_ms;	       /* ASK_WAIT_MS */
	rrset_done_fn *done;
	void *owner;
};

struct rrset;

/* Names and servers stay where they are until it is over. done is called once,
 * never from within this. ERR_FULL: no memory. */
enum err rrset_begin(struct loop *loop, struct random *random,
		     const struct rrset_wish *wish, struct rrset **out);
/* done will not be called; NULL is harmless. Not from within done. */
void rrset_cancel(struct rrset *r);

/* Within the bounds above. */
uint32_t rrset_ttl(uint32_t ttl_s);

#endif
