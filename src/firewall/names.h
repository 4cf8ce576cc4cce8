/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names behind grants, each combination of them kept once.
 *
 * They lie in the ledger's shared memory, in blocks of 64 bytes, as many as
 * were reckoned with at the start; who refers to them counts. Where no block
 * is left a grant goes without: nothing is refused for the want of a name.
 *
 * A worker wrote them, so that here they are bytes of a length and never
 * more; names_next() alone takes them apart, and stops where they are none.
 */
#ifndef FIREWALL_NAMES_H
#define FIREWALL_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "proc/letter.h"
#include "wire/name.h"

enum { NAMES_BLOCK_BYTES = 60, NAMES_NONE = 0 };

struct names_block {
	uint32_t next; /* number of the next one of the same names; 0: none */
	uint8_t bytes[NAMES_BLOCK_BYTES];
};

/* ---- the names of one grant -------------------------------------------- */

/* One after the other; *at begins as 0. False: the end, or no name. */
bool names_next(const struct grant_names *n, size_t *at, struct name *out);
/* As a letter must hold them; also none at all. */
bool names_are_sound(const struct grant_names *n);
/* Bytes of the one asked and those that led to it. */
size_t names_asked_len(const struct grant_names *n);
/* The same were asked, and led to that: the rest may differ. */
bool names_ask_the_same(const struct grant_names *a,
			const struct grant_names *b);
/* Some of them is that one. */
bool names_hold_name(const struct grant_names *n, const struct name *name);

/* ---- for readers of the shared memory ---------------------------------- */

/* Bytes of so many blocks. Numbers begin with 1. */
size_t names_bytes(uint32_t blocks);
/* Fills out without the zeroes behind; false: they are not whole. */
bool names_copy(const struct names_block *blocks, uint32_t count, uint32_t id,
		struct grant_names *out);

/* ---- for the warden ----------------------------------------------------- */

struct names;

/* blocks: as another process left them, or all zero. The only call that
 * allocates. */
enum err names_open(struct names_block *blocks, uint32_t count,
		    const struct hash_key *hash, struct names **out);
void names_close(struct names *n); /* the blocks stay */
/* One that refers to what another process left; false: that is damaged. */
bool names_claim(struct names *n, uint32_t id);
/* What nobody has claimed is free. */
void names_settle(struct names *n);
/* One more refers to them; their number, or NAMES_NONE: they are none, or
 * there is no room. */
uint32_t names_take(struct names *n, const struct grant_names *names);
void names_let_go(struct names *n, uint32_t id);

#endif
