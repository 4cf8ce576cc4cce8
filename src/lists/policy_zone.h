/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy zone of --dns-policy as lines of a lists file. */
#ifndef LISTS_POLICY_ZONE_H
#define LISTS_POLICY_ZONE_H

#include "base/text.h"
#include "conf/options.h"

/* What stands for the secret of TSIG_KEY where a key line has a file. */
#define POLICY_ZONE_SECRET "env:TSIG_KEY"

/* What the list of --test-blocked is called. */
#define POLICY_ZONE_TEST "test-blocked"

/* And that list, where it is given. */
void policy_zone_lines(const struct options *opt, struct text *out);

#endif
