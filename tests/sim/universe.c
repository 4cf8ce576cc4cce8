/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Few of each, so that they meet often: names of which some lie below
 * others, addresses that many names share, private and guarded ones among
 * them.
 */
#include "universe.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct universe universe;

struct addr
universe_addr(const char *text)
{
	struct addr a;
	enum err err = addr_parse(text, strlen(text), &a);

	assert(err == ERR_NONE);
	(void)err;
	return a;
}

static void
name_them(void)
{
	static const char *const below[] = { "",   "www.", "a.",    "b.a.",
					     "c.", "cdn.", "x.cdn." };

	for (unsigned i = 0; i < NAMES; i++) {
		struct named *n = &universe.name[i];
		enum err err;

		snprintf(n->text, sizeof(n->text), "%sz%u.net", below[i % 7],
			 i / 7);
		err = name_parse(n->text, strlen(n->text), &n->name, NULL);
		assert(err == ERR_NONE);
		(void)err;
	}
}

static void
address_them(void)
{
	static const char *const odd4[] = { "10.9.0.1", "192.168.7.7",
					    "127.0.0.1", "10.0.1.1" };
	static const char *const odd6[] = { "fd00:9::1", "::1", "fe80::7" };
	char text[40];

	for (unsigned i = 0; i < ADDRESSES; i++) {
		bool six = i >= ADDRESSES_V4;
		unsigned n = six ? i - ADDRESSES_V4 : i;

		if (!six && n < 4)
			snprintf(text, sizeof(text), "%s", odd4[n]);
		else if (six && n < 3)
			snprintf(text, sizeof(text), "%s", odd6[n]);
		else if (six)
			snprintf(text, sizeof(text), "2a00:5::%x", n);
		else
			snprintf(text, sizeof(text), "93.184.0.%u", n);
		universe.address[i] = universe_addr(text);
	}
}

static void
settle_clients(void)
{
	static const struct {
		const char *text;
		uint32_t ifindex;
		bool local, stranger;
	} row[CLIENTS] = {
		{ "10.0.1.2", 2, false, false },
		{ "10.0.1.3", 2, false, false },
		{ "10.0.1.4", 3, false, false },
		{ "10.0.2.2", 3, false, false },
		{ "10.0.2.3", 3, false, false },
		{ "fd00:1::2", 2, false, false },
		{ "fd00:1::3", 3, false, false },
		{ "127.0.0.1", 1, true, false },
		{ "10.0.1.1", 1, true, false },
		{ "172.16.9.9", 3, false, true },
	};

	for (unsigned i = 0; i < CLIENTS; i++) {
		struct inhabitant *c = &universe.client[i];

		c->addr = universe_addr(row[i].text);
		c->ifindex = row[i].ifindex;
		c->local = row[i].local;
		c->stranger = row[i].stranger;
		c->worker = i % universe.workers;
	}
}

void
universe_begin(uint32_t workers)
{
	static const char *const upstream[UPSTREAMS] = { "9.9.9.1", "9.9.9.2",
							 "2a00:53::1" };

	universe.workers = workers;
	name_them();
	address_them();
	settle_clients();
	for (unsigned i = 0; i < UPSTREAMS; i++)
		universe.upstream[i] =
		    (struct endpoint){ .addr = universe_addr(upstream[i]),
				       .port = 53 };
}

int
universe_find_name(const struct name *name)
{
	for (int i = 0; i < NAMES; i++) {
		if (name_equal(&universe.name[i].name, name))
			return i;
	}
	return NO_NAME;
}

int
universe_find_address(const struct addr *a)
{
	for (int i = 0; i < ADDRESSES; i++) {
		if (addr_equal(&universe.address[i], a))
			return i;
	}
	return -1;
}

int
universe_find_client(const struct addr *a)
{
	for (int i = 0; i < CLIENTS; i++) {
		if (addr_equal(&universe.client[i].addr, a))
			return i;
	}
	return -1;
}
