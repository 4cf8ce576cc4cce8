/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policies whose rules the recorder can name: the latest few, because a
 * worker may still speak of the one before.
 */
#ifndef RECORD_RULES_H
#define RECORD_RULES_H

#include <stdint.h>

#include "policy/match.h"

enum { RULES_KEPT = 4 };

struct rules {
	unsigned next; /* place of the oldest */
	struct policy kept[RULES_KEPT]; /* head NULL: none */
};

/* Maps the image in fd, which stays the caller's; what cannot be mapped is
 * not kept. */
void rules_add(struct rules *r, int fd, uint32_t generation);
/* NULL: it is not kept. */
const struct policy *rules_of(const struct rules *r, uint32_t generation);
void rules_fini(struct rules *r);

#endif
