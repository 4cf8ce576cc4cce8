/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A verdict as words that can be compared. */
#ifndef CTL_DIFF_VERDICT_H
#define CTL_DIFF_VERDICT_H

#include "policy/match.h"

enum { DIFF_VERDICT_SIZE = 1024 };

/* What that policy says, without the lines by which it says so: where the
 * words are the same a client sees no difference. */
void diff_verdict(const struct policy *p, const struct policy_client *client,
		  const struct name *name, char out[DIFF_VERDICT_SIZE]);

#endif
