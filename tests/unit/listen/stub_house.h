/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands where the path of a query is: what the listeners hand in is noted,
 * and answered at once, later or never, as the test says.
 */
#ifndef TEST_STUB_HOUSE_H
#define TEST_STUB_HOUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "query/query.h"

enum { STUB_HELD_MAX = 512 };

struct stub_held {
	struct origin origin;
	uint8_t first[16]; /* bytes of the query */
	size_t len;
};

struct stub_house {
	struct query_house house; /* first: this is what listeners get */
	bool hold;		  /* keep, until stub_release() */
	bool drop;		  /* no answer will come */
	size_t answer_len;	  /* 0: the query's own bytes, at most 512 */
	unsigned queries;
	unsigned forgotten; /* calls of query_forget_origin() */
	struct stub_held held[STUB_HELD_MAX];
	unsigned held_count;
	struct origin last;
	size_t last_len;
};

/* Answers the held query and lets go of it. */
void stub_release(struct stub_house *h, unsigned i);

#endif
