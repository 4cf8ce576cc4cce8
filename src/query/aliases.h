/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where an answer leads: from the name asked by CNAME and DNAME records, in
 * whatever order they stand, to the name that owns the addresses (RFC 1034
 * 3.6.2, RFC 6672).
 */
#ifndef QUERY_ALIASES_H
#define QUERY_ALIASES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/message.h"

enum { ALIASES_MAX = 16 };

struct aliases {
	unsigned count; /* of names: QNAME first, the owner last */
	struct name name[ALIASES_MAX + 1]; /* lower-cased */
	uint32_t ttl; /* lowest of the records that lead; or UINT32_MAX */
	bool leads[MESSAGE_MAX_RRS];	    /* this record is a link */
	struct name owner[MESSAGE_MAX_RRS]; /* of the answer section's,
					       lower-cased */
};

/* ERR_RANGE: over ALIASES_MAX, or a loop; ERR_TORN: a record that cannot
 * be read, or an owner with two different CNAMEs. */
enum err aliases_follow(const struct message *m, const struct name *qname,
			struct aliases *out);
/* Whether record i of the answer section belongs to the last name ... */
bool aliases_end_at(const struct aliases *c, unsigned i);
/* ... or to any name of the chain. */
bool aliases_hold(const struct aliases *c, unsigned i);

#endif
