/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A keyed hash for tables that strangers fill (SipHash-1-3). */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k0, k1;
};

uint64_t hash_bytes(const struct hash_key *key, const void *bytes, size_t len);

#endif
