/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of lists become entries: each client, protocol and port, with every
 * net of the list that it may reach.
 *
 * Nobody asks a name here, so what would forbid a name forbids the address:
 * a list that is blocked for the client, or for some of its addresses, and
 * one that blocks by itself. A rule that is bound to an interface opens
 * names alone, for an entry does not know where a packet came in
 * (lists/accord.c).
 *
 * The kernel takes no two entries that hold the same packet. So doors of one
 * protocol and port are gone through from the widest client to the
 * narrowest, and each has only what those around it do not have.
 */
#include "firewall/doors.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "base/region.h"
#include "firewall/doors_inside.h"
#include "policy/table.h"

/* Nets of clients that are written out have 256 addresses at most. */
enum { HOSTS_BITS = 8 };

/* ---- gathered ----------------------------------------------------------- */

static bool
is_of_addresses(const struct lists_list *l)
{
	return l->form == FORM_IPS || l->form == FORM_DNS || l->net_count > 0;
}

/* Of the lists in force that are of addresses. */
static uint64_t
lists_of_addresses(const struct judge *j)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < lists_count(&j->lists); i++)
		if (is_of_addresses(lists_at(&j->lists, i)))
			bits |= 1ull << i;
	return bits;
}

bool
door_is_like(const struct door *a, const struct door *b)
{
	return a->port == b->port && a->protocol == b->protocol &&
	       net_compare(&a->client, &b->client) == 0;
}

static enum err
add_door(struct doors *d, const struct door *door)
{
	for (size_t i = 0; i < d->count && !d->each; i++) {
		if (!door_is_like(&d->at[i], door))
			continue;
		d->at[i].lists |= door->lists;
		return ERR_NONE;
	}
	if (d->count == d->room) {
		size_t room = d->room != 0 ? d->room * 2 : 64;
		void *more = region_grow(d->at, d->room * sizeof(*d->at),
					 room * sizeof(*d->at));

		if (more == NULL)
			return ERR_FULL;
		d->at = more;
		d->room = room;
	}
	d->at[d->count++] = *door;
	return ERR_NONE;
}

/* Each address of the client's net. */
static enum err
add_hosts(struct doors *d, struct door door)
{
	unsigned whole = door.client.addr.family == 4 ? 32 : 128;
	unsigned free_bits = whole - door.client.bits;
	uint8_t *last = &door.client.addr.byte[whole / 8 - 1];
	uint8_t first = *last;
	enum err err = ERR_NONE;

	if (free_bits > HOSTS_BITS)
		return ERR_RANGE;
	door.client.bits = (uint8_t)whole;
	for (unsigned i = 0; i < 1u << free_bits && err == ERR_NONE; i++) {
		*last = (uint8_t)(first + i);
		err = add_door(d, &door);
	}
	return err;
}

/* A set has no entry for all addresses: that is two halves. */
enum err
doors_add(struct doors *d, const struct net *client, struct door door)
{
	enum err err;

	door.client = *client;
	if (d->hosts && client->bits < (client->addr.family == 4 ? 32 : 128))
		return add_hosts(d, door);
	if (client->bits > 0 || d->each)
		return add_door(d, &door);
	struct net upper, lower = net_halves(client, &upper);

	door.client = lower;
	err = add_door(d, &door);
	door.client = upper;
	return err == ERR_NONE ? add_door(d, &door) : err;
}

static enum err
add_entry(struct doors *d, const struct judge *j, const struct image_net *net,
	  const struct image_entry *e)
{
	uint32_t first = e->first[DOMAIN_LIST];
	enum err err = ERR_NONE;

	for (uint32_t i = first;
	     i < first + e->count[DOMAIN_LIST] && err == ERR_NONE; i++) {
		const struct image_rule *rule = &image_rules(j->policy.head)[i];
		const struct door door = {
			.lists = j->policy.named.bit[e->list],
			.rule = i,
			.port = rule->port,
			.protocol = rule->protocol
		};

		if (rule->arrow == ARROW_GRANT)
			err = doors_add(d, &net->net, door);
	}
	return err;
}

enum err
doors_gather(const struct judge *j, uint8_t family, struct doors *d)
{
	const struct image_head *h = j->policy.head;
	uint64_t good = lists_of_addresses(j);
	enum err err = ERR_NONE;

	for (uint32_t i = 0; i < h->nets.count && err == ERR_NONE; i++) {
		const struct image_net *net = &image_nets(h)[i];
		const struct image_entry *e =
		    image_entries(h) + net->first_list;

		if (net->net.addr.family != family || net->interface != 0)
			continue;
		for (uint32_t k = 0; k < net->list_count && err == ERR_NONE;
		     k++)
			if ((j->policy.named.bit[e[k].list] & good) != 0)
				err = add_entry(d, j, net, &e[k]);
	}
	return err;
}

void
doors_fini(struct doors *d)
{
	region_free(d->at, d->room * sizeof(*d->at));
}

static bool
has_doors(const struct judge *j, uint8_t family)
{
	struct doors d = { 0 };
	enum err err = doors_gather(j, family, &d);
	bool has = err != ERR_NONE || d.count > 0;

	doors_fini(&d);
	return has;
}

bool
doors_are_wanted(const struct judge *j)
{
	return has_doors(j, 4) || has_doors(j, 6);
}

/* ---- what is shut ------------------------------------------------------- */

