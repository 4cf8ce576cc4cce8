/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why the ledger's elements are there: a list of reasons for each, out of one
 * pool in its shared memory, with the names that belong to them.
 *
 * A list is the number of its first reason, 0 where it is empty; whose it is
 * is the ledger's business, and that no reader is misled while it changes.
 */
#ifndef FIREWALL_REASONS_H
#define FIREWALL_REASONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "firewall/ledger.h"
#include "firewall/ledger_shape.h"

struct reasons;

/* The only call that allocates. */
enum err reasons_open(const struct ledger_shape *shape,
		      const struct hash_key *hash, struct reasons **out);
void reasons_close(struct reasons *r);
/* A list that another process left: what cannot be believed is cut off. */
void reasons_claim(struct reasons *r, uint32_t *list);
/* What nobody has claimed is free. */
void reasons_settle(struct reasons *r);

/* Enters one, or renews that of the same rule and the same name asked, whose
 * end is never earlier than it was. Where there are too many, or no room, it
 * is the one that ends first that is not kept; for the first of a list there
 * is always room. */
void reasons_renew(struct reasons *r, uint32_t *list,
		   const struct ledger_told *told);
/* The end and the line of the one that ends last; 0: there is none. */
int64_t reasons_last(const struct reasons *r, uint32_t list,
		     uint32_t *line_out);

struct reasons_strike {
	ledger_strike_fn *gone;
	void *arg;
	const struct ledger_element *element;
};
void reasons_strike(struct reasons *r, uint32_t *list,
		    const struct reasons_strike *strike);
void reasons_drop(struct reasons *r, uint32_t *list);

#endif
