/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where nets live: by which interfaces a packet of theirs may come
 * (RFC 3704). The supervisor writes the table, workers ask it.
 */
#ifndef PROC_HOME_H
#define PROC_HOME_H

#include <libmnl/libmnl.h>
#include <stdbool.h>

#include "base/err.h"
#include "proc/board.h"

/* One more interface of a net; link-local nets live everywhere and are left
 * out. A full table takes no more. */
void home_add(struct own_addresses *t, const struct net *net,
	      uint32_t ifindex);
/* The same for every route of the main table that leads to a net. */
enum err home_add_routes(struct own_addresses *t, struct mnl_socket *nl);
/* Once, behind the last. */
void home_arrange(struct own_addresses *t);

/* False: the smallest net of the table that holds the address lives on other
 * interfaces than this one. True where that is not known, and for addresses
 * of our own, which the kernel itself does not take from outside. */
bool home_is_by(const struct own_addresses *t, const struct addr *source,
		uint32_t ifindex);

#endif
