/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One event of the access log with all that the recorder knows of it, from
 * which every form of the log is printed.
 */
#ifndef RECORD_EVENT_H
#define RECORD_EVENT_H

#include <stdint.h>

#include "base/text.h"
#include "conf/options.h"
#include "policy/match.h"
#include "proc/letter.h"

struct event {
	const struct record_item *item; /* sound, and an event */
	uint64_t time_ms;		/* since 1970 */
	const struct policy *policy;	/* of its rule; NULL: not at hand */
	const struct name *chain;	/* names it led to, in order */
	unsigned chain_count;
	const struct record_item *hit; /* what a list has; NULL: nothing */
	const struct refused_letter *refused; /* of REFUSED; else NULL */
	uint64_t repeated; /* left out before this one (--log-suppress) */
};

enum {
	EVENT_PLACE_SIZE = 4 * OPTION_TEXT_SIZE + 16, /* of file:line */
	EVENT_REASON_SIZE = 128
};

/* The words for what happened and where the answer came from. */
const char *event_name(const struct record_item *item);
const char *event_source(const struct record_item *item);
/* The rule it names, or NULL. */
const struct image_rule *event_rule(const struct event *e);
/* Where that stands, as file:line; nothing where there is none. */
void event_print_place(const struct event *e, struct text *out);
/* Why it ended so, in words; nothing where all went well. */
void event_print_reason(const struct record_item *item, struct text *out);

#endif
