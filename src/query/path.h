/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The path of a query through its steps (see path.c for the table).
 */
#ifndef QUERY_PATH_H
#define QUERY_PATH_H

#include "query/query.h"

typedef enum step_result step_fn(struct query *q);

/* Walks on from q->step until a step waits or the query ends; then q is
 * gone. */
void query_resume(struct query *q);
/* Walks on from the answer: what comes before it is over, q->ending says
 * how. */
void query_answer_now(struct query *q);

#endif
