/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slots of one size, all taken from the heap once at start. A slot that was
 * never taken costs no memory of the machine yet.
 *
 * pool_take() and pool_give() cost a few instructions and never fail for
 * want of memory: an empty pool returns NULL, which is an answer.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>

#include "base/err.h"

struct pool {
	void *memory;
	void *free; /* chain through the slots' first word */
	size_t fresh; /* slots from here on were never taken */
	size_t slot_size;
	size_t count;
	size_t in_use;
};

enum err pool_init(struct pool *p, size_t slot_size, size_t count);
void pool_fini(struct pool *p);
/* The slot's bytes are not cleared. */
void *pool_take(struct pool *p);
void pool_give(struct pool *p, void *slot);

#endif
