/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the worker says of a query: records of fixed size, gathered into one
 * letter and sent when the loop is about to wait. A recorder that is busy
 * costs records (counted, and said in the log), never time.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "proc/board.h"
#include "proc/letter.h"
#include "wire/name.h"

enum {
	/* the most that one letter holds: what fills 8 KiB, as the kernel
	 * stores it */
	RECORD_BATCH = 20,
	RECORD_ALIASES_MAX = 16
};

/* Why, for BAD_QUERY and BAD_ANSWER; the texts are in reason.def. */
enum record_reason {
	REASON_NONE,
#define REASON(name, text) REASON_##name,
#include "record/reason.def"
#undef REASON
	REASON_COUNT
};

/* False: ALIAS, RESOLVED and HIT, which no log has. */
bool record_is_event(enum record_kind kind);
/* Where an access log has only some of the events (--log-hits-only). */
bool record_is_hit(enum record_kind kind);
/* Whether a worker of ours wrote it: known numbers, a whole name, nothing
 * where nothing belongs. */
bool record_is_sound(const struct record_item *item);
/* The same of the witness. */
bool refused_is_sound(const struct refused_letter *r);


struct recording {
	int channel; /* -1: none, records are counted as lost */
	bool timed;  /* the form of the log needs the time of day */
	uint32_t lost;
	uint32_t chains; /* numbered so far */
	uint32_t hits;
	struct worker_stats *stats;
	unsigned count;
	struct {
		struct record_letter head;
		struct record_item item[RECORD_BATCH];
	} letter;
};

void recording_init(struct recording *r, int channel,
		    struct worker_stats *stats);
/* The policy that the rules of the next records belong to; what was
 * gathered under another one is sent first. */
void recording_set_generation(struct recording *r, uint32_t generation);
/* The next item, cleared, to be filled in place; sends the letter first
 * where it is full. Never NULL. */
struct record_item *record_next(struct recording *r);
/* A number for the aliases that are to follow, and the items behind them. */
uint32_t record_new_chain(struct recording *r);
uint32_t record_new_hit(struct recording *r);
void record_name(struct record_item *item, const struct name *name);
/* Sends what is gathered; call it before the loop waits. */
void recording_flush(struct recording *r);

#endif
