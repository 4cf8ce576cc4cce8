/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sections of an image, and its two hash tables.
 *
 * Everything here takes an image as it is: the indices inside are good only
 * after policy_view() has said so. No look-up loops longer than its table.
 */
#ifndef POLICY_TABLE_H
#define POLICY_TABLE_H

#include <stdint.h>

#include "base/addr.h"
#include "policy/image.h"

static inline const void *
image_at(const struct image_head *h, const struct image_section *s)
{
	return (const char *)h + s->at;
}

static inline const struct image_net *
image_nets(const struct image_head *h)
{
	return image_at(h, &h->nets);
}

static inline const struct image_entry *
image_entries(const struct image_head *h)
{
	return image_at(h, &h->entries);
}

static inline const struct image_rule *
image_rules(const struct image_head *h)
{
	return image_at(h, &h->rules);
}

static inline const struct image_port *
image_ports(const struct image_head *h)
{
	return image_at(h, &h->ports);
}

static inline const struct image_interface *
image_interfaces(const struct image_head *h)
{
	return image_at(h, &h->interfaces);
}

static inline const struct image_list *
image_lists(const struct image_head *h)
{
	return image_at(h, &h->lists);
}

static inline const uint32_t *
image_identities(const struct image_head *h)
{
	return image_at(h, &h->identities);
}

/* The length byte, and behind it the wire name. */
static inline const uint8_t *
image_name(const struct image_head *h, uint32_t name)
{
	return (const uint8_t *)image_at(h, &h->names) + name;
}

/* A domain as it is looked up: lower-cased wire labels and their hash, which
 * is the same for every net. */
struct suffix {
	const uint8_t *wire;
	uint8_t len;
	uint64_t hash;
};

struct suffix table_suffix(const struct image_head *h, const uint8_t *wire,
			   uint8_t len);

/* For the builder: the hashes that decide where something is put. */
uint64_t table_net_hash(const struct image_head *h, const struct net *net);
uint64_t table_entry_hash(const struct suffix *s, uint32_t net);
/* There must be a free slot. */
void table_put(struct image_slot *slots, uint32_t count, uint64_t hash,
	       uint32_t index);

/* Index, or IMAGE_NONE. */
uint32_t table_find_net(const struct image_head *h, const struct net *net);
uint32_t table_find_entry(const struct image_head *h, uint32_t net,
			  const struct suffix *s);
/* The longest net of at most `bits` bits that contains a, or IMAGE_NONE. */
uint32_t table_longest_net(const struct image_head *h, const struct addr *a,
			   int bits);

#endif
