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
	bool shuts_none; /* doors_shut() is not for them */
};

/* Those of all rules; hosts and each are set before. ERR_FULL; ERR_RANGE. */
enum err doors_gather(const struct judge *j, uint8_t family, struct doors *d);
void doors_fini(struct doors *d);
/* One more, for the client. ERR_FULL; ERR_RANGE. */
enum err doors_add(struct doors *d, const struct net *client,
		   struct door door);
struct doors_writing {
	const struct judge *j;
	const struct netset *guard;
	size_t most;
};
/* Entries for all of them. ERR_RANGE: more than there may be. ERR_FULL. */
enum err doors_write(const struct doors_writing *w, const struct doors *d,
		     struct fixed_entries *out);
/* The same client, protocol and port. */
bool door_is_like(const struct door *a, const struct door *b);
/* Lists whose addresses are not behind that door. */
uint64_t doors_shut(const struct judge *j, const struct door *door);

#endif
