/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of hashes in small rows. An event that finds its row full takes
 * the place of the one whose time is over first; how often that one was left
 * out is then only part of the sum.
 */
#include "record/repeat.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "wire/name.h"

enum { ROWS = 4096, IN_A_ROW = 4 };

struct repeat_slot {
	uint64_t tag;
	int64_t until_ms; /* 0: free */
	uint64_t left_out;
};

enum err
repeat_init(struct repeat *r, uint32_t time_s)
{
	struct random random;

	*r = (struct repeat){ .time_ms = (int64_t)time_s * 1000 };
	if (time_s == 0)
		return ERR_NONE;
	random_init(&random);
	r->key = (struct hash_key){ random_u64(&random), random_u64(&random) };
	r->slot = calloc(ROWS * IN_A_ROW, sizeof(*r->slot));
	return r->slot ? ERR_NONE : ERR_SYSTEM;
}

void
repeat_fini(struct repeat *r)
{
	free(r->slot);
	*r = (struct repeat){ 0 };
}

/* What makes two events the same, without a byte of padding. */
struct sameness {
	struct addr client, address;
	uint16_t port, number;
	uint8_t kind, protocol, reason, name_len;
	uint8_t name[256];
};

static uint64_t
tag_of(const struct repeat *r, const struct record_item *item)
{
	struct sameness s = {
		.client = item->client,
		.address = item->address,
		.port = item->port,
		.number = item->number,
		.kind = item->kind,
		.protocol = item->protocol,
		.reason = item->reason,
		.name_len = item->name_len,
	};

	for (unsigned i = 0; i < item->name_len; i++)
		s.name[i] = (uint8_t)name_fold(item->name[i]);
	return hash_bytes(&r->key, &s, sizeof(s));
}

static struct repeat_slot *
slot_for(struct repeat *r, uint64_t tag)
{
	struct repeat_slot *row = &r->slot[tag % ROWS * IN_A_ROW];
	struct repeat_slot *first = row;

	for (unsigned i = 0; i < IN_A_ROW; i++) {
		if (row[i].tag == tag && row[i].until_ms != 0)
			return &row[i];
		if (row[i].until_ms < first->until_ms)
			first = &row[i];
	}
	*first = (struct repeat_slot){ .tag = tag };
	return first;
}

bool
repeat_may(struct repeat *r, const struct record_item *item, int64_t now_ms,
	   uint64_t *repeated_out)
{
	struct repeat_slot *slot;

	*repeated_out = 0;
	if (r->time_ms == 0)
		return true;
	slot = slot_for(r, tag_of(r, item));
	if (now_ms < slot->until_ms) {
		slot->left_out++;
		r->left_out++;
		return false;
	}
	*repeated_out = slot->left_out;
	slot->left_out = 0;
	slot->until_ms = now_ms + r->time_ms;
	return true;
}
