/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everybody and everything there is: names, addresses, clients. */
#ifndef TESTS_SIM_UNIVERSE_H
#define TESTS_SIM_UNIVERSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "wire/name.h"

enum {
	NAMES = 28,
	ADDRESSES = 48, /* that answers lead to */
	ADDRESSES_V4 = 28,
	CLIENTS = 10,
	UPSTREAMS = 3,
	NO_NAME = -1
};

struct named {
	char text[64]; /* without the last dot */
	struct name name;
};

struct inhabitant {
	struct addr addr;
	uint32_t ifindex;
	bool local;	 /* a client on the router itself */
	bool stranger;	 /* in no client net */
	uint32_t worker; /* that serves it */
};

struct universe {
	struct named name[NAMES];
	struct addr address[ADDRESSES];
	struct inhabitant client[CLIENTS];
	struct endpoint upstream[UPSTREAMS];
	uint32_t workers;
};

extern struct universe universe;

void universe_begin(uint32_t workers);
struct addr universe_addr(const char *text);
/* NO_NAME, or -1: there is none. */
int universe_find_name(const struct name *name);
int universe_find_address(const struct addr *a);
int universe_find_client(const struct addr *a);

#endif
