/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks of bytes as the data section of an image keeps them, each once where
 * that is found out cheaply. */
#ifndef LISTS_STORE_H
#define LISTS_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"

enum { STORE_SHARES = 4096 };

struct store {
	uint8_t *bytes;
	size_t len, room;
	uint32_t share[STORE_SHARES]; /* hash of a block -> its number */
};

void store_fini(struct store *s);
/* *number_out is never 0. ERR_FULL. */
enum err store_keep(struct store *s, const void *bytes, size_t len,
		    uint32_t *number_out);
/* Of a number of store_keep(), until the next call of it. */
const uint8_t *store_at(const struct store *s, uint32_t number,
			size_t *len_out);

/* The same of any bytes; NULL: there is no such block. */
const uint8_t *store_block(const uint8_t *bytes, size_t size, uint32_t number,
			   size_t *len_out);

#endif
