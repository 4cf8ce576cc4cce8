/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything the control process can see: pages and images that others
 * write, mapped read-only. Nothing in them is trusted as an index.
 */
#ifndef CTL_VIEW_H
#define CTL_VIEW_H

#include <stddef.h>

#include "conf/options.h"
#include "lists/image.h"
#include "policy/image.h"
#include "proc/board.h"
#include "proc/role.h"

struct view {
	const struct options *opt;
	const struct supervisor_state *state;
	const struct board *board;	 /* NULL: not handed */
	const struct own_addresses *own; /* NULL: not handed */
	const struct worker_stats *stats[ROLE_MAX_WORKERS]; /* NULL: none */
	struct policy policy;		 /* head NULL: none */
	struct lists lists;		 /* those behind it */
	const void *ledger;		 /* NULL: not handed */
	size_t ledger_size;
	const void *past;		 /* of queries; NULL: not handed */
	size_t past_size;
	const void *refusals;		 /* of packets; NULL: no --nflog */
	size_t refusals_size;
	const struct sources *sources; /* NULL: no --lists */
};

/* Maps what the kit holds and closes its descriptors. On failure it has
 * logged why. */
enum err view_open(struct view *v, const struct role_kit *kit);
/* Takes a later version in place of what was mapped. The descriptor is
 * closed; what cannot be used is logged, and the older version stays. */
void view_take(struct view *v, const struct hand_letter *hand, int fd);
void view_close(struct view *v);

#endif
