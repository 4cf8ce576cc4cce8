/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cutting what was opened: a revoked grant stops new connections, and those
 * that stand go on until their flows are deleted from the kernel's
 * connection tracking.
 *
 * Grants are condemned one by one; then the kernel's list of flows is gone
 * through once, piece by piece, and those of condemned grants are deleted.
 * Nobody waits for it. Memory is fixed at flows_open().
 */
#ifndef FIREWALL_FLOWS_H
#define FIREWALL_FLOWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "firewall/judge.h"
#include "firewall/ledger.h"

struct flows;

struct flows_setup {
	const struct judge *judge; /* whose own addresses are ours */
	_Atomic uint64_t *cut;	   /* counts flows that were deleted */
};

/* Opens its sockets, which needs the power to; the rest works with
 * CAP_NET_ADMIN alone. On failure it has logged why. */
enum err flows_open(const struct flows_setup *setup, struct flows **out);
void flows_close(struct flows *f);

/* The kernel has the entry no more, or will not when flows_cut() is
 * called. */
void flows_condemn(struct flows *f, const struct ledger_key *key);
/* Begins to look for their flows, where any grant is condemned. */
void flows_cut(struct flows *f);

/* What to wait for (readable), or -1: nothing is to be done. */
int flows_fd(const struct flows *f);
/* Goes on with what has come, or has not come in time. */
void flows_pump(struct flows *f);

#endif
