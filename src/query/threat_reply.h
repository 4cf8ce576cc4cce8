/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a client is told where a list decides. */
#ifndef QUERY_THREAT_REPLY_H
#define QUERY_THREAT_REPLY_H

#include "query/aliases.h"
#include "query/steps.h"

/* A hit, and where it was. */
struct threat_place {
	const struct lists_hit *hit;
	unsigned at; /* which name of the chain */
	/* what was held against the list, or leads to what was */
	const struct name *subject;
	const struct aliases *chain; /* NULL: no answer is at hand */
	unsigned rcode;		     /* of that answer */
};

/* Does what the list says: anything but to let it pass. STEP_ASK: the list
 * has another name asked, q->threat.redirected. */
enum step_result threat_reply(struct query *q, const struct threat_place *p);

#endif
