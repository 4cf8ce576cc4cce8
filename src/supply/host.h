/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a feed is: the addresses of its host, as the daemon's own upstreams
 * say, and as far as it may be asked there.
 *
 * Whoever publishes a list, or writes into his zone, must not make us talk to
 * what only this host or its nets can reach.
 */
#ifndef SUPPLY_HOST_H
#define SUPPLY_HOST_H

#include "conf/options.h"
#include "net/loop.h"
#include "proc/role.h"
#include "supply/rrset.h"

enum { HOST_ADDRESSES_MAX = 16 };

struct host_setup {
	struct loop *loop;
	struct random *random;
	const struct options *opt;
	/* where the router's own addresses are; *own may be NULL */
	const struct own_addresses *const *own;
};

/* Valid during the call only. */
struct host_news {
	const char *why; /* NULL: there are addresses; else for people */
	struct addr addr[HOST_ADDRESSES_MAX];
	unsigned count;
};

typedef void host_done_fn(void *owner, const struct host_news *news);

struct host;

/* name: of a host, or an address, with or without brackets. done is called
 * once, never from within this. ERR_FULL: no memory. */
enum err host_begin(const struct host_setup *setup, const char *name,
		    host_done_fn *done, void *owner, struct host **out);
/* done will not be called; NULL is harmless. Not from within done. */
void host_cancel(struct host *h);

/* Whether a feed may be asked there: a public address that is not ours, or
 * one of --private-ok. */
bool host_may_be_at(const struct host_setup *setup, const struct addr *a);

#endif
