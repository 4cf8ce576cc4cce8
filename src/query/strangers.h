/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may be told that he is a stranger: at most five a second for each /24
 * or /56, so that nobody uses us to send packets to a third. The clients of
 * a prefix meet all workers, which therefore share the five: a second belongs
 * to some of them, the next to others. The memory is fixed; prefixes that
 * share a slot share what it has.
 */
#ifndef QUERY_STRANGERS_H
#define QUERY_STRANGERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/hash.h"
#include "base/random.h"

enum { STRANGER_SLOTS = 1024, STRANGER_RATE = 5 };

struct strangers {
	struct hash_key key;
	unsigned index, workers; /* which of how many we are */
	struct {
		int64_t second;
		unsigned told;
	} slot[STRANGER_SLOTS];
};

void strangers_init(struct strangers *s, struct random *random,
		    unsigned index, unsigned workers);
/* True: this one may be answered (and is counted). */
bool strangers_may_tell(struct strangers *s, const struct addr *client,
			int64_t now_ms);

#endif
