/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of the past: rows of eight entries, found by a keyed hash, so
 * that writing costs the same however full it is.
 *
 * It promises never to allocate, and to survive its writer's death at any
 * instruction: an entry that was in change then is one that nobody reads, and
 * the first to be used again.
 */
#include "record/past.h"

#include <stdatomic.h>
#include <string.h>

#include "base/random.h"
#include "proc/letter.h"
#include "record/record.h"

enum { ALIGN = 128, IN_A_ROW = 8, READ_TRIES = 4 };

_Static_assert(sizeof(struct past_head) <= ALIGN, "the head fits");
_Static_assert(sizeof(struct past_key) == 304, "the key has no holes");

size_t
past_bytes(uint32_t entries)
{
	return ALIGN + (size_t)entries * sizeof(struct past_entry);
}

static uint32_t
capacity_of(size_t size)
{
	if (size < past_bytes(IN_A_ROW))
		return 0;
	return (uint32_t)((size - ALIGN) / sizeof(struct past_entry)) &
	       ~(uint32_t)(IN_A_ROW - 1);
}

static bool
is_sound(const struct past_head *h, size_t size)
{
	return capacity_of(size) != 0 && h->magic == PAST_MAGIC &&
	       h->version == PAST_VERSION && h->capacity == capacity_of(size);
}

enum err
past_open(void *map, size_t size, struct past *out)
{
	struct past_head *h = map;
	struct random random;

	if (capacity_of(size) == 0)
		return ERR_IMAGE;
	if (!is_sound(h, size)) {
		if (h->magic != 0)
			memset(map, 0, size);
		random_init(&random);
		h->key = (struct hash_key){ random_u64(&random),
					    random_u64(&random) };
		h->version = PAST_VERSION;
		h->capacity = capacity_of(size);
		atomic_thread_fence(memory_order_release);
		h->magic = PAST_MAGIC;
	}
	*out = (struct past){ .head = h,
			      .entry = (void *)((char *)map + ALIGN),
			      .rows = h->capacity / IN_A_ROW };
	return ERR_NONE;
}

void
past_key_set(struct past_key *key, enum past_kind kind, const struct name *name)
{
	struct name lower;

	memset(key, 0, sizeof(*key));
	key->kind = (uint8_t)kind;
	if (!name || name->len == 0)
		return;
	name_lower(name, &lower);
	key->name_len = lower.len;
	memcpy(key->name, lower.wire, lower.len);
}

static bool
is_of(const struct past_entry *e, const struct past_key *key)
{
	return e->kind == key->kind && e->protocol == key->protocol &&
	       e->port == key->port && e->name_len == key->name_len &&
	       addr_equal(&e->client, &key->client) &&
	       addr_equal(&e->address, &key->address) &&
	       memcmp(e->name, key->name, key->name_len) == 0;
}

static bool
is_torn(const struct past_entry *e)
{
	return atomic_load_explicit(&e->version, memory_order_relaxed) % 2 != 0;
}

/* The entry of this key, or the one that is missed least. Refused queries
 * have a half of each row for themselves: who asks for many names that he may
 * not have pushes nothing out that was granted. */
static struct past_entry *
entry_for(struct past *p, const struct past_key *key, bool *fresh_out)
{
	uint64_t hash = hash_bytes(&p->head->key, key, sizeof(*key));
	struct past_entry *row = &p->entry[hash % p->rows * IN_A_ROW];
	unsigned from = key->kind == PAST_DENIED ? IN_A_ROW / 2 : 0;
	unsigned to = from == 0 && key->kind != PAST_REFUSED ? IN_A_ROW / 2
							     : IN_A_ROW;
	struct past_entry *least = &row[from];

	*fresh_out = false;
	for (unsigned i = from; i < to; i++) {
		if (!is_torn(&row[i]) && is_of(&row[i], key))
			return &row[i];
		if (!is_torn(least) &&
		    (is_torn(&row[i]) || row[i].last_ms < least->last_ms))
			least = &row[i];
	}
	*fresh_out = true;
	return least;
}

