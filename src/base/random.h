/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unpredictable numbers for ids, ports and case: getrandom(2), read in
 * blocks so that a query costs no system call. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
	uint8_t block[256]; /* getrandom() never returns less than this */
	size_t used;
};

void random_init(struct random *r);
uint16_t random_u16(struct random *r);
uint32_t random_u32(struct random *r);
uint64_t random_u64(struct random *r);
/* 0..limit-1, without bias; limit >= 1. */
uint32_t random_below(struct random *r, uint32_t limit);

#endif
