/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which records of an answer a client may have, and which addresses among
 * them the firewall is to admit.
 */
#ifndef QUERY_SIEVE_H
#define QUERY_SIEVE_H

#include "query/aliases.h"
#include "query/query.h"

struct sieve {
	bool pass[MESSAGE_MAX_RRS]; /* this record goes to the client */
	unsigned addresses;	    /* found where the chain ends */
	unsigned passed;	    /* of them: go to the client */
	unsigned shut;		    /* of them: guarded, whatever the arrow */
	unsigned guarded;	    /* of them: kept from it by the guard */
};

/* Fills out, and q->kept, q->rule_time_s for the grants; services_read()
 * stands before it. */
void sieve_answer(struct query *q, const struct message *m,
		  const struct aliases *c, struct sieve *out);

#endif
