/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Has the firewall opened, and waits until the kernel has acknowledged it.
 *
 * All grants of an answer are one batch: the answer leaves with all of them
 * or as a failure. Addresses are granted also where the answer did not fit
 * and was cut, since the client will ask again by TCP and hear of them.
 */
#include "query/grants.h"
#include "query/scratch.h"
#include "query/steps.h"

static const struct ending failed[] = {
	[GRANT_STALE] = { RCODE_SERVFAIL, EDE_NOT_READY, "policy is changing",
			  RECORD_GRANT_FAILED, REASON_NONE },
	[GRANT_REFUSED] = { RCODE_SERVFAIL, EDE_OTHER, "grant was refused",
			    RECORD_GRANT_FAILED, REASON_NONE },
	[GRANT_RATE] = { RCODE_SERVFAIL, EDE_OTHER, "too many new grants",
			 RECORD_BAD_ANSWER, REASON_QUOTA_RATE },
	[GRANT_FULL] = { RCODE_SERVFAIL, EDE_OTHER, "firewall set is full",
			 RECORD_GRANT_FAILED, REASON_NONE },
	[GRANT_NO_FAMILY] = { RCODE_SERVFAIL, EDE_NOT_READY,
			      "firewall has no rules for this family",
			      RECORD_GRANT_FAILED, REASON_NONE },
	[GRANT_KERNEL] = { RCODE_SERVFAIL, EDE_OTHER,
			   "firewall refused the grant", RECORD_GRANT_FAILED,
			   REASON_NONE },
	[GRANT_DOWN] = { RCODE_SERVFAIL, EDE_NOT_READY, "firewall is not ready",
			 RECORD_GRANT_FAILED, REASON_NONE },
};

enum { FAILED_COUNT = sizeof(failed) / sizeof(failed[0]) };

static void
on_grant_done(struct grant_wait *wait)
{
	struct query *q = LIST_OWNER(wait, struct query, wait);

	q->waiting_for_grant = false;
	query_resume(q);
}

enum step_result
step_grant(struct query *q)
{
	struct grant_item *items = q->house->scratch->items;
	unsigned count = grants_list(q, items);

	q->wait = (struct grant_wait){ .names = &q->house->scratch->names,
				       .status = GRANT_OK,
				       .done = on_grant_done };
	if (count == 0)
		return STEP_GO_ON;
	grants_names(q, &q->house->scratch->names);
	switch (grant_ask(q->house->granter, &q->wait, items, count)) {
	case GRANT_ASK_KNOWN:
		q->wait.status = GRANT_OK;
		return STEP_GO_ON;
	case GRANT_ASK_WAITING:
		q->waiting_for_grant = true;
		return STEP_WAIT;
	case GRANT_ASK_FAILED:
		return STEP_GO_ON;
	}
	return STEP_GO_ON;
}

enum step_result
step_granted(struct query *q)
{
	unsigned status = q->wait.status;

	q->granted = status == GRANT_OK;
	if (q->granted)
		return STEP_GO_ON;
	/* A warden that is taking a new policy answers nobody for a moment. */
	if (status == GRANT_STALE || status == GRANT_BUSY)
		return STEP_AGAIN;
	query_count(q, grants_failed);
	return end_with(q,
			&failed[status < FAILED_COUNT ? status : GRANT_DOWN]);
}
