/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which addresses belong into the sets of lists.
 *
 * A list is somebody else's word. What it has blocked is never an address of
 * ours, of a private net, or of an upstream, so that no feed can cut off the
 * clients or stop DNS; and what it opens is held against the same guard as a
 * grant.
 */
#include "firewall/fixed.h"

#include <stdlib.h>
#include <string.h>

#include "base/region.h"
#include "firewall/doors_inside.h"
#include "firewall/netset.h"
#include "policy/table.h"
#include "proc/role.h"

/* ---- arrays ------------------------------------------------------------- */

const char *
fixed_name(enum fixed_index set)
{
	static const char *const names[FIXED_COUNT] = {
		[FIXED_ALWAYS4] = "ipv4-always",
		[FIXED_ALWAYS6] = "ipv6-always",
		[FIXED_ALWAYS_FOR4] = "ipv4-always-for",
		[FIXED_ALWAYS_FOR6] = "ipv6-always-for",
		[FIXED_BLOCK_FOR4] = "ipv4-block-for",
		[FIXED_BLOCK_FOR6] = "ipv6-block-for",
		[FIXED_BLOCK4] = "ipv4-block",
		[FIXED_BLOCK6] = "ipv6-block",
		[FIXED_STATIC4] = "ipv4-static",
		[FIXED_STATIC6] = "ipv6-static",
	};

	return names[set];
}

void
fixed_fini(struct fixed_entries *e)
{
	region_free(e->at, e->room * sizeof(*e->at));
	*e = (struct fixed_entries){ 0 };
}

enum err
fixed_add(struct fixed_entries *e, const struct fixed_entry *entry)
{
	if (e->count == e->room) {
		size_t room = e->room != 0 ? e->room * 2 : 64;
		void *more = region_grow(e->at, e->room * sizeof(*e->at),
					 room * sizeof(*e->at));

		if (more == NULL)
			return ERR_FULL;
		e->at = more;
		e->room = room;
	}
	e->at[e->count++] = *entry;
	return ERR_NONE;
}

int
fixed_compare(const struct fixed_entry *a, const struct fixed_entry *b)
{
	int order = net_compare(&a->to, &b->to);

	if (order == 0)
		order = net_compare(&a->client, &b->client);
	if (order == 0)
		order = (int)a->protocol - (int)b->protocol;
	return order != 0 ? order : (int)a->port - (int)b->port;
}

static int
by_entry(const void *a, const void *b)
{
	return fixed_compare(a, b);
}

void
fixed_sort(struct fixed_entries *e)
{
	for (size_t i = 1; i < e->count; i++) {
		if (fixed_compare(&e->at[i - 1], &e->at[i]) <= 0)
			continue;
		qsort(e->at, e->count, sizeof(*e->at), by_entry);
		return;
	}
}

/* ---- the guard ---------------------------------------------------------- */

static enum err
add_host(struct netset *to, const struct addr *a)
{
	const struct net host = { .addr = *a,
				  .bits = a->family == 4 ? 32 : 128 };

	return netset_add(to, &host);
}

static enum err
add_own(const struct own_addresses *own, struct netset *to)
{
	enum err err = ERR_NONE;

	for (uint32_t i = 0; i < own->count && i < OWN_MAX && err == ERR_NONE;
	     i++)
		err = add_host(to, &own->addr[i]);
	return err;
}

static enum err
add_classes(enum addr_class class, struct netset *to)
{
	enum addr_class its;
	struct net net;
	enum err err = ERR_NONE;

	for (size_t i = 0; addr_class_net(i, &net, &its) && err == ERR_NONE;
	     i++)
		if (its == class)
			err = netset_add(to, &net);
	return err;
}

static enum err
add_upstreams(const struct options *opt, struct netset *to)
{
	enum err err = ERR_NONE;

	for (uint32_t i = 0; i < opt->upstream_count && err == ERR_NONE; i++)
		err = add_host(to, &opt->upstream[i].addr);
	for (uint32_t i = 0; i < opt->forward_count && err == ERR_NONE; i++)
		err = add_host(to, &opt->forward[i].at.addr);
	return err;
}

