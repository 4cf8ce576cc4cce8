/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes go back. What no step has built is header, question and OPT with
 * the ending's code. An answer that keeps addresses is never sent before the
 * kernel has acknowledged them; that is asserted here, at the last line it
 * passes.
 */
#include <assert.h>

#include "query/compose.h"
#include "query/steps.h"

static void
compose_bare(struct query *q)
{
	struct reply r;

	compose_begin(q, &r);
	compose_end(q, &r);
}

enum step_result
step_answer(struct query *q)
{
	if (!q->answer)
		compose_bare(q);
	assert(!q->flight && !q->waiting_for_grant);
	assert(q->ending.note != RECORD_GRANTED || q->granted);
	/* The listener may forget its queries while it answers; this one is
	 * no longer among them. */
	list_remove(&q->link);
	query_count(q, answers);
	q->origin.answer(&q->origin, q->answer, q->answer_len);
	return STEP_GO_ON;
}
