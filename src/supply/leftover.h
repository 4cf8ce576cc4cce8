/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of lists that are no longer named. They stay for a while, since a
 * line of the lists file that is taken out may come back. */
#ifndef SUPPLY_LEFTOVER_H
#define SUPPLY_LEFTOVER_H

#include <stdbool.h>
#include <stdint.h>

enum { LEFTOVER_MAX_S = 30 * 86400 };

typedef bool leftover_named_fn(const void *owner, const char *list);

struct leftover_sweep {
	int dir; /* stays open */
	int64_t now_s;
	leftover_named_fn *is_named;
	const void *owner;
};

/* Removes what of unnamed lists was last written longer ago than that; files
 * that are none of ours stay. How many went. */
unsigned leftover_remove(const struct leftover_sweep *sweep);

#endif
