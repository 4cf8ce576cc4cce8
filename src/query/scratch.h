/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that a step needs while it runs and that would be too much for each
 * query or for the stack. Nothing in it outlives the step. */
#ifndef QUERY_SCRATCH_H
#define QUERY_SCRATCH_H

#include "query/aliases.h"
#include "query/query.h"
#include "query/services.h"
#include "query/sieve.h"

struct query_scratch {
	struct aliases aliases;
	struct sieve sieve;
	struct services services;
	struct verdict verdict; /* of a name on the chain */
	struct message recalled; /* out of the cache */
	struct grant_item items[GRANT_BATCH_MAX];
	struct grant_names names;
	uint8_t reply[MESSAGE_MAX];
	uint8_t rdata[MESSAGE_MAX];
};

#endif
