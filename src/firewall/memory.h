/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a worker remembers of the grants it was given: a table of fixed size
 * in which a grant that ends late outlasts one that ends early.
 *
 * Forgetting too much costs a letter; remembering too much would be a hole.
 */
#ifndef FIREWALL_MEMORY_H
#define FIREWALL_MEMORY_H

#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "proc/letter.h"

struct memory_slot;

struct memory {
	struct memory_slot *slot;
	uint32_t mask; /* of the first slot of a row */
	uint32_t age;  /* slots of another age are empty */
	struct hash_key hash;
};

/* count is rounded up to a power of 2. The only call that allocates. */
enum err memory_init(struct memory *m, uint32_t count);
void memory_fini(struct memory *m);
/* What of the names makes it another grant: what was asked. */
uint64_t memory_mark(const struct memory *m, const struct grant_names *names);
/* When the grant ends as far as it is known; 0: not known. */
int64_t memory_end(const struct memory *m, const struct grant_item *item,
		   uint64_t mark);
struct memory_grant {
	const struct grant_item *item;
	uint64_t mark;
	int64_t end_ms;
};
void memory_keep(struct memory *m, const struct memory_grant *grant);
void memory_forget_all(struct memory *m);

#endif