static void
begin(struct past_entry *e)
{
	uint32_t v = atomic_load_explicit(&e->version, memory_order_relaxed);

	atomic_store_explicit(&e->version, v | 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

struct past_entry *
past_write_begin(struct past *p, const struct past_key *key, int64_t now_ms,
		 bool *fresh_out)
{
	struct past_entry *e = entry_for(p, key, fresh_out);

	begin(e);
	if (*fresh_out) {
		memset((char *)e + sizeof(e->version), 0,
		       sizeof(*e) - sizeof(e->version));
		e->kind = key->kind;
		e->protocol = key->protocol;
		e->port = key->port;
		e->client = key->client;
		e->address = key->address;
		e->name_len = key->name_len;
		memcpy(e->name, key->name, key->name_len);
		e->first_ms = now_ms;
	}
	e->last_ms = now_ms;
	e->count++;
	return e;
}

void
past_write_end(struct past_entry *e)
{
	uint32_t v = atomic_load_explicit(&e->version, memory_order_relaxed);

	atomic_store_explicit(&e->version, v + 1, memory_order_release);
}

enum err
past_look(const void *map, size_t size, struct past_view *out)
{
	const struct past_head *h = map;

	if (!is_sound(h, size))
		return ERR_IMAGE;
	*out = (struct past_view){ .head = h,
				   .entry = (const void *)((const char *)map +
							   ALIGN),
				   .count = h->capacity };
	return ERR_NONE;
}

static bool
can_be_believed(const struct past_entry *e)
{
	return e->kind > PAST_NONE && e->kind < PAST_KINDS &&
	       (e->name_len == 0 || e->name[e->name_len - 1] == 0);
}

bool
past_read(const struct past_view *v, uint32_t at, struct past_entry *out)
{
	const struct past_entry *e = &v->entry[at];

	for (int i = 0; i < READ_TRIES; i++) {
		uint32_t before =
		    atomic_load_explicit(&e->version, memory_order_acquire);

		if (before % 2 != 0 || e->kind == PAST_NONE)
			return false;
		memcpy((char *)out, (const char *)e, sizeof(*out));
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&e->version, memory_order_relaxed) ==
		    before)
			return can_be_believed(out);
	}
	return false;
}

void
past_name(const struct past_entry *e, struct name *out)
{
	out->len = e->name_len;
	memcpy(out->wire, e->name, e->name_len);
}

/* PAST_NONE: such a record says nothing that would be asked for later. */
static enum past_kind
kind_of(const struct record_item *item)
{
	switch ((enum record_kind)item->kind) {
	case RECORD_GRANTED:
		return PAST_GRANTED;
	case RECORD_RESOLVED:
		return PAST_RESOLVED;
	case RECORD_BLOCKED:
		return item->reason == REASON_SPECIAL ? PAST_NONE
						      : PAST_DENIED;
	default:
		return PAST_NONE;
	}
}

void
past_note(struct past *p, const struct record_item *item, uint32_t grace_s,
	  int64_t now_ms)
{
	enum past_kind kind = kind_of(item);
	struct name name = { .len = item->name_len };
	struct past_key key;
	struct past_entry *e;
	int64_t end_ms;
	bool fresh;

	if (kind == PAST_NONE || item->name_len == 0)
		return;
	memcpy(name.wire, item->name, item->name_len);
	past_key_set(&key, kind, &name);
	key.client = item->client;
	if (kind != PAST_DENIED)
		key.address = item->address;
	e = past_write_begin(p, &key, now_ms, &fresh);
	e->ifindex = item->ifindex;
	e->type = item->type;
	e->audit = item->audit;
	e->borrowed = item->borrowed;
	e->on_purpose = item->reason == REASON_NONE;
	end_ms = now_ms + ((int64_t)item->ttl_s + grace_s) * 1000;
	if (kind == PAST_GRANTED && end_ms > e->end_ms)
		e->end_ms = end_ms;
	past_write_end(e);
}
