/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One transfer of a zone from one primary: a connection, a question, and all
 * messages of the answer, within bounds of time and size. */
#ifndef SUPPLY_PULL_H
#define SUPPLY_PULL_H

#include "base/addr.h"
#include "base/random.h"
#include "net/loop.h"
#include "supply/transfer.h"

/* Valid during the call only. */
struct pull_end {
	enum transfer_news news; /* never MORE */
	const struct transfer *transfer;
	const char *why; /* ASK_ALL, FAILED: a clause for people */
};

typedef void pull_done_fn(void *owner, const struct pull_end *end);

struct pull_wish {
	const struct endpoint *to;
	const struct name *zone;
	bool whole;
	uint32_t serial;
	const struct tsig_key *key; /* NULL: not signed */
	const struct transfer_sink *sink;
	struct transfer_limits limits;
	pull_done_fn *done;
	void *owner;
};

struct pull;

/* What the wish points to stays where it is until it is over. done is called
 * once, never from within this. ERR_FULL: no memory, or no such algorithm. */
enum err pull_begin(struct loop *loop, struct random *random,
		     const struct pull_wish *wish, struct pull **out);
/* done will not be called; NULL is harmless. Not from within done. */
void pull_cancel(struct pull *p);

#endif
