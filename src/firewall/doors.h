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

/* ---- doors_told.c -------------------------------------------------------- */

/* A rule that opens a list. */
struct door_told {
	uint32_t rule, list; /* of the policy, of the lists */
	struct net client;
	uint16_t port;
	uint8_t protocol;
	size_t nets; /* of the list that are open; of doors_find() 0 */
};
typedef void door_told_fn(void *arg, const struct door_told *d);

/* Each of them, in the order of the policy. ERR_FULL. */
enum err doors_tell(const struct judge *j, uint8_t family, door_told_fn *each,
		    void *arg);
struct door_wanted {
	const struct addr *client, *address;
};
/* Those by which the client may reach the address. ERR_FULL. */
enum err doors_find(const struct judge *j, const struct door_wanted *wanted,
		    door_told_fn *each, void *arg);

#endif
