/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a person asks about, and what the control process knows of it. */
#ifndef CTL_ATTEMPT_H
#define CTL_ATTEMPT_H

#include <stdbool.h>

#include "ctl/answer.h"
#include "ctl/commands.h"
#include "witness/finding.h"

/* "10.0.0.2 203.0.113.5:TCP:443" and its shorter forms: both arguments of a
 * request. False: the answer has become an error. */
bool attempt_parse(struct answer *a, const struct request *r,
		   struct attempt *out);
/* False: there is no policy, and the answer has become an error. */
bool evidence_take(struct answer *a, const struct view *v,
		   struct evidence *out);

#endif
