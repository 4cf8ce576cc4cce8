/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor between the control process and the workers' caches: it
 * passes a wish on, adds up what comes back, and answers when all have, or
 * after CACHES_MS with what there is.
 */
#ifndef PROC_CACHES_H
#define PROC_CACHES_H

#include <stdint.h>

#include "proc/crew.h"

enum { CACHES_MS = 2000, CACHES_MOST = 4 };

struct caches {
	uint32_t seq; /* of the last wish passed on */
	struct caches_wish {
		uint32_t seq;	    /* as the workers know it; 0: free */
		uint32_t asked_seq; /* as the control process knows it */
		unsigned missing;   /* workers */
		int64_t end_ms;
		int dump; /* memfd, or -1 */
		struct cached_letter sum;
	} wish[CACHES_MOST];
};

void caches_ask(struct caches *c, struct crew *crew,
		const struct cache_letter *letter, int64_t now_ms);
void caches_hear(struct caches *c, struct crew *crew,
		 const struct cached_letter *letter);
/* Answers wishes whose time is over. */
void caches_tick(struct caches *c, struct crew *crew, int64_t now_ms);

#endif
