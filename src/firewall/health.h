/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether what was granted really stands: sets, entries and rules, looked at
 * again and again, for ipset tells nobody when they go. nftables does.
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
	enum rules_word rules; /* the supervisor's last word, or our doubt */
	bool wanted;	       /* the supervisor shall place them */
	bool held; /* it shall empty their chain first: a set is in use */
	bool was_up;
	unsigned next;	    /* set to look at */
	int64_t canary_ms;  /* when canaries were renewed */
	int64_t asked_ms;   /* when the supervisor was last told */
	int64_t retry_ms;   /* a set could not be made: not before that */
	int64_t compare_ms; /* not before that, in doubt */
	int64_t due_ms;	    /* and then in any case */
	/* Entries the ledger does not hold, and will not. */
	int64_t odd[SET_COUNT];
	/* Tells the supervisor what is to be done with the rules. */
	void (*wish)(void *arg, enum rules_wish wish);
	void *arg;
};

/* Nothing is granted until the rules are placed. */
void health_init(struct health *h, struct admission *a);
/* The supervisor's word on the rules. Where they stand, it is looked at at
 * once whether all is well now. */
void health_rules(struct health *h, enum rules_word word, int64_t now_ms);
/* Call it every HEALTH_TICK_MS: looks, and repairs. */
void health_tick(struct health *h, int64_t now_ms);
/* The rules must be placed again; until then nothing is granted. */
void health_want_rules(struct health *h);
/* Others have changed something: looks at all of it at once. */
void health_alarm(struct health *h, int64_t now_ms);
/* Entries were lost or revoked: workers forget what they know. */
void health_new_epoch(struct health *h);

/* ---- between health.c and compare.c ------------------------------------- */

static inline bool
health_owns(const struct health *h, unsigned set)
{
	return set_in_families(set, h->a->judge.families);
}

/* Nothing is granted from now on. */
void health_go_down(struct health *h);
/* The set has more or fewer entries than the ledger. */
bool health_counts_differ(const struct health *h, enum set_index set,
			  const struct backend_look *look);
/* Makes ledger and kernel one. */
void health_compare(struct health *h, int64_t now_ms);

#endif
