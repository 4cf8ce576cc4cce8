/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chains of blocks: taken, given back, written and read in pieces. */
#include "cache/blocks.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

enum { LINK = sizeof(uint32_t) };

enum err
blocks_init(struct blocks *b, size_t bytes)
{
	*b = (struct blocks){ .freed = BLOCK_NONE };
	b->count = b->free = (uint32_t)(bytes / BLOCK_SIZE);
	if (b->count == 0)
		return ERR_NONE;
	b->memory =
	    mmap(NULL, (size_t)b->count * BLOCK_SIZE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return b->memory == MAP_FAILED ? ERR_SYSTEM : ERR_NONE;
}

void
blocks_fini(struct blocks *b)
{
	if (b->count > 0 && b->memory != MAP_FAILED)
		munmap(b->memory, (size_t)b->count * BLOCK_SIZE);
}

void *
block_at(const struct blocks *b, uint32_t block)
{
	return b->memory + (size_t)block * BLOCK_SIZE;
}

static uint32_t *
link_of(const struct blocks *b, uint32_t block)
{
	return block_at(b, block);
}

uint32_t
blocks_for(size_t head, size_t len)
{
	size_t first = BLOCK_SIZE - head;
	size_t rest = len > first ? len - first : 0;

	return 1 +
	       (uint32_t)((rest + BLOCK_SIZE - LINK - 1) / (BLOCK_SIZE - LINK));
}

static uint32_t
take_one(struct blocks *b)
{
	uint32_t block = b->freed;

	assert(b->free > 0);
	b->free--;
	if (block == BLOCK_NONE)
		return b->fresh++;
	b->freed = *link_of(b, block);
	return block;
}

uint32_t
blocks_take(struct blocks *b, uint32_t count)
{
	uint32_t first = BLOCK_NONE;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t block = take_one(b);

		*link_of(b, block) = first;
		first = block;
	}
	return first;
}

void
blocks_give(struct blocks *b, uint32_t first)
{
	while (first != BLOCK_NONE) {
		uint32_t next = *link_of(b, first);

		*link_of(b, first) = b->freed;
		b->freed = first;
		b->free++;
		first = next;
	}
}

/* A piece of a chain that lies in one block. */
static uint8_t *
piece(const struct blocks *b, struct spread *s, size_t *len)
{
	size_t room = BLOCK_SIZE - s->head;

	while (s->at >= room) {
		s->at -= room;
		s->first = *link_of(b, s->first);
		s->head = LINK;
		room = BLOCK_SIZE - LINK;
	}
	if (*len > room - s->at)
		*len = room - s->at;
	return (uint8_t *)block_at(b, s->first) + s->head + s->at;
}

void
blocks_write(struct blocks *b, const struct spread *s, const void *bytes,
	     size_t len)
{
	struct spread to = *s;
	const uint8_t *from = bytes;

	while (len > 0) {
		size_t n = len;
		uint8_t *at = piece(b, &to, &n);

		memcpy(at, from, n);
		from += n;
		to.at += n;
		len -= n;
	}
}

void
blocks_read(const struct blocks *b, const struct spread *s, void *bytes,
	    size_t len)
{
	struct spread from = *s;
	uint8_t *to = bytes;

	while (len > 0) {
		size_t n = len;
		const uint8_t *at = piece(b, &from, &n);

		memcpy(to, at, n);
		to += n;
		from.at += n;
		len -= n;
	}
}
