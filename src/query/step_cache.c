/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known already need not be asked for. */
#include "query/recall.h"
#include "query/steps.h"

enum step_result
step_cache(struct query *q)
{
	q->source = SOURCE_LOCAL;
	recall(q);
	return STEP_GO_ON;
}
