/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names in blocks.
 *
 * Only the blocks are shared; who counts on them, the table that finds them
 * and the list of free ones are the warden's own, and are made anew at each
 * start from what the ledger's elements refer to. A reader may meet a block
 * that is being filled for somebody else: it looks at the element again
 * afterwards, which has changed then.
 */
#include "firewall/names.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	HEAD = 4, /* of struct grant_names, before the bytes */
	BLOCKS_MAX = (sizeof(struct grant_names) + NAMES_BLOCK_BYTES - 1) /
		     NAMES_BLOCK_BYTES,
	PART = 0xffffffff /* refs of a block that is not the first */
};

_Static_assert(sizeof(struct grant_names) == HEAD + GRANT_NAMES_SIZE,
	       "the head has no holes");
_Static_assert(sizeof(struct names_block) == 64, "a block is a line");

struct holder {
	uint32_t refs; /* 0: free */
	uint32_t next; /* of the same bucket, or free; 0: the last */
};

struct names {
	struct names_block *block; /* block number i is block[i - 1] */
	struct holder *holder;
	uint32_t *bucket;
	uint32_t count, top, free, mask;
	struct hash_key hash;
};

/* ---- the names of one grant -------------------------------------------- */

bool
names_next(const struct grant_names *n, size_t *at, struct name *out)
{
	size_t from = *at;

	if (n->len > GRANT_NAMES_SIZE || from >= n->len ||
	    name_read(n->bytes, n->len, at, out) != ERR_NONE)
		return false;
	/* A pointer would make it shorter than the name. */
	return *at - from == out->len;
}

bool
names_are_sound(const struct grant_names *n)
{
	unsigned said = n->links + n->borrowed + (n->len > 0 ? 1u : 0);
	struct name name;
	size_t at = 0;

	if (n->len > GRANT_NAMES_SIZE || n->borrowed > GRANT_ORIGINS)
		return false;
	while (names_next(n, &at, &name))
		said -= said > 0;
	if (at != n->len || said > 0)
		return false;
	for (at = n->len; at < GRANT_NAMES_SIZE; at++)
		if (n->bytes[at] != 0)
			return false;
	return true;
}

size_t
names_asked_len(const struct grant_names *n)
{
	struct name name;
	size_t at = 0;

	for (unsigned i = 0; i <= n->borrowed; i++)
		if (!names_next(n, &at, &name))
			break;
	return at;
}

bool
names_ask_the_same(const struct grant_names *a, const struct grant_names *b)
{
	size_t len = names_asked_len(a);

	return len == names_asked_len(b) && a->borrowed == b->borrowed &&
	       memcmp(a->bytes, b->bytes, len) == 0;
}

bool
names_hold_name(const struct grant_names *n, const struct name *name)
{
	struct name one;
	size_t at = 0;

	while (names_next(n, &at, &one))
		if (name_equal(&one, name))
			return true;
	return false;
}

/* ---- blocks ------------------------------------------------------------ */

size_t
names_bytes(uint32_t blocks)
{
	return (size_t)blocks * sizeof(struct names_block);
}

bool
names_copy(const struct names_block *blocks, uint32_t count, uint32_t id,
	   struct grant_names *out)
{
	uint8_t *to = (uint8_t *)out;
	size_t done = 0, size = HEAD;

	while (id != 0 && id <= count && done < size) {
		size_t piece = sizeof(*out) - done;

		if (piece > NAMES_BLOCK_BYTES)
			piece = NAMES_BLOCK_BYTES;
		memcpy(to + done, blocks[id - 1].bytes, piece);
		if (done == 0)
			size = HEAD + (size_t)out->len;
		if (size > sizeof(*out))
			return false;
		done += piece;
		id = blocks[id - 1].next;
	}
	return done >= size && id == 0;
}

static uint32_t *
bucket_of(const struct names *n, const struct grant_names *names)
{
	uint64_t hash =
	    hash_bytes(&n->hash, names, HEAD + (size_t)names->len);

	return &n->bucket[hash & n->mask];
}

static bool
is_that(const struct names *n, uint32_t id, const struct grant_names *names)
{
	struct grant_names there;

	return names_copy(n->block, n->count, id, &there) &&
	       memcmp(&there, names, HEAD + (size_t)names->len) == 0;
}

static void
chain_in(struct names *n, uint32_t id, const struct grant_names *names)
{
	uint32_t *first = bucket_of(n, names);

	n->holder[id - 1] = (struct holder){ .refs = 1, .next = *first };
	*first = id;
}

static void
chain_out(struct names *n, uint32_t id)
{
	struct grant_names names;
	uint32_t *at;

	names_copy(n->block, n->count, id, &names);
	at = bucket_of(n, &names);
	while (*at != id)
		at = &n->holder[*at - 1].next;
	*at = n->holder[id - 1].next;
}

