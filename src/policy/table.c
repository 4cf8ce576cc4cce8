/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hash tables of an image: open addressing with linear probing, keyed by
 * SipHash, so that nobody who chooses names can choose where they fall.
 *
 * A name's suffix is hashed once and then mixed with each net's index, which
 * is what makes a client in several nets cheap.
 */
#include "policy/table.h"

#include <string.h>

#include "base/hash.h"

/* Spreads every bit over the others (the finalizer of MurmurHash3). */
static uint64_t
mix(uint64_t h)
{
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccd;
	h ^= h >> 33;
	h *= 0xc4ceb9fe1a85ec53;
	return h ^ h >> 33;
}

struct suffix
table_suffix(const struct image_head *h, const uint8_t *wire, uint8_t len)
{
	return (struct suffix){ wire, len, hash_bytes(&h->key, wire, len) };
}

uint64_t
table_net_hash(const struct image_head *h, const struct net *net)
{
	return hash_bytes(&h->key, net, sizeof(*net));
}

uint64_t
table_entry_hash(const struct suffix *s, uint32_t net)
{
	return mix(s->hash + net);
}

static uint32_t
tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

void
table_put(struct image_slot *slots, uint32_t count, uint64_t hash,
	  uint32_t index)
{
	uint32_t at = (uint32_t)hash & (count - 1);

	while (slots[at].index != IMAGE_NONE)
		at = (at + 1) & (count - 1);
	slots[at] = (struct image_slot){ index, tag_of(hash) };
}

uint32_t
table_find_net(const struct image_head *h, const struct net *net)
{
	const struct image_slot *slots = image_at(h, &h->net_slots);
	const struct image_net *nets = image_nets(h);
	uint64_t hash = table_net_hash(h, net);
	uint32_t count = h->net_slots.count;

	for (uint32_t i = 0; i < count; i++) {
		const struct image_slot *s =
		    &slots[((uint32_t)hash + i) & (count - 1)];

		if (s->index == IMAGE_NONE)
			break;
		if (s->tag == tag_of(hash) &&
		    memcmp(&nets[s->index].net, net, sizeof(*net)) == 0)
			return s->index;
	}
	return IMAGE_NONE;
}

uint32_t
table_find_entry(const struct image_head *h, uint32_t net,
		 const struct suffix *suffix)
{
	const struct image_slot *slots = image_at(h, &h->entry_slots);
	const struct image_entry *entries = image_entries(h);
	uint64_t hash = table_entry_hash(suffix, net);
	uint32_t count = h->entry_slots.count;

	for (uint32_t i = 0; i < count; i++) {
		const struct image_slot *s =
		    &slots[((uint32_t)hash + i) & (count - 1)];

		if (s->index == IMAGE_NONE)
			break;
		if (s->tag != tag_of(hash) || entries[s->index].net != net)
			continue;

		const uint8_t *name = image_name(h, entries[s->index].name);

		if (name[0] == suffix->len &&
		    memcmp(name + 1, suffix->wire, suffix->len) == 0)
			return s->index;
	}
	return IMAGE_NONE;
}

static bool
length_occurs(const struct image_head *h, uint8_t family, unsigned bits)
{
	uint64_t set = family == 4 ? h->lengths4 : h->lengths6[bits / 64];

	return set >> bits % 64 & 1;
}

uint32_t
table_longest_net(const struct image_head *h, const struct addr *a, int bits)
{
	struct net key;

	memset(&key, 0, sizeof(key));
	key.addr.family = a->family;
	memcpy(key.addr.byte, a->byte, a->family == 4 ? 4 : 16);
	for (; bits >= 0; bits--) {
		if (!length_occurs(h, a->family, (unsigned)bits))
			continue;
		addr_mask(&key.addr, (unsigned)bits);
		key.bits = (uint8_t)bits;

		uint32_t found = table_find_net(h, &key);

		if (found != IMAGE_NONE)
			return found;
	}
	return IMAGE_NONE;
}
