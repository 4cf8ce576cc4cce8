/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What somebody wishes of a worker's cache, beside the queries. */
#ifndef LISTEN_CHORE_H
#define LISTEN_CHORE_H

#include <stdint.h>

#include "cache/cache.h"
#include "proc/letter.h"

/* Does it and fills the answer. fd: where a dump is written to, or -1. A wish
 * that cannot be read is answered with nothing done. */
void chore_do(struct cache *cache, int64_t now_ms,
	      const struct cache_letter *wish, int fd,
	      struct cached_letter *done);

#endif
