/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The address guard: which destinations an answer may never open a way to.
 * Whoever owns an allowed name could otherwise point it at the router, at
 * loopback or into the local nets (DNS rebinding).
 */
#ifndef QUERY_GUARD_H
#define QUERY_GUARD_H

#include "query/query.h"

enum guard {
	GUARD_OPEN,
	GUARD_EXACT_ONLY, /* private: only where a rule spells the name out */
	GUARD_SHUT	  /* nobody's, or the router's own */
};

/* Whether it lies in a --local-zone. */
bool guard_is_local_name(const struct options *opt, const struct name *n);
enum guard guard_of(const struct query *q, const struct addr *destination);

#endif
