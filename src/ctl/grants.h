/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of live grants, sorted by client, then by end. */
#ifndef CTL_GRANTS_H
#define CTL_GRANTS_H

#include <stddef.h>

#include "ctl/answer.h"
#include "ctl/grant_print.h"
#include "ctl/view.h"

struct grants {
	struct grant_copy *grant;
	size_t count, room;
	size_t bytes; /* to print them, at most */
};

typedef bool grants_want_fn(void *arg, const struct grant_copy *one);

struct grants_wanted {
	grants_want_fn *want;
	void *arg;
};

/* Those that are wanted, of the ledger as it is now. False: the answer has
 * become an error. */
bool grants_take(struct grants *g, struct answer *a, const struct view *v,
		 const struct grants_wanted *wanted);
void grants_fini(struct grants *g);

#endif