static void
set_free(struct names *n, uint32_t id)
{
	n->holder[id - 1] = (struct holder){ .next = n->free };
	n->free = id;
}

static uint32_t
take_block(struct names *n)
{
	uint32_t id = n->free;

	if (id != 0)
		n->free = n->holder[id - 1].next;
	else if (n->top < n->count)
		id = ++n->top;
	if (id != 0)
		n->holder[id - 1] = (struct holder){ .refs = PART };
	return id;
}

static void
free_blocks(struct names *n, uint32_t id)
{
	while (id != 0) {
		uint32_t next = n->block[id - 1].next;

		set_free(n, id);
		id = next;
	}
}

/* The last block is taken first, so that each can name the next. */
static uint32_t
write_blocks(struct names *n, const struct grant_names *names)
{
	size_t size = HEAD + (size_t)names->len;
	size_t at = (size - 1) / NAMES_BLOCK_BYTES * NAMES_BLOCK_BYTES;
	uint32_t next = 0;

	for (;; at -= NAMES_BLOCK_BYTES) {
		uint32_t id = take_block(n);
		size_t piece = size - at;

		if (id == 0) {
			free_blocks(n, next);
			return NAMES_NONE;
		}
		if (piece > NAMES_BLOCK_BYTES)
			piece = NAMES_BLOCK_BYTES;
		memcpy(n->block[id - 1].bytes, (const uint8_t *)names + at,
		       piece);
		n->block[id - 1].next = next;
		next = id;
		if (at == 0)
			return id;
	}
}

uint32_t
names_take(struct names *n, const struct grant_names *names)
{
	uint32_t id;

	if (names->len == 0)
		return NAMES_NONE;
	for (id = *bucket_of(n, names); id != 0; id = n->holder[id - 1].next) {
		if (!is_that(n, id, names))
			continue;
		n->holder[id - 1].refs++;
		return id;
	}
	id = write_blocks(n, names);
	if (id != NAMES_NONE)
		chain_in(n, id, names);
	return id;
}

void
names_let_go(struct names *n, uint32_t id)
{
	if (id == NAMES_NONE || --n->holder[id - 1].refs > 0)
		return;
	chain_out(n, id);
	free_blocks(n, id);
}

/* ---- what another process left ----------------------------------------- */

/* Nobody else's blocks, as many as the length asks for. */
static bool
are_unclaimed(const struct names *n, uint32_t id)
{
	struct grant_names names;
	uint32_t seen[BLOCKS_MAX];
	unsigned count = 0;

	if (!names_copy(n->block, n->count, id, &names) || names.len == 0)
		return false;
	memset(names.bytes + names.len, 0, GRANT_NAMES_SIZE - names.len);
	for (; id != 0; id = n->block[id - 1].next) {
		if (n->holder[id - 1].refs != 0)
			return false;
		for (unsigned i = 0; i < count; i++)
			if (seen[i] == id)
				return false;
		seen[count++] = id;
	}
	return names_are_sound(&names);
}

bool
names_claim(struct names *n, uint32_t id)
{
	struct grant_names names;

	if (id == 0 || id > n->count || n->holder[id - 1].refs == PART)
		return false;
	if (n->holder[id - 1].refs > 0) {
		n->holder[id - 1].refs++;
		return true;
	}
	if (!are_unclaimed(n, id))
		return false;
	names_copy(n->block, n->count, id, &names);
	for (uint32_t at = id; at != 0; at = n->block[at - 1].next) {
		n->holder[at - 1].refs = PART;
		if (at > n->top)
			n->top = at;
	}
	chain_in(n, id, &names);
	return true;
}

void
names_settle(struct names *n)
{
	for (uint32_t id = 1; id <= n->top; id++)
		if (n->holder[id - 1].refs == 0)
			set_free(n, id);
}

enum err
names_open(struct names_block *blocks, uint32_t count,
	   const struct hash_key *hash, struct names **out)
{
	struct names *n = calloc(1, sizeof(*n));
	uint32_t buckets = 64;

	if (n == NULL)
		return ERR_FULL;
	while (buckets < count && buckets < 1u << 31)
		buckets *= 2;
	*n = (struct names){ .block = blocks,
			     .count = count,
			     .mask = buckets - 1,
			     .hash = *hash };
	n->holder = calloc(count, sizeof(*n->holder));
	n->bucket = calloc(buckets, sizeof(*n->bucket));
	if (n->holder == NULL || n->bucket == NULL) {
		names_close(n);
		return ERR_FULL;
	}
	*out = n;
	return ERR_NONE;
}

void
names_close(struct names *n)
{
	free(n->holder);
	free(n->bucket);
	free(n);
}
