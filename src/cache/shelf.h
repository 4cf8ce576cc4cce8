/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the cache's entries stand: a table of slots to find them by, and two
 * rows that say who goes first. For the files of this room only.
 *
 * An entry is known by the number of its first block.
 */
#ifndef CACHE_SHELF_H
#define CACHE_SHELF_H

#include "base/hash.h"
#include "cache/blocks.h"
#include "cache/cache.h"

enum row_name { ROW_NEW, ROW_ASKED_AGAIN, ROWS };

/* At the beginning of a block; name and message follow it. */
struct entry {
	uint32_t link;	       /* of the chain of blocks */
	uint32_t chain;	       /* next entry of its slot */
	uint32_t newer, older; /* in its row */
	uint32_t slot, tag;    /* of the hash */
	uint32_t blocks;
	uint32_t hits, message_len;
	uint16_t type; /* 0: NXDOMAIN, whatever was asked */
	uint16_t class;
	int64_t stored_ms, end_ms, stale_end_ms, recheck_ms;
	uint8_t flags; /* enum key_flag */
	uint8_t row;
	uint8_t name_len;
	uint8_t failure;  /* 0: an answer */
	uint8_t failures; /* in a row */
	uint8_t rcode;
};

enum key_flag { KEY_DO = 1, KEY_CD = 2 };

struct row {
	uint32_t newest, oldest;
	uint32_t blocks;
};

struct cache {
	struct blocks blocks;
	struct row row[ROWS];
	uint32_t *slot;
	uint32_t slots; /* a power of two */
	uint32_t max_ttl_s, stale_s;
	uint64_t entries, evicted;
	struct hash_key key;
	uint8_t bytes[CACHE_MESSAGE_MAX]; /* the message found last */
};

/* A key as the table wants it. */
struct probe {
	struct name name; /* lower case */
	uint16_t type, class;
	uint8_t flags;
	uint32_t slot, tag;
};

struct entry *entry_at(const struct cache *c, uint32_t at);
void entry_name(const struct cache *c, uint32_t at, struct name *out);

void probe_init(const struct cache *c, const struct cache_key *key,
		struct probe *p);
/* The entry of that name and type, or BLOCK_NONE. */
uint32_t shelf_find(const struct cache *c, const struct probe *p,
		    uint16_t type);
/* A new entry with its name and message, in the table and the first row, its
 * times not yet set; m: NULL for none. Others may go for it. NULL: it is
 * larger than a quarter of all there is. */
struct entry *shelf_enter(struct cache *c, const struct probe *p,
			  const struct message *m);
/* It was asked for again: to the second row. */
void shelf_promote(struct cache *c, uint32_t at);
void shelf_forget(struct cache *c, uint32_t at);

#endif
