/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps the sets of lists as the lists are: made when they are wanted,
 * changed by differences, put right when others have changed them.
 *
 * The work is done in pieces, so that grants are answered in between.
 */
#ifndef FIREWALL_FIXED_KEEP_H
#define FIREWALL_FIXED_KEEP_H

#include "firewall/admission.h"
#include "proc/letter.h"

struct fixed_keeper;

/* Sets that are there already are gone on with. ERR_FULL. */
enum err fixed_keeper_new(struct admission *a, struct fixed_keeper **out);
void fixed_keeper_free(struct fixed_keeper *k);

/* The policy, the lists or our own addresses are others: what belongs into
 * the sets is found out anew. Nothing is written yet. */
void fixed_plan(struct fixed_keeper *k);
/* Makes the sets that rules are to refer to, where they are not there; empty,
 * or with what they had. *sets_out: a bit each of those that are; of the
 * others it has been complained. */
void fixed_stand(struct fixed_keeper *k, uint32_t *sets_out);
/* The sets that are wanted, a bit each. */
uint32_t fixed_wanted(const struct fixed_keeper *k);
/* Does a piece of the work; true: there is more. */
bool fixed_work(struct fixed_keeper *k, int64_t now_ms);
/* Looks whether they are what they were. others: somebody has changed what
 * is beside them, or them. */
void fixed_watch(struct fixed_keeper *k, int64_t now_ms, bool others);

/* An entry that belongs into a set and is not there; in_kernel: or is there
 * and does not belong. */
struct fixed_difference {
	enum fixed_index set;
	bool in_kernel;
	struct fixed_entry entry;
};
typedef void fixed_difference_fn(void *arg, const struct fixed_difference *d);

/* ---- fixed_audit.c --------------------------------------------------------
 * Lists what the kernel has, and calls each for what differs, up to
 * AUDITED_ITEMS_MAX a set; that is put right with the next looks at them.
 * ERR_FULL, or that of the listing. */
enum err fixed_audit(struct fixed_keeper *k, fixed_difference_fn *each,
		     void *arg, struct audited_set out[FIXED_COUNT]);

#endif
