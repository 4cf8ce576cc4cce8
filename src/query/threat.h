/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the lists say of a question and of its answer. */
#ifndef QUERY_THREAT_H
#define QUERY_THREAT_H

#include "query/aliases.h"
#include "query/steps.h"

/* The name that is asked for. STEP_GO_ON: none of the lists forbids it, or a
 * rule spells it out. */
enum step_result threat_judge_question(struct query *q);
/* The names and addresses that an answer leads to: one that is listed forbids
 * it whole. */
enum step_result threat_judge_answer(struct query *q, const struct message *m,
				     const struct aliases *c);
/* A single address, as in a hint. */
bool threat_has_address(const struct query *q, const struct addr *a);
/* The same; in audit mode nothing is kept from the client. */
bool threat_hides(const struct query *q, const struct addr *a);

#endif
