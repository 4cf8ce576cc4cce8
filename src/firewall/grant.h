/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker's half of a grant: what an answer needs is put into letters,
 * and the answer waits until every letter is acknowledged.
 *
 * What the warden acknowledged is remembered per (client, protocol, port,
 * destination) with its end, so that a repeated answer costs no letter. The
 * memory is forgotten whole when board->set_epoch moves, when the policy
 * changes and when the warden was restarted.
 */
#ifndef FIREWALL_GRANT_H
#define FIREWALL_GRANT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/list.h"
#include "proc/board.h"
#include "proc/letter.h"

enum {
	GRANT_DEADLINE_MS = 1000, /* for the acknowledgement */
	GRANT_BATCH_MAX = 8192	  /* items of one answer: 32 x 256 */
};

struct granter; /* one a worker */

struct granter_setup {
	int channel;	   /* to the warden, -1: firewall none */
	uint32_t epoch;	   /* of this worker */
	uint32_t memory;   /* grants remembered (rounded up to a power of 2) */
	uint32_t grace_s;
	const struct board *board;
	struct worker_stats *stats;
};

/* What one answer waits for. Embedded in the query; lives in its pool slot. */
struct grant_wait {
	/* Why it is granted; read by grant_ask() only. NULL: not known. */
	const struct grant_names *names;
	struct list link;      /* granter's */
	uint32_t letters_open; /* not yet acknowledged */
	uint32_t first_seq, last_seq;
	enum grant_status status; /* first that was not GRANT_OK */
	uint32_t detail;
	int64_t deadline_ms;
	/* Called once, from granter_pump() or granter_tick(), never from
	 * grant_ask(): all letters are acknowledged, or one failed. */
	void (*done)(struct grant_wait *wait);
};

enum grant_ask {
	GRANT_ASK_KNOWN,   /* all remembered: go on, done() is not called */
	GRANT_ASK_WAITING, /* done() will be called */
	GRANT_ASK_FAILED   /* status says why: too many letters are on their
			      way, or no warden; done() is not called */
};

enum err granter_new(const struct granter_setup *setup,
		     struct granter **out);
void granter_free(struct granter *g);
/* A new warden, or -1: there should be one, but nothing can be granted now.
 * Everything open fails with GRANT_DOWN, memory is forgotten. The channel
 * stays the caller's. */
void granter_set_channel(struct granter *g, int channel);
/* A new policy: what was remembered may no longer be given. */
void granter_set_generation(struct granter *g, uint32_t generation);

/* items: count grants with ttl_s as rule time + grace. */
enum grant_ask grant_ask(struct granter *g, struct grant_wait *wait,
			 const struct grant_item *items, unsigned count);
/* The query is gone; a late acknowledgement is not taken for another. */
void grant_cancel(struct granter *g, struct grant_wait *wait);

/* Reads acknowledgements. ERR_CLOSED, ERR_BROKEN: the warden is gone. */
enum err granter_pump(struct granter *g);
/* Ends what is past its deadline (GRANT_KERNEL, detail ETIMEDOUT); call it
 * every 100 ms or so. */
void granter_tick(struct granter *g, int64_t now_ms);

#endif
