/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whom a question is put to: the upstreams, or those of the longest zone of
 * --forward that holds the name; in which order depends on their health. For
 * the files of this room only.
 */
#ifndef UPSTREAM_CHOICE_H
#define UPSTREAM_CHOICE_H

#include "upstream/upstream.h"

enum { CHOICE_MOST = 8 };

/* Indices of upstreams, the best first; never empty. */
struct choice {
	unsigned count;
	uint8_t at[CHOICE_MOST];
};

void choice_make(struct upstreams *u, const struct name *name,
		 struct choice *out);
/* That one first, the others behind it in their order. */
void choice_begin_with(struct choice *c, unsigned at);

#endif
