/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger as those see it who map it: where its parts are, and how an
 * element is read while the warden writes. Nothing found there is trusted as
 * an index, and nothing here writes but shape_begin().
 */
#include "firewall/ledger_shape.h"

#include <stdatomic.h>
#include <string.h>

enum {
	ALIGN = 64,
	READ_TRIES = 4,
	/* for each entry of a set, of which there are four */
	REASONS_PER_ENTRY = 6,
	BLOCKS_PER_ENTRY = 2
};

_Static_assert(sizeof(struct ledger_element) == 64, "an element is a line");
_Static_assert(sizeof(struct ledger_reason) == 32, "two reasons are one");
_Static_assert(sizeof(struct ledger_head) <= ALIGN, "the head fits");

static const size_t bytes_per_entry =
    SET_COUNT * sizeof(struct ledger_element) +
    REASONS_PER_ENTRY * sizeof(struct ledger_reason) +
    BLOCKS_PER_ENTRY * sizeof(struct names_block);

size_t
ledger_bytes(uint32_t set_size)
{
	return ALIGN + (size_t)set_size * bytes_per_entry;
}

bool
shape_of(void *map, size_t size, struct ledger_shape *out)
{
	size_t entries =
	    size < ALIGN ? 0 : (size - ALIGN) / bytes_per_entry;
	char *at = map;

	if (entries == 0 || entries >= LEDGER_NONE / REASONS_PER_ENTRY)
		return false;
	out->capacity = (uint32_t)entries * SET_COUNT;
	out->reasons = (uint32_t)entries * REASONS_PER_ENTRY;
	out->blocks = (uint32_t)entries * BLOCKS_PER_ENTRY;
	out->head = map;
	out->element = (void *)(at + ALIGN);
	out->reason = (void *)(out->element + out->capacity);
	out->block = (void *)(out->reason + out->reasons);
	return true;
}

static bool
is_ledger(const struct ledger_shape *s)
{
	const struct ledger_head *h = s->head;

	return h->magic == LEDGER_MAGIC && h->version == LEDGER_VERSION &&
	       h->capacity == s->capacity && h->reasons == s->reasons &&
	       h->blocks == s->blocks &&
	       atomic_load_explicit(&h->top, memory_order_acquire) <=
		   s->capacity;
}

void
shape_begin(const struct ledger_shape *s, size_t size)
{
	if (is_ledger(s))
		return;
	if (s->head->magic != 0)
		memset((char *)s->head, 0, size);
	*s->head = (struct ledger_head){ .magic = LEDGER_MAGIC,
					 .version = LEDGER_VERSION,
					 .capacity = s->capacity,
					 .reasons = s->reasons,
					 .blocks = s->blocks };
}

const struct ledger_element *
ledger_elements(const void *map, size_t size, uint32_t *count_out)
{
	struct ledger_shape s;

	if (!shape_of((void *)(uintptr_t)map, size, &s) || !is_ledger(&s))
		return NULL;
	*count_out = atomic_load_explicit(&s.head->top, memory_order_acquire);
	return *count_out <= s.capacity ? s.element : NULL;
}

static bool
has_changed(const struct ledger_element *at, uint32_t since)
{
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&at->version, memory_order_relaxed) !=
	       since;
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
		if (!has_changed(at, before)) {
			out->version = before;
			return out->end_ms > now_ms;
		}
	}
	return false;
}

bool
ledger_read_reason(const struct ledger_view *v,
		   const struct ledger_element *from,
		   const struct ledger_element *copy, struct ledger_told *out)
{
	struct ledger_shape s;
	uint32_t next = out->reason.next;

	if (next == 0 || !shape_of((void *)(uintptr_t)v->map, v->size, &s) ||
	    next > s.reasons)
		return false;
	out->reason = s.reason[next - 1];
	if (!names_copy(s.block, s.blocks, out->reason.names, &out->names))
		out->names.len = out->names.links = out->names.borrowed = 0;
	return !has_changed(from, copy->version);
}

bool
ledger_read_last(const struct ledger_view *v,
		 const struct ledger_element *from,
		 const struct ledger_element *copy, struct ledger_told *out)
{
	struct ledger_told one = { .reason.next = copy->reason };
	bool found = false;

	for (unsigned i = 0; i < LEDGER_REASONS &&
			     ledger_read_reason(v, from, copy, &one); i++) {
		if (found && one.reason.end_ms <= out->reason.end_ms)
			continue;
		*out = one;
		found = true;
	}
	return found;
}
