/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of addresses as nets: sorted, and none inside another. Cheap to go
 * through in their order, 24 bytes a net.
 */
#ifndef FIREWALL_NETSET_H
#define FIREWALL_NETSET_H

#include <stddef.h>

#include "base/addr.h"
#include "base/err.h"

struct netset {
	struct net *at;
	size_t count, room;
};

void netset_fini(struct netset *s);
/* In any order; netset_settle() before anything else is done. ERR_FULL. */
enum err netset_add(struct netset *s, const struct net *net);
void netset_settle(struct netset *s);
/* Takes out what is in the other; both are settled. What is only partly in it
 * is cut into the nets that are left. ERR_FULL: it is empty then. */
enum err netset_cut(struct netset *s, const struct netset *out);
/* One of them holds all of it; they are settled. */
bool netset_holds(const struct netset *s, const struct net *net);
/* By address, of one address the larger net first. */
int net_compare(const struct net *a, const struct net *b);
/* b is a, or lies in it. */
bool net_holds(const struct net *a, const struct net *b);
/* The lower half of the net; *upper_out the other. It has bits left. */
struct net net_halves(const struct net *net, struct net *upper_out);

#endif
