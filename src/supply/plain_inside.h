/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of plain lists share; for them only. */
#ifndef SUPPLY_PLAIN_INSIDE_H
#define SUPPLY_PLAIN_INSIDE_H

#include "supply/copy.h"
#include "supply/plain.h"
#include "supply/safety.h"
#include "supply/supply.h"

struct plain {
	struct source *source;
	struct due due;
	unsigned failures;     /* in a row */
	uint32_t wait_s;       /* after a success */
	struct copy_head head; /* of the copy in force */
	bool is_ours;	       /* that one came from where we fetch now */
	struct copy copy;
	struct safety safety;
	struct fetch *fetch;
	struct rrset *rrset;
	struct tsig_key key; /* where its line names one */
};

/* Ask the publisher; what comes goes into the copy that was begun.
 * ERR_DENIED: *why_out says it. ERR_FULL, ERR_SYNTAX; ERR_MISSING: there is
 * no libcurl. */
enum err plain_ask_feed(struct plain *p);
enum err plain_ask_names(struct plain *p, const char **why_out);

/* All of it has come, and is as `flaw` says; head has known and entries. */
void plain_judge(struct plain *p, struct copy_head *head,
		 enum safety_flaw flaw);
/* Nothing has changed. */
void plain_confirm(struct plain *p);
/* It has not come; that is told, and tried again. */
void plain_fail(struct plain *p, const char *why);

#endif