/* Lists that are blocked for some client of the net. */
static uint64_t
lists_shut(const struct judge *j, const struct net *client)
{
	const struct image_head *h = j->policy.head;
	uint64_t shut = 0;

	for (uint32_t i = 0; i < h->nets.count; i++) {
		const struct image_net *net = &image_nets(h)[i];
		const struct image_entry *e =
		    image_entries(h) + net->first_list;

		if (!net_holds(&net->net, client) &&
		    !net_holds(client, &net->net))
			continue;
		for (uint32_t k = 0; k < net->list_count; k++)
			if (image_rules(h)[e[k].first[DOMAIN_LIST]].arrow ==
			    ARROW_BLOCK)
				shut |= j->policy.named.bit[e[k].list];
	}
	return shut;
}

/* Some of its addresses are of those that the list is for. */
static bool
is_for(const struct judge *j, uint32_t list, const struct net *client)
{
	size_t count;
	const struct net *net = lists_clients(&j->lists, list, &count);

	for (size_t i = 0; i < count; i++)
		if (net_holds(&net[i], client) || net_holds(client, &net[i]))
			return true;
	return lists_at(&j->lists, list)->client_count == 0;
}

/* What it does by itself is to block, at least some of it. */
static uint64_t
lists_that_block(const struct judge *j, const struct net *client)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < lists_count(&j->lists); i++) {
		const struct lists_list *l = lists_at(&j->lists, i);

		if (((l->action != ACTION_PASSTHRU &&
		      l->action != ACTION_LOG) ||
		     (l->flags & LISTS_BLOCK_SET) != 0) &&
		    is_for(j, i, client))
			bits |= 1ull << i;
	}
	return bits;
}

uint64_t
doors_shut(const struct judge *j, const struct door *door)
{
	return (lists_that_block(j, &door->client) & ~door->lists) |
	       lists_shut(j, &door->client);
}

static enum err
add_lists(const struct judge *j, uint64_t lists, uint8_t family,
	  struct netset *to)
{
	enum err err = ERR_NONE;

	for (uint32_t i = 0; i < lists_count(&j->lists) && err == ERR_NONE;
	     i++)
		if ((lists >> i & 1) != 0)
			err = fixed_add_list(&j->lists, i, family, to);
	netset_settle(to);
	return err;
}

/* ---- opened ------------------------------------------------------------- */

static int
by_service(const void *a, const void *b)
{
	const struct door *x = a, *y = b;

	if (x->protocol != y->protocol)
		return x->protocol - y->protocol;
	if (x->port != y->port)
		return x->port - y->port;
	if (x->client.bits != y->client.bits)
		return x->client.bits - y->client.bits;
	return net_compare(&x->client, &y->client);
}

/* What a wider client was given already: those of one service stand together,
 * at the end. */
static enum err
cut_given(const struct door *door, const struct fixed_entries *given,
	  struct netset *nets)
{
	struct netset have = { 0 };
	enum err err = ERR_NONE;

	for (size_t i = given->count; i > 0 && err == ERR_NONE; i--) {
		const struct fixed_entry *e = &given->at[i - 1];

		if (e->protocol != door->protocol || e->port != door->port)
			break;
		if (net_holds(&e->client, &door->client))
			err = netset_add(&have, &e->to);
	}
	netset_settle(&have);
	if (err == ERR_NONE)
		err = netset_cut(nets, &have);
	netset_fini(&have);
	return err;
}

static enum err
cut_shut(const struct judge *j, const struct door *door, struct netset *nets)
{
	struct netset out = { 0 };
	enum err err = add_lists(j, doors_shut(j, door),
				 door->client.addr.family, &out);

	if (err == ERR_NONE)
		err = netset_cut(nets, &out);
	netset_fini(&out);
	return err;
}

static enum err
write_door(const struct doors_writing *w, const struct door *door,
	   bool shuts_none, struct fixed_entries *out)
{
	const struct fixed_entry like = { .client = door->client,
					  .port = door->port,
					  .protocol = door->protocol };
	struct netset nets = { 0 };
	enum err err =
	    add_lists(w->j, door->lists, door->client.addr.family, &nets);

	if (err == ERR_NONE)
		err = netset_cut(&nets, w->guard);
	if (err == ERR_NONE && !shuts_none)
		err = cut_shut(w->j, door, &nets);
	if (err == ERR_NONE)
		err = cut_given(door, out, &nets);
	if (err == ERR_NONE)
		err = fixed_add_nets(&nets, &like, out);
	netset_fini(&nets);
	return err;
}

enum err
doors_write(const struct doors_writing *w, const struct doors *d,
	    struct fixed_entries *out)
{
	enum err err = ERR_NONE;

	if (d->count > 0)
		qsort(d->at, d->count, sizeof(*d->at), by_service);
	for (size_t i = 0; i < d->count && err == ERR_NONE; i++) {
		err = write_door(w, &d->at[i], d->shuts_none, out);
		if (err == ERR_NONE && out->count > w->most)
			err = ERR_RANGE;
	}
	return err;
}

enum err
doors_open(const struct judge *j, const struct doors_wish *wish,
	   const struct netset *guard, struct fixed_entries *out)
{
	const struct doors_writing w = { j, guard, wish->limits->most };
	struct doors d = { .hosts = wish->limits->hosts };
	enum err err = doors_gather(j, wish->family, &d);

	if (err == ERR_NONE)
		err = doors_write(&w, &d, out);
	doors_fini(&d);
	return err;
}
