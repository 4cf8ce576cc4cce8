/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Special names are answered here, with a SOA so that clients keep it. */
#ifndef QUERY_SPECIAL_ANSWER_H
#define QUERY_SPECIAL_ANSWER_H

#include "query/query.h"

/* True where the answer to a question that the policy allows is built: the
 * name is special and goes nowhere else. */
bool special_answer(struct query *q);

#endif
