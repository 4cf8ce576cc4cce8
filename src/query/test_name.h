/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names by which somebody can see that all of us works: --test-blocked and
 * --test-allowed. They are answered for every client, by no rule of his.
 */
#ifndef QUERY_TEST_NAME_H
#define QUERY_TEST_NAME_H

#include "query/steps.h"

/* False: it is neither, and goes on as any other. */
bool test_name_answer(struct query *q, enum step_result *result_out);

#endif