/* What nobody's list may block. */
static enum err
guard_from_block(const struct judge *j, struct netset *out)
{
	enum err err = add_classes(ADDR_NEVER, out);

	if (err == ERR_NONE)
		err = add_classes(ADDR_PRIVATE, out);
	if (err == ERR_NONE)
		err = add_own(j->own, out);
	if (err == ERR_NONE)
		err = add_upstreams(j->opt, out);
	netset_settle(out);
	return err;
}

/* Private nets, but those that the owner says are good. */
static enum err
add_private(const struct judge *j, struct netset *to)
{
	struct netset private = { 0 }, ok = { 0 };
	enum err err = add_classes(ADDR_PRIVATE, &private);

	for (uint32_t i = 0; i < j->opt->private_ok_count && err == ERR_NONE;
	     i++)
		err = netset_add(&ok, &j->opt->private_ok[i]);
	netset_settle(&private);
	netset_settle(&ok);
	if (err == ERR_NONE)
		err = netset_cut(&private, &ok);
	for (size_t i = 0; i < private.count && err == ERR_NONE; i++)
		err = netset_add(to, &private.at[i]);
	netset_fini(&private);
	netset_fini(&ok);
	return err;
}

/* Who could be behind a translator or a tunnel is not known here. */
enum err
fixed_guard(const struct judge *j, struct netset *out)
{
	struct net net;
	enum err err = add_classes(ADDR_NEVER, out);

	if (err == ERR_NONE)
		err = add_private(j, out);
	if (err == ERR_NONE)
		err = add_own(j->own, out);
	for (size_t i = 0; addr_embedding_net(i, &net) && err == ERR_NONE; i++)
		err = netset_add(out, &net);
	netset_settle(out);
	return err;
}

/* ---- ALWAYS and BLOCK --------------------------------------------------- */

static uint32_t
flag_of(enum fixed_index set)
{
	return fixed_blocks(set) ? LISTS_BLOCK_SET : LISTS_ALLOW_SET;
}

enum err
fixed_add_list(const struct lists *l, uint32_t list, uint8_t family,
	       struct netset *to)
{
	size_t count;
	const struct net *net = lists_nets(l, list, &count);
	enum err err = ERR_NONE;

	for (size_t i = 0; i < count && err == ERR_NONE; i++)
		if (net[i].addr.family == family)
			err = netset_add(to, &net[i]);
	return err;
}

/* The list has addresses for sets of that kind; those of lists for some
 * clients alone, or of the others. */
static bool
is_of(const struct judge *j, uint32_t list, enum fixed_index set, bool is_for)
{
	const struct lists_list *l = lists_at(&j->lists, list);

	return (l->flags & flag_of(set)) != 0 &&
	       (l->client_count > 0) == is_for;
}

static bool
some_are_of(const struct judge *j, enum fixed_index set, bool is_for)
{
	for (uint32_t i = 0; i < lists_count(&j->lists); i++)
		if (is_of(j, i, set, is_for))
			return true;
	return false;
}

static enum err
guard_of(const struct judge *j, enum fixed_index set, struct netset *out)
{
	return fixed_blocks(set) ? guard_from_block(j, out)
				 : fixed_guard(j, out);
}

enum err
fixed_add_nets(const struct netset *nets, const struct fixed_entry *like,
	       struct fixed_entries *out)
{
	struct fixed_entry entry = *like;
	enum err err = ERR_NONE;

	for (size_t i = 0; i < nets->count && err == ERR_NONE; i++) {
		entry.to = nets->at[i];
		err = fixed_add(out, &entry);
	}
	return err;
}

static enum err
gather_for(const struct judge *j, enum fixed_index set, struct doors *d)
{
	enum err err = ERR_NONE;

	for (uint32_t i = 0; i < lists_count(&j->lists); i++) {
		const struct door door = { .lists = UINT64_C(1) << i };
		size_t count;
		const struct net *client = lists_clients(&j->lists, i, &count);

		if (!is_of(j, i, set, true))
			continue;
		for (size_t k = 0; k < count && err == ERR_NONE; k++)
			if (client[k].addr.family == fixed_family(set))
				err = doors_add(d, &client[k], door);
	}
	return err;
}

