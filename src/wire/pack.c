/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compression of the names we write.
 *
 * A suffix is looked for in the few places that follow its hash; what they
 * point to is our own output, so following it is safe. A name that was made
 * to collide with another costs one comparison and is written plainly:
 * compression is a favour, never a duty.
 */
#include "wire/pack.h"

#include <stdbool.h>
#include <string.h>

enum {
	SLOTS = sizeof(((struct packer *)0)->at) / sizeof(uint16_t),
	PROBES = 4,
	POINTER = 0xc0,
	OFFSET_LIMIT = 0x4000,
	LABELS_MAX = 127
};

/* Where each label begins, and the hash of what begins there. */
struct suffixes {
	unsigned count;
	uint8_t at[LABELS_MAX];
	uint32_t hash[LABELS_MAX];
};

static void
find_suffixes(const struct name *n, struct suffixes *out)
{
	uint32_t hash = 2166136261U; /* FNV-1a, label by label from the end */

	out->count = 0;
	for (size_t at = 0; n->wire[at] != 0; at += 1U + n->wire[at])
		out->at[out->count++] = (uint8_t)at;
	for (unsigned i = out->count; i-- > 0;) {
		const uint8_t *label = n->wire + out->at[i];

		for (size_t j = 0; j <= label[0]; j++)
			hash = (hash ^ name_fold(label[j])) * 16777619U;
		out->hash[i] = hash;
	}
}

/* Whether the name in our output at `at` is the suffix. */
static bool
is_suffix(const struct writer *w, size_t at, const uint8_t *suffix)
{
	for (;;) {
		const uint8_t *b = w->bytes + at;

		if (b[0] >= POINTER) {
			at = (size_t)(b[0] & 0x3f) << 8 | b[1];
			continue;
		}
		for (size_t i = 0; i <= b[0]; i++) {
			if (name_fold(b[i]) != name_fold(suffix[i]))
				return false;
		}
		if (b[0] == 0)
			return true;
		at += 1U + b[0];
		suffix += 1U + b[0];
	}
}

static unsigned
slot_of(uint32_t hash, unsigned probe)
{
	return (hash + probe) % SLOTS;
}

static uint16_t
tag_of(uint32_t hash)
{
	return (uint16_t)(hash >> 16);
}

/* Where a suffix of this hash was written; 0: nowhere that we know of. */
static uint16_t
find_written(const struct packer *p, uint32_t hash)
{
	for (unsigned i = 0; i < PROBES; i++) {
		unsigned slot = slot_of(hash, i);

		if (p->at[slot] != 0 && p->tag[slot] == tag_of(hash))
			return p->at[slot];
	}
	return 0;
}

static void
remember(struct packer *p, uint32_t hash, size_t at)
{
	for (unsigned i = 0; i < PROBES && at < OFFSET_LIMIT; i++) {
		unsigned slot = slot_of(hash, i);

		if (p->at[slot] != 0)
			continue;
		p->at[slot] = (uint16_t)at;
		p->tag[slot] = tag_of(hash);
		return;
	}
}

void
pack_init(struct packer *p)
{
	memset(p->at, 0, sizeof(p->at));
}

void
pack_name(struct packer *p, struct writer *w, const struct name *n)
{
	struct suffixes s;
	size_t start = w->at;
	uint16_t target = 0;
	unsigned plain;

	find_suffixes(n, &s);
	for (plain = 0; plain < s.count; plain++) {
		target = find_written(p, s.hash[plain]);
		if (target != 0)
			break;
	}
	if (target != 0 && !is_suffix(w, target, n->wire + s.at[plain]))
		target = 0;
	if (target != 0) {
		writer_bytes(w, n->wire, s.at[plain]);
		writer_u16(w, (uint16_t)(POINTER << 8 | target));
	} else {
		writer_bytes(w, n->wire, n->len);
	}
	for (unsigned i = 0; i < plain && !w->full; i++)
		remember(p, s.hash[i], start + s.at[i]);
}

void
pack_forget(struct packer *p, size_t at)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		if (p->at[i] >= at)
			p->at[i] = 0;
	}
}
