/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of fixed size in blocks, and things that lie in chains of them.
 *
 * Blocks are touched only when they are first taken, so that memory that was
 * never needed is never there.
 */
#ifndef CACHE_BLOCKS_H
#define CACHE_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { BLOCK_SIZE = 256, BLOCK_NONE = 0xffffffff };

/* Every block begins with the number of the next one of its chain. */
struct blocks {
	uint8_t *memory;
	uint32_t count; /* in all */
	uint32_t fresh; /* this one and those behind it were never taken */
	uint32_t freed; /* chain of those that were given back */
	uint32_t free;	/* how many there are of both kinds */
};

enum err blocks_init(struct blocks *b, size_t bytes);
void blocks_fini(struct blocks *b);

/* How many blocks hold `head` bytes at the beginning of the first, and `len`
 * behind them and in the others. */
uint32_t blocks_for(size_t head, size_t len);
/* The first of a chain of count blocks; count <= b->free. */
uint32_t blocks_take(struct blocks *b, uint32_t count);
void blocks_give(struct blocks *b, uint32_t first);
void *block_at(const struct blocks *b, uint32_t block);

/* Bytes of a chain, counted from behind `head`. */
struct spread {
	uint32_t first;
	size_t head; /* with the four bytes of the chain's link */
	size_t at;
};
void blocks_write(struct blocks *b, const struct spread *s, const void *bytes,
		  size_t len);
void blocks_read(const struct blocks *b, const struct spread *s, void *bytes,
		 size_t len);

#endif
