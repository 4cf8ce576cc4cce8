/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Doors from inside: what those who open them and those who tell of them
 * share. */
#ifndef FIREWALL_DOORS_INSIDE_H
#define FIREWALL_DOORS_INSIDE_H

#include "firewall/doors.h"
#include "firewall/judge.h"

/* One client, protocol and port, and its lists, a bit each. */
struct door {
	struct net client;
	uint64_t lists;
	uint32_t rule; /* of the policy; of several that are one: the first */
	uint16_t port;
	uint8_t protocol;
};

struct doors {
	struct door *at;
	size_t count, room;
	bool hosts; /* no nets of clients */
	bool each;  /* as rules have them: not put together, nor cut */
};

/* Those of all rules; hosts and each are set before. ERR_FULL; ERR_RANGE. */
enum err doors_gather(const struct judge *j, uint8_t family, struct doors *d);
void doors_fini(struct doors *d);
/* The same client, protocol and port. */
bool door_is_like(const struct door *a, const struct door *b);
/* Lists whose addresses are not behind that door. */
uint64_t doors_shut(const struct judge *j, const struct door *door);

#endif
