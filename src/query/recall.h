/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers out of the cache, in the shape of one that has just come. */
#ifndef QUERY_RECALL_H
#define QUERY_RECALL_H

#include <stdbool.h>

struct query;

/* True: q->upstream, q->upstream_end and q->source are set, and good until
 * the next call. */
bool recall(struct query *q);
/* The same with an answer whose time is over, where there is one. */
bool recall_stale(struct query *q);
/* Puts a stale answer in the place of a failure. */
void recall_instead_of_failure(struct query *q);

#endif
