/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger, kept by the warden and read by whoever maps it.
 *
 * It exists so that a grant is never shortened, so that every entry of the
 * kernel can be explained by a rule, and so that a warden that died leaves
 * its successor all it knew. It promises never to allocate after
 * ledger_open(), and to survive its writer's death at any instruction: an
 * element that was in change then is dropped, and comes back from the
 * kernel's own list.
 */
#include "firewall/ledger.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64, READ_TRIES = 4 };

struct slot {
	uint32_t next; /* of its hash chain, or of the free slots */
	bool taken, marked;
};

struct ledger {
	struct ledger_head *head;
	struct ledger_element *element;
	struct slot *slot;
	uint32_t *bucket; /* first slots of the hash chains */
	uint32_t mask;
	uint32_t capacity, top, free;
	uint32_t live[SET_COUNT];
	struct hash_key hash;
};

_Static_assert(sizeof(struct ledger_key) == 44, "the key has no holes");
_Static_assert(sizeof(struct ledger_head) <= ALIGN, "the head fits");

size_t
ledger_bytes(uint32_t set_size)
{
	return ALIGN +
	       (size_t)set_size * SET_COUNT * sizeof(struct ledger_element);
}

static uint32_t
capacity_of(size_t size)
{
	if (size < ALIGN)
		return 0;
	size = (size - ALIGN) / sizeof(struct ledger_element);
	return size < LEDGER_NONE ? (uint32_t)size : 0;
}

const struct ledger_element *
ledger_elements(const void *map, size_t size, uint32_t *count_out)
{
	const struct ledger_head *h = map;
	uint32_t capacity = capacity_of(size), top;

	if (capacity == 0 || h->magic != LEDGER_MAGIC ||
	    h->version != LEDGER_VERSION || h->capacity != capacity)
		return NULL;
	top = atomic_load_explicit(&h->top, memory_order_acquire);
	if (top > capacity)
		return NULL;
	*count_out = top;
	return (const void *)((const char *)map + ALIGN);
}

bool
ledger_read(const struct ledger_element *at, int64_t now_ms,
	    struct ledger_element *out)
{
	for (int i = 0; i < READ_TRIES; i++) {
		uint32_t before =
		    atomic_load_explicit(&at->version, memory_order_acquire);

		if (before % 2 != 0)
			continue;
		memcpy((char *)out, (const char *)at, sizeof(*out));
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&at->version, memory_order_relaxed) ==
		    before)
			return out->end_ms > now_ms;
	}
	return false;
}

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
clear(struct ledger_element *e)
{
	write_begin(e);
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
			continue;
		}
		clear(e);
		l->slot[i].next = l->free;
		l->free = i;
	}
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

/* A ledger of another shape is begun anew: the kernel's list fills it. */
static void
begin_anew(struct ledger_head *h, size_t size)
{
	if (h->magic != 0)
		memset((char *)h, 0, size);
	*h = (struct ledger_head){ .magic = LEDGER_MAGIC,
				   .version = LEDGER_VERSION,
				   .capacity = capacity_of(size) };
}

enum err
ledger_open(void *map, size_t size, const struct hash_key *hash,
	    struct ledger **out)
{
	struct ledger *l;
	uint32_t count;

	if (capacity_of(size) == 0)
		return ERR_IMAGE;
	if (ledger_elements(map, size, &count) == NULL)
		begin_anew(map, size);
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return ERR_FULL;
	l->head = map;
	l->element = (void *)((char *)map + ALIGN);
	l->capacity = capacity_of(size);
	l->hash = *hash;
	if (make_tables(l) != ERR_NONE) {
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
	write_end(e);
	chain_in(l, slot, key);
	return slot;
}

/* The one of the same rule, or the one that is missed least. */
static struct ledger_reason *
reason_for(struct ledger_element *e, uint64_t identity)
{
	struct ledger_reason *least = &e->reason[0];

	for (unsigned i = 0; i < LEDGER_REASONS; i++) {
		struct ledger_reason *r = &e->reason[i];

		if (r->end_ms > 0 && r->identity == identity)
			return r;
		if (r->end_ms < least->end_ms)
			least = r;
	}
	return least;
}

/* Shows the reason that ends last; its end. */
static int64_t
show_last_reason(struct ledger_element *e)
{
	const struct ledger_reason *last = &e->reason[0];

	for (unsigned i = 1; i < LEDGER_REASONS; i++) {
		if (e->reason[i].end_ms > last->end_ms)
			last = &e->reason[i];
	}
	e->identity = last->identity;
	e->line = last->line;
	return last->end_ms;
}

void
ledger_renew(struct ledger *l, uint32_t slot,
	     const struct ledger_reason *reason)
{
	struct ledger_element *e = &l->element[slot];
	struct ledger_reason *r = reason_for(e, reason->identity);
	int64_t end = reason->end_ms;

	write_begin(e);
	if (r->identity == reason->identity && r->end_ms > end)
		end = r->end_ms;
	*r = *reason;
	r->end_ms = end;
	show_last_reason(e);
	if (end > e->end_ms)
		e->end_ms = end;
	write_end(e);
}

void
ledger_set_end(struct ledger *l, uint32_t slot, int64_t end_ms)
{
	struct ledger_element *e = &l->element[slot];

	write_begin(e);
	if (show_last_reason(e) == 0)
		e->reason[0].end_ms = end_ms;
	e->end_ms = end_ms;
	write_end(e);
}

int64_t
ledger_strike(struct ledger *l, uint32_t slot, ledger_strike_fn *gone,
	      void *arg)
{
	struct ledger_element *e = &l->element[slot];
	bool struck[LEDGER_REASONS];
	int64_t end;

	for (unsigned i = 0; i < LEDGER_REASONS; i++)
		struck[i] =
		    e->reason[i].end_ms > 0 && gone(arg, e, &e->reason[i]);
	write_begin(e);
	for (unsigned i = 0; i < LEDGER_REASONS; i++) {
		if (struck[i])
			e->reason[i] = (struct ledger_reason){ 0 };
	}
	end = show_last_reason(e);
	write_end(e);
	return end;
}

void
ledger_drop(struct ledger *l, uint32_t slot)
{
	struct ledger_key key;

	ledger_key_of(&l->element[slot], &key);
	chain_out(l, slot, &key);
	clear(&l->element[slot]);
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
