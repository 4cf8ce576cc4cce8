/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A gate before the sockets: of a client that floods the kernel itself drops
 * the most, before it takes any room or time of ours.
 */
#ifndef LISTEN_GATE_H
#define LISTEN_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "query/shares.h"

/* For so long datagrams tell of what was dropped before. */
enum { GATE_TRACE_MS = 100 };

struct gate {
	bool shut;
	bool changed;
	struct share_hold hold;
	int64_t opened_ms; /* last; 0: never */
	unsigned count;
	struct share_heavy client[SHARE_HEAVY];
};

/* Call it after each batch: shuts the gate for those that shares know as
 * heavy, and opens it when the time is over. */
void gate_turn(struct gate *g, struct shares *s, int64_t now_ms);
/* True, once: gate_apply() is to be called for each socket. */
bool gate_has_changed(struct gate *g);
/* Now, or so recently that what the kernel dropped may be of the gate. */
bool gate_was_shut(const struct gate *g, int64_t now_ms);
void gate_apply(const struct gate *g, int fd);

#endif
