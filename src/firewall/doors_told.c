/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What rules open to lists, told rule by rule; in the kernel rules of one
 * client, protocol and port are one door, and what a wider client has is not
 * written again for others.
 *
 * Nothing large is sorted here, and nothing of a list is copied but what is
 * counted: the control process asks, which has little memory of its own.
 */
#include "firewall/doors_inside.h"

struct telling {
	const struct judge *j;
	struct doors doors;
	struct netset guard;
	door_told_fn *each;
	void *arg;
};

/* The list's own, in the image. */
static struct netset
nets_of(const struct judge *j, uint32_t list, uint8_t family)
{
	struct netset nets = { 0 };
	const struct net *net = lists_nets(&j->lists, list, &nets.count);
	size_t from = 0;

	while (from < nets.count && net[from].addr.family < family)
		from++;
	while (nets.count > from && net[nets.count - 1].addr.family > family)
		nets.count--;
	nets.count -= from;
	if (nets.count > 0)
		nets.at = (struct net *)(uintptr_t)(net + from);
	return nets;
}

static enum err
copy(const struct netset *from, struct netset *to)
{
	enum err err = ERR_NONE;

	for (size_t i = 0; i < from->count && err == ERR_NONE; i++)
		err = netset_add(to, &from->at[i]);
	return err;
}

/* All lists of doors like that one, as they are one in the kernel. */
static struct door
whole_of(const struct doors *d, const struct door *door)
{
	struct door whole = *door;

	for (size_t i = 0; i < d->count; i++)
		if (door_is_like(&d->at[i], door))
			whole.lists |= d->at[i].lists;
	return whole;
}

static uint32_t
list_of(const struct door *door)
{
	return (uint32_t)__builtin_ctzll(door->lists);
}

static enum err
count_nets(const struct telling *t, const struct door *door, uint64_t shut,
	   size_t *count_out)
{
	uint8_t family = door->client.addr.family;
	struct netset all = nets_of(t->j, list_of(door), family), left = { 0 };
	enum err err = copy(&all, &left);

	if (err == ERR_NONE)
		err = netset_cut(&left, &t->guard);
	for (uint32_t i = 0; i < LISTS_MAX && err == ERR_NONE; i++) {
		struct netset other = nets_of(t->j, i, family);

		if ((shut >> i & 1) != 0)
			err = netset_cut(&left, &other);
	}
	*count_out = left.count;
	netset_fini(&left);
	return err;
}

static struct door_told
told(const struct door *door)
{
	return (struct door_told){ .rule = door->rule,
				   .list = list_of(door),
				   .client = door->client,
				   .protocol = door->protocol,
				   .port = door->port };
}

/* Ports of one rule have one count. */
static enum err
tell_counts(struct telling *t)
{
	uint64_t last_shut = 0;
	struct door_told last = { .list = LISTS_NONE };
	enum err err = ERR_NONE;

	for (size_t i = 0; i < t->doors.count && err == ERR_NONE; i++) {
		const struct door *door = &t->doors.at[i];
		struct door whole = whole_of(&t->doors, door);
		uint64_t shut = doors_shut(t->j, &whole) & ~door->lists;
		struct door_told d = told(door);

		if (doors_shut(t->j, &whole) & door->lists)
			d.nets = 0;
		else if (d.list == last.list && shut == last_shut)
			d.nets = last.nets;
		else
			err = count_nets(t, door, shut, &d.nets);
		last = d;
		last_shut = shut;
		if (err == ERR_NONE)
			t->each(t->arg, &d);
	}
	return err;
}

static enum err
begin(struct telling *t, uint8_t family)
{
	enum err err;

	t->doors = (struct doors){ .each = true };
	t->guard = (struct netset){ 0 };
	err = fixed_guard(t->j, &t->guard);
	return err == ERR_NONE ? doors_gather(t->j, family, &t->doors) : err;
}

static void
end(struct telling *t)
{
	doors_fini(&t->doors);
	netset_fini(&t->guard);
}

enum err
doors_tell(const struct judge *j, uint8_t family, door_told_fn *each, void *arg)
{
	struct telling t = { .j = j, .each = each, .arg = arg };
	enum err err = begin(&t, family);

	if (err == ERR_NONE)
		err = tell_counts(&t);
	end(&t);
	return err;
}

/* ---- one address -------------------------------------------------------- */

static bool
some_hold(const struct judge *j, uint64_t lists, const struct net *host)
{
	for (uint32_t i = 0; i < LISTS_MAX; i++) {
		struct netset nets = nets_of(j, i, host->addr.family);

		if ((lists >> i & 1) != 0 && netset_holds(&nets, host))
			return true;
	}
	return false;
}

enum err
doors_find(const struct judge *j, const struct door_wanted *wanted,
	   door_told_fn *each, void *arg)
{
	struct telling t = { .j = j, .each = each, .arg = arg };
	const struct addr *to = wanted->address;
	const struct net host = { .addr = *to,
				  .bits = to->family == 4 ? 32 : 128 };
	enum err err = begin(&t, to->family);

	for (size_t i = 0; i < t.doors.count && err == ERR_NONE; i++) {
		const struct door *door = &t.doors.at[i];
		struct door whole = whole_of(&t.doors, door);
		struct door_told d = told(door);

		if (addr_in_net(wanted->client, &door->client) &&
		    !netset_holds(&t.guard, &host) &&
		    some_hold(j, door->lists, &host) &&
		    !some_hold(j, doors_shut(j, &whole), &host))
			each(arg, &d);
	}
	end(&t);
	return err;
}
