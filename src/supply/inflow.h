/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a transfer brings, until it counts: a whole zone in memory, or changes
 * beside the copy that is kept. Then it is looked at, and kept or dropped.
 */
#ifndef SUPPLY_INFLOW_H
#define SUPPLY_INFLOW_H

#include "lists/keep.h"
#include "supply/safety.h"
#include "supply/transfer.h"

enum {
	INFLOW_MAX_MB = 512,
	/* Of that, however much the others have. */
	INFLOW_EACH_MB = 16,
	/* Changes that leave less than before, and less than this, are not
	 * counted to the last record: the whole zone is. */
	INFLOW_FEW = 8
};

/* Memory of all that come at one time: one list after the other may be large,
 * not all of them at once. */
struct inflow_pool {
	uint64_t used, most, each; /* bytes */
};

struct inflow {
	struct keep *keep; /* the caller's */
	struct name zone;
	struct content content; /* of a whole zone */
	bool begun, whole;
	uint64_t max_bytes;   /* of memory; INFLOW_MAX_MB */
	uint64_t before, now; /* entries: records that are not the zone's own */
	uint64_t most;	      /* that there may be; set by init to all */
	int64_t own;	      /* of those that have come */
	struct inflow_pool *pool; /* NULL after init: its own */
	uint64_t held;		  /* of it */
	struct transfer_sink sink;
};

enum inflow_end {
	INFLOW_KEPT,
	INFLOW_HELD,	/* it looks wrong; `flaw` says how, and err whether it
			 * could be held */
	INFLOW_ASK_ALL, /* as changes it cannot be judged, held or kept */
	INFLOW_FAILED	/* not kept; errno or err says why */
};

struct inflow_result {
	enum safety_flaw flaw;
	enum err err;
};

/* sink is ready for a transfer then. The keep may be without a copy. */
void inflow_init(struct inflow *in, struct keep *keep, const struct name *zone);
/* Forgets what has come. */
void inflow_drop(struct inflow *in);
/* The transfer is DONE. waive: also where it looks wrong. source: where it
 * came from. Nothing of it is in memory afterwards. */
struct inflow_wish {
	const struct transfer *transfer;
	const char *source;
	const char *held_file; /* what looks wrong goes there */
	int64_t date_s;
	bool waive;
};
enum inflow_end inflow_end(struct inflow *in, const struct inflow_wish *wish,
			   struct inflow_result *out);

#endif
