/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building the answer in memory that lasts until the firewall is ready. */
#ifndef QUERY_COMPOSE_H
#define QUERY_COMPOSE_H

#include "query/query.h"

/* Begins an answer to q within its client's limit. */
void compose_begin(struct query *q, struct reply *r);
/* Ends it with q->ending's code and error, and keeps it in q->answer. False
 * where it is large and no slot for it is left. */
bool compose_end(struct query *q, struct reply *r);
void compose_forget(struct query *q);

#endif