/* As doors without a service: who is in two of those nets has both lists. */
static enum err
want_for(const struct judge *j, enum fixed_index set,
	 const struct fixed_limits *limits, struct fixed_entries *out)
{
	struct doors d = { .shuts_none = true };
	struct netset guard = { 0 };
	const struct doors_writing w = { j, &guard, limits->most };
	enum err err = guard_of(j, set, &guard);

	if (limits->no_pairs && some_are_of(j, set, true))
		err = ERR_DENIED;
	if (err == ERR_NONE)
		err = gather_for(j, set, &d);
	if (err == ERR_NONE)
		err = doors_write(&w, &d, out);
	doors_fini(&d);
	netset_fini(&guard);
	return err;
}

/* Where they are too many for some clients, all have them blocked: it is
 * better that too little passes. */
static bool
is_for_everybody(const struct judge *j, enum fixed_index set,
		 const struct fixed_limits *limits)
{
	const enum fixed_index same =
	    fixed_family(set) == 4 ? FIXED_BLOCK_FOR4 : FIXED_BLOCK_FOR6;
	struct fixed_entries entries = { 0 };
	enum err err = ERR_NONE;

	if (fixed_blocks(set) && some_are_of(j, same, true))
		err = want_for(j, same, limits, &entries);
	fixed_fini(&entries);
	return err != ERR_NONE;
}

static enum err
add_flagged(const struct judge *j, enum fixed_index set, bool all,
	    struct netset *to)
{
	enum err err = ERR_NONE;

	for (uint32_t i = 0; i < lists_count(&j->lists) && err == ERR_NONE; i++)
		if (is_of(j, i, set, false) || (all && is_of(j, i, set, true)))
			err =
			    fixed_add_list(&j->lists, i, fixed_family(set), to);
	netset_settle(to);
	return err;
}

static enum err
want_flagged(const struct judge *j, enum fixed_index set,
	     const struct fixed_limits *limits, struct fixed_entries *out)
{
	const struct fixed_entry like = { 0 };
	struct netset nets = { 0 }, guard = { 0 };
	enum err err =
	    add_flagged(j, set, is_for_everybody(j, set, limits), &nets);

	if (err == ERR_NONE)
		err = guard_of(j, set, &guard);
	if (err == ERR_NONE)
		err = netset_cut(&nets, &guard);
	if (err == ERR_NONE)
		err = fixed_add_nets(&nets, &like, out);
	netset_fini(&nets);
	netset_fini(&guard);
	return err;
}

/* ---- all ---------------------------------------------------------------- */

static bool
is_of_families(const struct judge *j, enum fixed_index set)
{
	uint32_t family = fixed_family(set) == 4 ? ROLE_IPV4 : ROLE_IPV6;

	return (j->families & family) != 0;
}

bool
fixed_is_wanted(const struct judge *j, enum fixed_index set)
{
	if (!is_of_families(j, set))
		return false;
	if (fixed_has_service(set))
		return doors_are_wanted(j);
	return some_are_of(j, set, fixed_is_for(set));
}

static enum err
want_static(const struct judge *j, const struct doors_wish *wish,
	    struct fixed_entries *out)
{
	struct netset guard = { 0 };
	enum err err = fixed_guard(j, &guard);

	if (err == ERR_NONE)
		err = doors_open(j, wish, &guard, out);
	netset_fini(&guard);
	return err;
}

enum err
fixed_want(const struct judge *j, enum fixed_index set,
	   const struct fixed_limits *limits, struct fixed_entries *out)
{
	const struct doors_wish wish = { fixed_family(set), limits };
	enum err err = ERR_NONE;

	*out = (struct fixed_entries){ 0 };
	if (!is_of_families(j, set))
		return ERR_NONE;
	if (fixed_has_service(set))
		err = want_static(j, &wish, out);
	else if (fixed_is_for(set))
		err = want_for(j, set, limits, out);
	else
		err = want_flagged(j, set, limits, out);
	fixed_sort(out);
	if (err != ERR_NONE)
		fixed_fini(out);
	return err;
}
