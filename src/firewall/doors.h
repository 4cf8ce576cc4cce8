/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What rules open to the addresses of a list, without a question:
 * CLIENT -> @LIST:PROTO:PORT, where the list is of addresses.
 */
#ifndef FIREWALL_DOORS_H
#define FIREWALL_DOORS_H

#include "firewall/fixed.h"
#include "firewall/netset.h"

/* Some rule names a list of addresses. */
bool doors_are_wanted(const struct judge *j);
/* guard: what is never opened. Of two clients of which one holds the other,
 * the wider has what both may reach. ERR_RANGE: it comes to too many entries.
 * ERR_FULL. */
struct doors_wish {
	uint8_t family;
	const struct fixed_limits *limits;
};
enum err doors_open(const struct judge *j, const struct doors_wish *wish,
		    const struct netset *guard, struct fixed_entries *out);

#endif
