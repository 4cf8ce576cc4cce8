/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One table of entries, each in three rings: those that hash alike, those of
 * its client, and all by age. Whatever happens costs a few steps; nothing is
 * allocated after the start.
 *
 * Clients are told apart by a keyed hash, and those that share a number share
 * what one client may have: a few strangers to each other at worst, and
 * nobody can aim for it.
 */
#include "query/allowance.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/list.h"

enum { KEY_RINGS = 8192, CLIENT_RINGS = 2048 };

struct entry {
	struct list by_key, by_client, by_age;
	struct addr client;
	struct name alias, origin; /* lower-cased */
	uint32_t client_ring;
	uint8_t links;
	int64_t until_ms;
};

struct client_ring {
	struct list entries; /* oldest first */
	unsigned count;
};

struct allowances {
	struct hash_key key;
	struct list by_age, unused;
	unsigned touched; /* entries that were ever used, so that memory nobody
			     needs is never taken */
	struct list ring[KEY_RINGS];
	struct client_ring client[CLIENT_RINGS];
	struct entry entry[ALLOWANCES_MAX];
};

enum err
allowances_new(struct random *random, struct allowances **out)
{
	struct allowances *a = calloc(1, sizeof(*a));

	if (!a)
		return ERR_SYSTEM;
	a->key = (struct hash_key){ random_u64(random), random_u64(random) };
	list_init(&a->by_age);
	list_init(&a->unused);
	for (unsigned i = 0; i < KEY_RINGS; i++)
		list_init(&a->ring[i]);
	for (unsigned i = 0; i < CLIENT_RINGS; i++)
		list_init(&a->client[i].entries);
	*out = a;
	return ERR_NONE;
}

void
allowances_free(struct allowances *a)
{
	free(a);
}

static uint32_t
client_ring_of(const struct allowances *a, const struct addr *client)
{
	return (uint32_t)hash_bytes(&a->key, client, sizeof(*client)) %
	       CLIENT_RINGS;
}

static struct list *
ring_of(struct allowances *a, const struct addr *client,
	const struct name *alias)
{
	uint8_t bytes[sizeof(*client) + NAME_MAX_WIRE];

	memcpy(bytes, client, sizeof(*client));
	memcpy(bytes + sizeof(*client), alias->wire, alias->len);
	return &a->ring[hash_bytes(&a->key, bytes,
				   sizeof(*client) + alias->len) %
			KEY_RINGS];
}

static void
drop(struct allowances *a, struct entry *e)
{
	list_remove(&e->by_key);
	list_remove(&e->by_client);
	list_remove(&e->by_age);
	a->client[e->client_ring].count--;
	list_append(&a->unused, &e->by_age);
}

static bool
is_for(const struct entry *e, const struct addr *client,
       const struct name *alias)
{
	return addr_equal(&e->client, client) && name_equal(&e->alias, alias);
}

static struct entry *
entry_of_key(struct list *link)
{
	return LIST_OWNER(link, struct entry, by_key);
}

/* That of this client, alias and origin; NULL where there is none.
 * *crowded: the oldest of too many origins of the alias. */
static struct entry *
find_same(struct list *ring, const struct allowance *what,
	  struct entry **crowded)
{
	struct entry *oldest = NULL;
	unsigned origins = 0;

	for (struct list *l = ring->next; l != ring; l = l->next) {
		struct entry *e = entry_of_key(l);

		if (!is_for(e, what->client, what->alias))
			continue;
		if (name_equal(&e->origin, what->origin))
			return e;
		oldest = oldest ? oldest : e;
		origins++;
	}
	*crowded = origins >= ALLOWANCE_ORIGINS ? oldest : NULL;
	return NULL;
}

static void
renew(struct allowances *a, struct entry *e, const struct allowance *what,
      int64_t now_ms)
{
	bool over = e->until_ms <= now_ms;

	if (over || what->until_ms > e->until_ms)
		e->until_ms = what->until_ms;
	if (over || what->links < e->links)
		e->links = (uint8_t)what->links;
	list_remove(&e->by_age);
	list_append(&a->by_age, &e->by_age);
	list_remove(&e->by_client);
	list_append(&a->client[e->client_ring].entries, &e->by_client);
}

/* The entry that has to go first, or NULL. */
static struct entry *
victim(struct allowances *a, const struct client_ring *own,
       struct entry *crowded)
{
	if (crowded)
		return crowded;
	if (own->count >= ALLOWANCES_CLIENT)
		return LIST_OWNER(own->entries.next, struct entry, by_client);
	if (list_is_empty(&a->unused) && a->touched == ALLOWANCES_MAX)
		return LIST_OWNER(a->by_age.next, struct entry, by_age);
	return NULL;
}

static struct entry *
take_unused(struct allowances *a)
{
	struct entry *e;

	if (list_is_empty(&a->unused))
		return &a->entry[a->touched++];
	e = LIST_OWNER(a->unused.next, struct entry, by_age);
	list_remove(&e->by_age);
	return e;
}

static void
enter(struct allowances *a, struct list *ring, const struct allowance *what,
      uint32_t client_ring)
{
	struct entry *e = take_unused(a);

	e->client = *what->client;
	name_lower(what->alias, &e->alias);
	name_lower(what->origin, &e->origin);
	e->links = (uint8_t)what->links;
	e->until_ms = what->until_ms;
	e->client_ring = client_ring;
	list_append(&a->by_age, &e->by_age);
	list_append(ring, &e->by_key);
	list_append(&a->client[client_ring].entries, &e->by_client);
	a->client[client_ring].count++;
}

bool
allowance_give(struct allowances *a, const struct allowance *what,
	       int64_t now_ms)
{
	struct entry *same, *out, *crowded = NULL;
	bool was_alive = false;
	struct name alias;
	struct list *ring;
	uint32_t own;

	if (what->links > ALLOWANCE_LINKS ||
	    name_equal(what->alias, what->origin))
		return false;
	name_lower(what->alias, &alias);
	ring = ring_of(a, what->client, &alias);
	same = find_same(ring, what, &crowded);
	if (same) {
		renew(a, same, what, now_ms);
		return false;
	}
	own = client_ring_of(a, what->client);
	out = victim(a, &a->client[own], crowded);
	if (out) {
		was_alive = out->until_ms > now_ms;
		drop(a, out);
	}
	enter(a, ring, what, own);
	return was_alive;
}

unsigned
allowance_find(struct allowances *a, const struct addr *client,
	       const struct name *alias, int64_t now_ms,
	       struct allowed out[ALLOWANCE_ORIGINS])
{
	struct list *ring, *l, *next;
	struct name lower;
	unsigned count = 0;

	if (a->client[client_ring_of(a, client)].count == 0)
		return 0;
	name_lower(alias, &lower);
	ring = ring_of(a, client, &lower);
	for (l = ring->next; l != ring; l = next) {
		struct entry *e = entry_of_key(l);

		next = l->next;
		if (e->until_ms <= now_ms)
			drop(a, e);
		else if (count < ALLOWANCE_ORIGINS && is_for(e, client, &lower))
			out[count++] = (struct allowed){ e->origin, e->links };
	}
	return count;
}
