/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keeper of the sets of lists from inside: what its files share. */
#ifndef FIREWALL_FIXED_INSIDE_H
#define FIREWALL_FIXED_INSIDE_H

#include "firewall/fixed_keep.h"

struct part {
	struct fixed_entries have, wanted;
	size_t had, to;		   /* how far the walk over them is */
	bool wants;		   /* some list or rule wants the set */
	bool present;		   /* it is there, as far as is known */
	bool known;		   /* have is what is in it */
	bool busy;		   /* the walk is not at its end */
	bool doubted;		   /* others may have changed it */
	bool refused;		   /* what belongs there cannot */
	uint64_t added, removed;   /* in this walk */
	int64_t retry_ms, list_ms; /* not before that */
};

struct fixed_keeper {
	struct admission *a;
	struct part part[FIXED_COUNT];
	unsigned next; /* to be looked at */
};

/* ---- fixed_told.c: what is said of it ------------------------------------ */

/* On the board. */
void fixed_show(struct fixed_keeper *k, enum fixed_index set);
void fixed_say_failure(struct fixed_keeper *k, enum fixed_index set,
		       enum err err);
void fixed_say_done(const struct part *p, enum fixed_index set);

#endif
