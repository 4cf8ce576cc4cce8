/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How it is with each list that is fetched: a page that the lists process
 * writes and the control process shows.
 *
 * A row belongs to the list of that name for as long as the lists file names
 * it; it is read without a lock, and may be half new for a moment. Times are
 * seconds since 1970, 0 where there was none.
 */
#ifndef PROC_SOURCES_H
#define PROC_SOURCES_H

#include <stdint.h>

enum { SOURCES_MAX = 64, SOURCE_NAME_SIZE = 32, SOURCE_TEXT_SIZE = 160 };

enum source_phase {
	SOURCE_IDLE,   /* what there is is fresh enough */
	SOURCE_BUSY,   /* somebody is being asked */
	SOURCE_RETRY,  /* the last try failed; it is tried again */
	SOURCE_HELD,   /* a new copy is not believed until it is accepted */
	SOURCE_EXPIRED /* what there is is older than its publisher allows */
};

struct source_state {
	char name[SOURCE_NAME_SIZE];  /* empty: the row is free */
	uint32_t phase;		      /* enum source_phase */
	uint32_t serial;	      /* of a policy zone */
	uint32_t interval_s;	      /* from a success to the next look */
	uint32_t stuck; /* 1: held or expired, whatever is done now */
	uint64_t entries, bytes;      /* of the copy that is kept */
	int64_t changed_s;	      /* when it became what it is */
	int64_t checked_s;	      /* when its publisher last said so */
	int64_t next_s;		      /* when he is asked again */
	uint64_t fetched, failed;     /* times */
	char error[SOURCE_TEXT_SIZE]; /* the last; empty: none since success */
};

struct sources {
	struct source_state of[SOURCES_MAX];
};

#endif
