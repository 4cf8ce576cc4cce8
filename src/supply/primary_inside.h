/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A zone that is transferred, from inside: what primary.c, primary_ask.c and
 * primary_take.c share. Nobody else includes this.
 */
#ifndef SUPPLY_PRIMARY_INSIDE_H
#define SUPPLY_PRIMARY_INSIDE_H

#include "supply/ask.h"
#include "supply/pull.h"
#include "supply/inflow.h"
#include "supply/primary.h"
#include "supply/refresh.h"
#include "supply/supply.h"

enum { PRIMARY_WHY_SIZE = 256 };

struct primary {
	struct source *source;
	struct refresh refresh;
	struct due due;
	struct keep keep;
	struct inflow inflow;
	struct tsig_key key;
	bool keyed; /* key is one */
	struct ask *ask;
	struct tsig tsig; /* of the question for the SOA */
	bool by_tcp;	  /* a datagram was answered wrongly */
	struct pull *pull;
	bool accept;	    /* take what looks wrong, once */
	bool held, expired; /* told already */
	uint32_t held_serial;
};

/* primary.c. Whose turn it is. */
const struct endpoint *primary_server(const struct primary *p);
/* Waits for what is due next, maybe at once. */
void primary_plan(struct primary *p);
/* Each attempt ends in one of these: with a reason, with another copy, or
 * with the one that there is. */
void primary_fail(struct primary *p, const char *reason);
void primary_succeed(struct primary *p);
void primary_remain(struct primary *p);

/* There is something newer, which is known and counts for nothing. */
void primary_stay(struct primary *p);

/* primary_held.c. The name of the file of what is held back. */
const char *primary_held_file(const struct primary *p, char out[64]);
/* What was held back before the process was started. */
void primary_find_held(struct primary *p);
/* It takes the place of the copy in force; false: it is not there. */
bool primary_take_held(struct primary *p);
/* It is not what is published now. */
void primary_drop_held(struct primary *p);

/* primary_ask.c: is there anything newer? */
void primary_ask(struct primary *p);
/* primary_take.c: the zone, or its changes. */
void primary_fetch(struct primary *p, bool whole);

#endif
