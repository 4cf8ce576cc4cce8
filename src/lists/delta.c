/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes to a zone, held in memory beside the copy on disk.
 *
 * A primary says what it likes, so the table is keyed: nobody can choose
 * records that meet in it. What a record is called is all of it but its TTL.
 */
#include "lists/delta.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"

enum { SLOTS_FIRST = 256 };

void
delta_init(struct delta *d)
{
	struct random random;

	random_init(&random);
	*d = (struct delta){ .key = { .k0 = random_u64(&random),
				      .k1 = random_u64(&random) } };
}

void
delta_fini(struct delta *d)
{
	free(d->bytes);
	free(d->entry);
	free(d->slot);
	*d = (struct delta){ 0 };
}

static void
record_in(const struct delta *d, size_t i, struct zone_record *out)
{
	struct reader r = reader_of(d->bytes, d->len);

	r.at = d->entry[i].at;
	record_borrow(&r, out);
}

static uint64_t
hash_of(const struct delta *d, const struct zone_record *r)
{
	struct hash_key key = d->key;

	key.k0 ^= hash_bytes(&d->key, r->owner, r->owner_len);
	key.k1 += r->type;
	return hash_bytes(&key, r->rdata, r->rdata_len);
}

/* Where the record is, or where it would be. */
static size_t
slot_of(const struct delta *d, const struct zone_record *r)
{
	size_t slot = hash_of(d, r) & (d->slots - 1);
	struct zone_record other;

	while (d->slot[slot] != 0) {
		record_in(d, d->slot[slot] - 1, &other);
		if (record_compare(&other, r) == 0)
			break;
		slot = (slot + 1) & (d->slots - 1);
	}
	return slot;
}

enum delta_state
delta_of(const struct delta *d, const struct zone_record *r)
{
	uint32_t number = d->slots > 0 ? d->slot[slot_of(d, r)] : 0;

	return number > 0 ? d->entry[number - 1].state : DELTA_UNKNOWN;
}

/* ---- room --------------------------------------------------------------- */

static enum err
more_slots(struct delta *d)
{
	size_t slots = d->slots > 0 ? d->slots * 2 : SLOTS_FIRST;
	uint32_t *old = d->slot;

	if (d->count < d->slots / 2)
		return ERR_NONE;
	d->slot = calloc(slots, sizeof(*d->slot));
	if (d->slot == NULL) {
		d->slot = old;
		return ERR_FULL;
	}
	free(old);
	d->slots = slots;
	for (size_t i = 0; i < d->count; i++) {
		struct zone_record r;

		record_in(d, i, &r);
		d->slot[slot_of(d, &r)] = (uint32_t)i + 1;
	}
	return ERR_NONE;
}

static enum err
more_entries(struct delta *d)
{
	size_t entries = d->entries > 0 ? d->entries * 2 : SLOTS_FIRST;
	void *entry;

	if (d->count < d->entries)
		return ERR_NONE;
	if (d->count >= INT32_MAX)
		return ERR_FULL;
	entry = reallocarray(d->entry, entries, sizeof(*d->entry));
	if (entry == NULL)
		return ERR_FULL;
	d->entry = entry;
	d->entries = entries;
	return ERR_NONE;
}

static enum err
more_bytes(struct delta *d, size_t more)
{
	size_t room = (d->len + more) * 2;
	void *bytes;

	if (d->room - d->len >= more)
		return ERR_NONE;
	bytes = realloc(d->bytes, room);
	if (bytes == NULL)
		return ERR_FULL;
	d->bytes = bytes;
	d->room = room;
	return ERR_NONE;
}

/* ---- change ------------------------------------------------------------- */

/* A record that comes again may have another TTL. */
static void
change(struct delta *d, uint32_t number, const struct zone_record *r,
       enum delta_state state)
{
	struct delta_entry *e = &d->entry[number];

	e->state = state;
	record_write(r, d->bytes + e->at);
}

enum err
delta_set(struct delta *d, const struct zone_record *r, enum delta_state state)
{
	size_t size = record_size(r), slot;

	if (more_slots(d) != ERR_NONE || more_entries(d) != ERR_NONE ||
	    more_bytes(d, size) != ERR_NONE)
		return ERR_FULL;
	slot = slot_of(d, r);
	if (d->slot[slot] != 0) {
		change(d, d->slot[slot] - 1, r, state);
		return ERR_NONE;
	}
	record_write(r, d->bytes + d->len);
	d->entry[d->count++] = (struct delta_entry){ d->len, state };
	d->slot[slot] = (uint32_t)d->count;
	d->len += size;
	return ERR_NONE;
}

/* ---- in order ----------------------------------------------------------- */

static int
by_record(const void *a, const void *b, void *arg)
{
	const struct delta *d = arg;
	const struct delta_entry *ea = a, *eb = b;
	struct reader ra = reader_of(d->bytes, d->len), rb = ra;
	struct zone_record one, other;

	ra.at = ea->at;
	rb.at = eb->at;
	record_borrow(&ra, &one);
	record_borrow(&rb, &other);
	return record_compare(&one, &other);
}

void
delta_sort(struct delta *d)
{
	free(d->slot);
	d->slot = NULL;
	d->slots = 0;
	if (d->count > 1)
		qsort_r(d->entry, d->count, sizeof(*d->entry), by_record, d);
}

enum delta_state
delta_at(const struct delta *d, size_t i, struct zone_record *out)
{
	record_in(d, i, out);
	return d->entry[i].state;
}
