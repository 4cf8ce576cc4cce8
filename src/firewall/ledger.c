/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger, kept by the warden and read by whoever maps it.
 *
 * It exists so that a grant is never shortened, so that every entry of the
 * kernel can be explained by a rule, and so that a warden that died leaves
 * its successor all it knew. It promises never to allocate after
 * ledger_open(), and to survive its writer's death at any instruction: an
 * element that was in change then is dropped, and comes back from the
 * kernel's own list. Where reasons or names find no room, the grant stands
 * without them.
 */
#include "firewall/ledger.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/ledger_shape.h"
#include "firewall/reasons.h"

struct slot {
	uint32_t next; /* of its hash chain, or of the free slots */
	bool taken, marked;
};

struct ledger {
	struct ledger_head *head;
	struct ledger_element *element;
	struct reasons *reasons;
	struct slot *slot;
	uint32_t *bucket; /* first slots of the hash chains */
	uint32_t mask;
	uint32_t capacity, top, free;
	uint32_t live[SET_COUNT];
	struct hash_key hash;
};

_Static_assert(sizeof(struct ledger_key) == 44, "the key has no holes");
static void
write_begin(struct ledger_element *e)
{
	uint32_t v = atomic_load_explicit(&e->version, memory_order_relaxed);

	atomic_store_explicit(&e->version, v | 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

static void
write_end(struct ledger_element *e)
{
	uint32_t v = atomic_load_explicit(&e->version, memory_order_relaxed);

	atomic_store_explicit(&e->version, v + 1, memory_order_release);
}

static void
clear(struct ledger *l, struct ledger_element *e)
{
	write_begin(e);
	reasons_drop(l->reasons, &e->reason);
	memset((char *)e + sizeof(e->version), 0,
	       sizeof(*e) - sizeof(e->version));
	write_end(e);
}

void
ledger_key_of(const struct ledger_element *e, struct ledger_key *out)
{
	*out = (struct ledger_key){ .set = e->set,
				    .protocol = e->protocol,
				    .port = e->port,
				    .client = e->client,
				    .destination = e->destination };
}

static uint32_t *
bucket_of(const struct ledger *l, const struct ledger_key *key)
{
	return &l->bucket[hash_bytes(&l->hash, key, sizeof(*key)) & l->mask];
}

static void
chain_in(struct ledger *l, uint32_t slot, const struct ledger_key *key)
{
	uint32_t *first = bucket_of(l, key);

	l->slot[slot] = (struct slot){ .next = *first, .taken = true };
	*first = slot;
	l->live[key->set]++;
}

static void
chain_out(struct ledger *l, uint32_t slot, const struct ledger_key *key)
{
	uint32_t *at = bucket_of(l, key);

	while (*at != slot)
		at = &l->slot[*at].next;
	*at = l->slot[slot].next;
	l->slot[slot] = (struct slot){ .next = l->free };
	l->free = slot;
	l->live[key->set]--;
}

/* Whether an element that another process left can be believed. */
static bool
is_sound(const struct ledger_element *e)
{
	bool local = e->set == SET_V4_LOCAL || e->set == SET_V6_LOCAL;
	uint8_t family = e->set == SET_V4 || e->set == SET_V4_LOCAL ? 4 : 6;

	return atomic_load_explicit(&e->version, memory_order_relaxed) % 2 ==
		   0 &&
	       e->end_ms > 0 && e->set < SET_COUNT && e->port != 0 &&
	       e->destination.family == family &&
	       e->client.family == (local ? 0 : family);
}

static void
take_over(struct ledger *l)
{
	struct ledger_key key;

	l->top = atomic_load_explicit(&l->head->top, memory_order_relaxed);
	for (uint32_t i = 0; i < l->top; i++) {
		struct ledger_element *e = &l->element[i];

		ledger_key_of(e, &key);
		if (is_sound(e) && ledger_find(l, &key) == LEDGER_NONE) {
			chain_in(l, i, &key);
			reasons_claim(l->reasons, &e->reason);
			continue;
		}
		e->reason = 0;
		clear(l, e);
		l->slot[i].next = l->free;
		l->free = i;
	}
	reasons_settle(l->reasons);
}

static uint32_t
buckets_for(uint32_t capacity)
{
	uint32_t n = 64;

	while (n < capacity && n < 1u << 31)
		n *= 2;
	return n;
}

static enum err
make_tables(struct ledger *l)
{
	uint32_t buckets = buckets_for(l->capacity);

	l->slot = calloc(l->capacity, sizeof(*l->slot));
	l->bucket = malloc(buckets * sizeof(*l->bucket));
	if (l->slot == NULL || l->bucket == NULL)
		return ERR_FULL;
	memset(l->bucket, 0xff, buckets * sizeof(*l->bucket));
	l->mask = buckets - 1;
	l->free = LEDGER_NONE;
	return ERR_NONE;
}

enum err
ledger_open(void *map, size_t size, const struct hash_key *hash,
	    struct ledger **out)
{
	struct ledger_shape shape;
	struct ledger *l;

	if (!shape_of(map, size, &shape))
		return ERR_IMAGE;
	shape_begin(&shape, size);
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return ERR_FULL;
	l->head = shape.head;
	l->element = shape.element;
	l->capacity = shape.capacity;
	l->hash = *hash;
	if (make_tables(l) != ERR_NONE ||
	    reasons_open(&shape, hash, &l->reasons) != ERR_NONE) {
		ledger_close(l);
		return ERR_FULL;
	}
	take_over(l);
	*out = l;
	return ERR_NONE;
}

void
ledger_close(struct ledger *l)
{
	if (l->reasons != NULL)
		reasons_close(l->reasons);
	free(l->slot);
	free(l->bucket);
	free(l);
}

uint32_t
ledger_capacity(const struct ledger *l)
{
	return l->capacity;
}

uint32_t
ledger_live(const struct ledger *l, enum set_index set)
{
	return l->live[set];
}

uint32_t
ledger_lasting(const struct ledger *l, enum set_index set, int64_t time_ms)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < l->top; i++)
		count += l->slot[i].taken && l->element[i].set == set &&
			 l->element[i].end_ms > time_ms;
	return count;
}

