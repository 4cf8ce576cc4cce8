/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often each list had something, counted by its name: what a list is
 * numbered changes with the lists file, and nothing is counted anew then.
 *
 * Each worker counts on its own page; readers add them up.
 */
#ifndef LISTS_TALLY_H
#define LISTS_TALLY_H

#include "lists/image.h"
#include "proc/board.h"

/* The places of lists on the page of one worker. */
struct tally {
	struct worker_stats *stats;
	uint8_t place[LISTS_MAX];
};

/* Other lists: those that were there keep what they have, a place that none
 * has any more begins at 0. */
void tally_take(struct tally *t, const struct lists *l);
void tally_add(const struct tally *t, uint32_t list);
/* What one worker has counted for the list of that name. */
uint64_t tally_of(const struct worker_stats *stats, const char *name);

#endif
