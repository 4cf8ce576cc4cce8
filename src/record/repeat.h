/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was written a moment ago is not written again (--log-suppress): the
 * same client, name, event, address, protocol, port and reason, once in a
 * time. The memory is fixed; what it has no room for is written.
 */
#ifndef RECORD_REPEAT_H
#define RECORD_REPEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "proc/letter.h"

struct repeat_slot;

struct repeat {
	int64_t time_ms; /* 0: nothing is ever left out */
	struct hash_key key;
	struct repeat_slot *slot;
	uint64_t left_out; /* since the owner last set it to 0 */
};

enum err repeat_init(struct repeat *r, uint32_t time_s);
void repeat_fini(struct repeat *r);
/* True: to be written, and *repeated_out were left out since the last one
 * like it. */
bool repeat_may(struct repeat *r, const struct record_item *item,
		int64_t now_ms, uint64_t *repeated_out);

#endif
