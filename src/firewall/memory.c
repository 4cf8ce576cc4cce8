/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker's memory of grants.
 *
 * Rows of eight slots; a key has its row, and where the row is full the
 * grant that ends first makes room. Nothing is ever searched for longer than
 * a row, and nothing is allocated after memory_init().
 */
#include "firewall/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "firewall/names.h"

enum { ROW = 8, COUNT_MIN = 64 };

/* Each rule and each name asked has its own: the warden is to know all the
 * reasons of an entry. */
struct memory_key {
	struct addr client, destination;
	uint16_t port;
	uint8_t protocol;
	uint8_t flags;
	uint32_t rule;
	uint64_t mark;
};

struct memory_slot {
	struct memory_key key;
	uint32_t age;
	int64_t end_ms;
};

_Static_assert(sizeof(struct memory_key) == 56, "the key has no holes");

static struct memory_key
key_of(const struct grant_item *item, uint64_t mark)
{
	return (struct memory_key){ .client = item->client,
				    .destination = item->destination,
				    .port = item->port,
				    .protocol = item->protocol,
				    .flags = item->flags,
				    .rule = item->rule,
				    .mark = mark };
}

enum err
memory_init(struct memory *m, uint32_t count)
{
	struct random random;
	uint32_t n = COUNT_MIN;

	while (n < count && n < 1u << 30)
		n *= 2;
	random_init(&random);
	*m =
	    (struct memory){ .mask = (n - 1) & ~(uint32_t)(ROW - 1), .age = 1 };
	m->hash.k0 = random_u64(&random);
	m->hash.k1 = random_u64(&random);
	m->slot = calloc(n, sizeof(*m->slot));
	return m->slot != NULL ? ERR_NONE : ERR_FULL;
}

void
memory_fini(struct memory *m)
{
	free(m->slot);
	m->slot = NULL;
}

static struct memory_slot *
row_of(const struct memory *m, const struct memory_key *key)
{
	return &m->slot[hash_bytes(&m->hash, key, sizeof(*key)) & m->mask];
}

uint64_t
memory_mark(const struct memory *m, const struct grant_names *names)
{
	return hash_bytes(&m->hash, names->bytes, names_asked_len(names));
}

int64_t
memory_end(const struct memory *m, const struct grant_item *item,
	   uint64_t mark)
{
	struct memory_key key = key_of(item, mark);
	const struct memory_slot *row = row_of(m, &key);

	for (unsigned i = 0; i < ROW; i++) {
		if (row[i].age == m->age &&
		    memcmp(&row[i].key, &key, sizeof(key)) == 0)
			return row[i].end_ms;
	}
	return 0;
}

/* The key's own slot, an empty one, or the one that ends first. */
static struct memory_slot *
slot_for(struct memory *m, const struct memory_key *key)
{
	struct memory_slot *row = row_of(m, key), *best = &row[0];

	for (unsigned i = 0; i < ROW; i++) {
		if (row[i].age != m->age) {
			best = &row[i];
			continue;
		}
		if (memcmp(&row[i].key, key, sizeof(*key)) == 0)
			return &row[i];
		if (best->age == m->age && row[i].end_ms < best->end_ms)
			best = &row[i];
	}
	return best;
}

void
memory_keep(struct memory *m, const struct memory_grant *grant)
{
	struct memory_key key = key_of(grant->item, grant->mark);
	struct memory_slot *s = slot_for(m, &key);

	if (s->age == m->age && memcmp(&s->key, &key, sizeof(key)) == 0 &&
	    s->end_ms >= grant->end_ms)
		return;
	*s = (struct memory_slot){ .key = key,
				   .age = m->age,
				   .end_ms = grant->end_ms };
}

void
memory_forget_all(struct memory *m)
{
	/* Where the age comes round, what is oldest would be new again. */
	if (++m->age != 0)
		return;
	memset(m->slot, 0, ((size_t)m->mask + ROW) * sizeof(*m->slot));
	m->age = 1;
}
