/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTPS and SVCB records of an answer (RFC 9460): where they lead, and what
 * of them a client may have.
 *
 * Their hints are addresses like any other: granted, or removed. The names
 * they lead to are names of the chain.
 */
#ifndef QUERY_SERVICES_H
#define QUERY_SERVICES_H

#include "query/aliases.h"
#include "query/query.h"
#include "wire/svcb.h"

enum {
	SERVICES_MAX = 32,    /* records of one answer that are edited */
	SERVICES_TARGETS = 16 /* different names that they lead to */
};

struct services {
	bool torn;	  /* one of them is malformed */
	unsigned found;	  /* of the type asked, where the chain ends */
	unsigned passed;  /* of them: go to the client */
	unsigned guarded; /* hints that the guard removed */
	unsigned target_count;
	struct name target[SERVICES_TARGETS]; /* lower-cased */
};

/* Looks where the records lead that answer the question; passes none yet. */
void services_read(const struct query *q, const struct message *m,
		   const struct aliases *c, struct services *out);
/* Whether record i is one of them. */
bool services_has(const struct query *q, const struct message *m,
		  const struct aliases *c, unsigned i);
/* Whether one of them goes to the client; adds what its hints need to
 * q->kept. */
bool services_take(struct query *q, const struct message *m,
		   const struct rr *rr, struct services *out);
/* Whether a record of this type is to be written anew instead of copied. */
bool services_edits(const struct query *q, uint16_t type);
/* Writes one that services_take() let pass, or any other that is to be
 * written anew; one that no client could use is left out. */
void services_write(struct query *q, struct reply *r, const struct message *m,
		    const struct rr *rr, uint32_t ttl);

#endif
