/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From records to the access log in the form that was asked for: each event
 * is put together, tried against those of a moment ago, printed, and put
 * into the queue of its reader.
 */
#ifndef RECORD_SCRIBE_H
#define RECORD_SCRIBE_H

#include "conf/options.h"
#include "record/event.h"
#include "record/past.h"
#include "record/queue.h"
#include "record/record.h"
#include "record/repeat.h"
#include "record/rpz_log.h"
#include "record/rules.h"

/* What one worker sent ahead of the events it belongs to: names, and the hit
 * of a list. */
struct scribe_chain {
	struct record_item hit;
	uint32_t hit_told; /* its number, once it is in the file of hits */
	uint32_t number; /* 0: none */
	unsigned count;
	struct name name[RECORD_ALIASES_MAX];
};

struct scribe {
	const struct options *opt;
	struct line_queue *queue;
	struct rules rules;
	struct repeat repeat;
	struct past *past; /* NULL: nobody looks back */
	struct rpz_log rpz;
	struct text line;
	char *buf;
	size_t size;
};

/* Without a file of --rpz-log; that is rpz_log_init()'s. */
enum err scribe_init(struct scribe *s, const struct options *opt,
		     struct line_queue *queue);
void scribe_fini(struct scribe *s);
/* A policy whose rules the next records may name; fd stays the caller's. */
void scribe_take_policy(struct scribe *s, int fd, uint32_t generation);
/* False where a policy of that generation is of use and not at hand. */
bool scribe_knows(const struct scribe *s, uint32_t generation);
/* A packet that was refused; only the forms with fields have it. ERR_BROKEN as
 * below. */
enum err scribe_refused(struct scribe *s, const struct refused_letter *r);
/* Writes the events of one letter; chain: of the worker it came from.
 * ERR_BROKEN: no worker of ours writes so, and nothing more was taken. */
enum err scribe_write(struct scribe *s, const struct record_letter *letter,
		      const struct record_item *items,
		      struct scribe_chain *chain);

#endif
