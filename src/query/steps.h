/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of the path, in its order, and the one way they end a query
 * early. */
#ifndef QUERY_STEPS_H
#define QUERY_STEPS_H

#include <stdatomic.h>

#include "query/path.h"

step_fn step_parse;   /* bytes become a question */
step_fn step_policy;  /* may this client ask it, and reach what? */
step_fn step_cache;   /* do we know the answer? */
step_fn step_ask;     /* waits for an upstream */
step_fn step_inspect; /* chain, addresses, TTLs: builds the answer */
step_fn step_grant;   /* waits for the firewall */
step_fn step_granted; /* did the kernel agree? */
step_fn step_allow;   /* names it leads to may be asked next */
step_fn step_answer;  /* bytes go back */
step_fn step_record;  /* what came of it goes to the log */

/* Copies the ending, forgets an answer already built; STEP_ANSWER. */
enum step_result end_with(struct query *q, const struct ending *ending);
/* The same, with a text that names the rule. */
enum step_result end_blocked(struct query *q, const struct ending *ending,
			     uint32_t rule);
/* The upstream's answer cannot be read; its aliases lead nowhere; there is no
 * memory for an answer so large. */
enum step_result end_torn(struct query *q);
enum step_result end_chain_broken(struct query *q);
enum step_result end_no_room(struct query *q);

#define query_count(q, name)                                   \
	atomic_fetch_add_explicit(&(q)->house->stats->name, 1, \
				  memory_order_relaxed)

#endif
