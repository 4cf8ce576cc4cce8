/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of one upstream: how soon it answers, and whether it does
 * (RFC 6298 2 for the times). For the files of this room only.
 */
#ifndef UPSTREAM_STANDING_H
#define UPSTREAM_STANDING_H

#include <stdbool.h>
#include <stdint.h>

enum {
	WAIT_FIRST_MS = 800, /* for an answer, of one not known yet */
	WAIT_LEAST_MS = 100,
	WAIT_MOST_MS = 1000,
	DOWN_AFTER = 3,	    /* silences in a row */
	FAILING_AFTER = 10, /* failures answered in a row */
	FAILING_MS = 5000,  /* others are asked first for so long */
	PROBE_MS = 1000,    /* after it went down, and between probes then */
	PROBE_MOST_MS = 2000
};

struct standing {
	int32_t srtt_us;	     /* smoothed time it takes; 0: not known */
	int32_t var_us;		     /* and its variation */
	unsigned silences, failures; /* in a row */
	int64_t heard_ms; /* when it answered last */
	bool down;
	int64_t failing_until_ms;
	int64_t probe_ms; /* when it is asked whether it is back */
};

void standing_init(struct standing *h);
/* It has answered, whatever it said; took_ms: -1 where that says nothing.
 * True: it was down. */
bool standing_heard(struct standing *h, int64_t took_ms, int64_t now_ms);
/* It answered with a failure of its own. */
void standing_failed(struct standing *h, int64_t now_ms);
/* What was sent at sent_ms was not answered. Where it has answered others
 * since, that one was lost and says nothing. True: with that it is down. */
bool standing_silent(struct standing *h, int64_t sent_ms, int64_t now_ms);

/* How long try number `try` (the first is 0) waits for an answer. */
int64_t standing_wait_ms(const struct standing *h, unsigned try);
/* Whether it is asked before those that are not. */
bool standing_is_good(const struct standing *h, int64_t now_ms);
/* A probe is due: the next one is set. */
bool standing_wants_probe(struct standing *h, int64_t now_ms);

#endif
