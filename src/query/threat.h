/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the lists say of a question and of its answer, and what then becomes
 * of it (dns-firewall.lists(5)).
 */
#ifndef QUERY_THREAT_H
#define QUERY_THREAT_H

#include "query/aliases.h"
#include "query/steps.h"

/* Nothing is held against q yet. */
void threat_begin(struct query *q);
/* Who asks, and what. STEP_GO_ON: the upstream is asked, be it that no list
 * has it, that a rule spells it out, or that an earlier list may still have
 * what comes back. STEP_ASK: it is asked for something else. */
enum step_result threat_judge_question(struct query *q);
/* The names, addresses and servers that an answer leads to. STEP_LATER where
 * servers must be looked up first. */
enum step_result threat_judge_answer(struct query *q, const struct message *m,
				     const struct aliases *c);
/* No answer came that could be judged: what was found in the question counts.
 * STEP_GO_ON: nothing. */
enum step_result threat_judge_failure(struct query *q);
/* A single address, as in a hint. */
bool threat_has_address(const struct query *q, const struct addr *a);
/* The same; in audit mode nothing is kept from the client. */
bool threat_hides(const struct query *q, const struct addr *a);

#endif
