/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether what was granted really stands: sets, entries and rules, looked at
 * again and again, for ipset tells nobody when they go.
 */
#ifndef FIREWALL_HEALTH_H
#define FIREWALL_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "firewall/admission.h"

/* Every set is looked at once in that time. */
enum { HEALTH_ROUND_MS = 200, HEALTH_TICK_MS = HEALTH_ROUND_MS / SET_COUNT };

struct health {
	struct admission *a;
	bool placed; /* the supervisor says that the rules stand */
	bool wanted; /* the supervisor shall place them */
	bool was_up;
	unsigned next;	   /* set to look at */
	int64_t canary_ms; /* when canaries were renewed */
	int64_t asked_ms;  /* when the supervisor was last told */
	int64_t retry_ms;  /* a set could not be made: not before that */
	/* Tells the supervisor that the rules are gone. */
	void (*rules_gone)(void *arg);
	void *arg;
};

/* Nothing is granted until the rules are placed. */
void health_init(struct health *h, struct admission *a);
/* The rules were placed: looks at once whether that is so. */
void health_placed(struct health *h, int64_t now_ms);
/* Call it every HEALTH_TICK_MS: looks, and repairs. */
void health_tick(struct health *h, int64_t now_ms);
/* Entries were lost or revoked: workers forget what they know. */
void health_new_epoch(struct health *h);

#endif
