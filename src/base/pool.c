/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A heap of equal slots, chained through their own first word.
 *
 * Everything that a stranger's packet makes us remember lives in such a
 * slot, so that no flood can make the daemon ask for more memory. Nothing
 * here allocates after pool_init().
 */
#include "base/pool.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static size_t
round_up(size_t size)
{
	size_t align = _Alignof(max_align_t);

	return (size + align - 1) / align * align;
}

static void
chain(struct pool *p, void *slot)
{
	memcpy(slot, &p->free, sizeof(p->free));
	p->free = slot;
}

enum err
pool_init(struct pool *p, size_t slot_size, size_t count)
{
	char *memory;

	*p = (struct pool){ .slot_size = round_up(slot_size), .count = count };
	if (p->slot_size < slot_size || p->slot_size == 0) {
		errno = EINVAL;
		return ERR_SYSTEM;
	}
	memory = calloc(count, p->slot_size);
	if (memory == NULL && count > 0)
		return ERR_SYSTEM;
	p->memory = memory;
	return ERR_NONE;
}

void
pool_fini(struct pool *p)
{
	free(p->memory);
	*p = (struct pool){ 0 };
}

void *
pool_take(struct pool *p)
{
	void *slot = p->free;

	if (slot == NULL && p->fresh == p->count)
		return NULL;
	if (slot == NULL)
		slot = (char *)p->memory + p->fresh++ * p->slot_size;
	else
		memcpy(&p->free, slot, sizeof(p->free));
	p->in_use++;
	return slot;
}

void
pool_give(struct pool *p, void *slot)
{
	assert(p->in_use > 0);
	p->in_use--;
	chain(p, slot);
}
