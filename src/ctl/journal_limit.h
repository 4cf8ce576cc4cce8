/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many lines of the log the journal takes. */
#ifndef CTL_JOURNAL_LIMIT_H
#define CTL_JOURNAL_LIMIT_H

#include <stdbool.h>
#include <stdio.h>

struct journal_limit {
	bool unit;	   /* the unit has a limit of its own */
	bool unit_is_high; /* that the log will not come near */
	bool system_is_off;
};

/* Reads "LogRateLimitIntervalUSec=1s" and "LogRateLimitBurst=100000000" as
 * `systemctl show` prints them. A unit's 0 means: none of its own. */
void journal_limit_read_unit(struct journal_limit *l, FILE *from);
/* Reads journald.conf and what is laid over it, in the order in which it
 * counts: the last word wins. */
void journal_limit_read_system(struct journal_limit *l, FILE *from);
bool journal_limit_loses(const struct journal_limit *l);

#endif
