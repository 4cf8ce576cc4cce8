/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A limit that was reached: counted each time, and said in the log once a
 * second, with the client it was reached by last.
 */
#ifndef QUERY_LIMIT_H
#define QUERY_LIMIT_H

#include <stdint.h>

#include "base/addr.h"
#include "base/log.h"
#include "proc/board.h"

enum limit {
#define LIMIT(kind, counter, level, text) LIMIT_##kind,
#include "query/limit.def"
#undef LIMIT
	LIMIT_COUNT
};

struct limits {
	struct log_limit said[LIMIT_COUNT];
};

/* One more time; client: NULL or family 0 where it is not known. */
void limit_reached(struct limits *l, struct worker_stats *stats,
		   enum limit limit, const struct addr *client);

#endif
