/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Elements on their way out of kernel, accounts and ledger, by the batch.
 */
#ifndef FIREWALL_BROOM_H
#define FIREWALL_BROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "firewall/backend.h"

struct admission;

/* Zero but for a, now_ms, undo and cut. */
struct broom {
	struct admission *a;
	int64_t now_ms;
	bool undo;    /* they were entered in vain: tokens come back */
	bool cut;     /* what they let through ends too, where that is wished */
	enum err err; /* first that the kernel did not acknowledge */
	uint32_t swept;
	unsigned count;
	struct backend_entry entry[BACKEND_BATCH]; /* of one set */
};

/* Revokes an element. Workers forget what they know before the first one
 * goes: one of them would answer for it without asking. */
void broom_take(struct broom *b, uint32_t slot);
/* Writes what is still in the batch. */
enum err broom_finish(struct broom *b);
/* Drops an element that the kernel has not, or no longer. */
void broom_forget(struct admission *a, uint32_t slot, int64_t now_ms);

#endif