uint32_t
ledger_top(const struct ledger *l)
{
	return l->top;
}

const struct ledger_element *
ledger_at(const struct ledger *l, uint32_t slot)
{
	return slot < l->top && l->slot[slot].taken ? &l->element[slot] : NULL;
}

uint32_t
ledger_find(const struct ledger *l, const struct ledger_key *key)
{
	uint32_t at = *bucket_of(l, key);

	for (; at != LEDGER_NONE; at = l->slot[at].next) {
		struct ledger_key there;

		ledger_key_of(&l->element[at], &there);
		if (memcmp(&there, key, sizeof(there)) == 0)
			return at;
	}
	return LEDGER_NONE;
}

static uint32_t
grow(struct ledger *l)
{
	atomic_store_explicit(&l->head->top, l->top + 1, memory_order_release);
	return l->top++;
}

uint32_t
ledger_enter(struct ledger *l, const struct ledger_key *key)
{
	struct ledger_element *e;
	uint32_t slot = l->free;

	assert(ledger_find(l, key) == LEDGER_NONE);
	if (slot != LEDGER_NONE)
		l->free = l->slot[slot].next;
	else if (l->top < l->capacity)
		slot = grow(l);
	else
		return LEDGER_NONE;
	e = &l->element[slot];
	write_begin(e);
	e->set = key->set;
	e->protocol = key->protocol;
	e->port = key->port;
	e->client = key->client;
	e->destination = key->destination;
	e->end_ms = 0;
	e->reason = e->line = 0;
	write_end(e);
	chain_in(l, slot, key);
	return slot;
}

void
ledger_renew(struct ledger *l, uint32_t slot, const struct ledger_told *told)
{
	struct ledger_element *e = &l->element[slot];

	write_begin(e);
	reasons_renew(l->reasons, &e->reason, told);
	reasons_last(l->reasons, e->reason, &e->line);
	if (told->reason.end_ms > e->end_ms)
		e->end_ms = told->reason.end_ms;
	write_end(e);
}

void
ledger_set_end(struct ledger *l, uint32_t slot, int64_t end_ms)
{
	const struct ledger_told unknown = { .reason.end_ms = end_ms };
	struct ledger_element *e = &l->element[slot];

	if (end_ms > 0 && reasons_last(l->reasons, e->reason, &e->line) == 0)
		ledger_renew(l, slot, &unknown);
	write_begin(e);
	e->end_ms = end_ms;
	write_end(e);
}

int64_t
ledger_strike(struct ledger *l, uint32_t slot, ledger_strike_fn *gone,
	      void *arg)
{
	struct ledger_element *e = &l->element[slot];
	struct reasons_strike strike = { gone, arg, e };
	int64_t end;

	write_begin(e);
	reasons_strike(l->reasons, &e->reason, &strike);
	end = reasons_last(l->reasons, e->reason, &e->line);
	write_end(e);
	return end;
}

void
ledger_drop(struct ledger *l, uint32_t slot)
{
	struct ledger_key key;

	ledger_key_of(&l->element[slot], &key);
	chain_out(l, slot, &key);
	clear(l, &l->element[slot]);
}

void
ledger_mark(struct ledger *l, uint32_t slot)
{
	l->slot[slot].marked = true;
}

bool
ledger_is_marked(const struct ledger *l, uint32_t slot)
{
	return l->slot[slot].marked;
}

void
ledger_unmark_all(struct ledger *l)
{
	for (uint32_t i = 0; i < l->top; i++)
		l->slot[i].marked = false;
}
