/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of limit.def: counters, and sentences for the log. */
#include "query/limit.h"

#include <stdatomic.h>
#include <stddef.h>

#include "base/clock.h"

struct row {
	size_t counter; /* offset into struct worker_stats */
	enum log_level level;
	const char *text;
};

static const struct row row[LIMIT_COUNT] = {
#define LIMIT(kind, counter, level, text)                                     \
	[LIMIT_##kind] = { offsetof(struct worker_stats, counter),            \
			   LOG_##level, text },
#include "query/limit.def"
#undef LIMIT
};

static void
say(const struct row *r, const struct addr *client, uint64_t missed)
{
	char buf[ADDR_TEXT_SIZE];

	log_line(r->level, "Limit reached: too many %s; client=%s times=%llu",
		 r->text,
		 client && client->family ? addr_print(client, buf) : "-",
		 (unsigned long long)missed + 1);
}

void
limit_reached(struct limits *l, struct worker_stats *stats, enum limit limit,
	      const struct addr *client)
{
	const struct row *r = &row[limit];
	_Atomic uint64_t *counter =
	    (_Atomic uint64_t *)(void *)((char *)stats + r->counter);
	uint64_t missed;

	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
	if (log_may(&l->said[limit], clock_ms(), &missed))
		say(r, client, missed);
}
