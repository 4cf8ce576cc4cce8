/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walk of a query, from the bytes that came to the bytes that go back.
 *
 * Two promises:
 *  - a step never calls a step: it says GO_ON, WAIT, ANSWER, AGAIN, ASK,
 *    LATER or DROP, and only this file knows what comes next;
 *  - the answer leaves only after the kernel has acknowledged every grant it
 *    needs: a client that is faster than the kernel would find its first
 *    packet rejected.
 *
 * A callback of an upstream or of the warden moves bytes and resumes the
 * query here; it decides nothing.
 */
#include "query/path.h"

#include <assert.h>

#include "query/steps.h"

enum { PATH_POLICY = 1, PATH_CACHE = 2, PATH_ANSWER = 9 };

static step_fn *const path[] = {
	step_parse,
	[PATH_POLICY] = step_policy,
	[PATH_CACHE] = step_cache,
	step_ask,
	step_policy, /* again, where another one came while we waited */
	step_inspect,
	step_grant,
	step_granted,
	step_allow,
	[PATH_ANSWER] = step_answer,
	step_record,
};

enum { PATH_END = sizeof(path) / sizeof(path[0]) };

/* The old policy is no longer taken; the new one may still be on its way to
 * us, so that the query waits for the next tick where it is not here. */
static enum step_result
begin_again(struct query *q)
{
	q->step = PATH_POLICY;
	if (q->generation != q->house->policy.generation)
		return STEP_GO_ON;
	q->waiting_for_policy = true;
	q->house->again++;
	return STEP_WAIT;
}

static void
drop(struct query *q)
{
	struct origin origin = q->origin;

	query_end(q);
	origin.drop(&origin);
}

void
query_resume(struct query *q)
{
	while (q->step < PATH_END) {
		enum step_result result = path[q->step++](q);

		if (result == STEP_AGAIN)
			result = begin_again(q);
		if (result == STEP_ANSWER)
			q->step = PATH_ANSWER;
		if (result == STEP_ASK || result == STEP_LATER)
			q->step = PATH_CACHE;
		if (result == STEP_WAIT || result == STEP_LATER)
			return;
		if (result == STEP_DROP) {
			drop(q);
			return;
		}
	}
	query_end(q);
}

void
query_answer_now(struct query *q)
{
	assert(q->step <= PATH_ANSWER);
	q->step = PATH_ANSWER;
	query_resume(q);
}
