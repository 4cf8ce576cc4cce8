/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lists have in the kernel: sets whose entries stay until their lists
 * change (dns-firewall.lists(5)).
 *
 * ALWAYS holds the addresses that may be talked to without a grant
 * (allow-set), BLOCK those that nobody may talk to (block-set), STATIC what
 * rules open to addresses of a list. FOR is the same of lists that are for
 * some clients alone.
 */
#ifndef FIREWALL_FIXED_H
#define FIREWALL_FIXED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

struct judge;

/* As many as BOARD_FIXED_SETS (proc/board.h). */
enum fixed_index {
	FIXED_ALWAYS4,
	FIXED_ALWAYS6,
	FIXED_ALWAYS_FOR4,
	FIXED_ALWAYS_FOR6,
	FIXED_BLOCK4,
	FIXED_BLOCK6,
	FIXED_BLOCK_FOR4,
	FIXED_BLOCK_FOR6,
	FIXED_STATIC4,
	FIXED_STATIC6,
	FIXED_COUNT
};

/* In ALWAYS and BLOCK only the net `to` is filled, in FOR the client too. */
struct fixed_entry {
	struct net to, client;
	uint16_t port;
	uint8_t protocol;
	uint8_t pad;
};

/* Sorted by fixed_compare(), none twice; no two that hold the same packet. */
struct fixed_entries {
	struct fixed_entry *at;
	size_t count, room;
};

static inline uint8_t
fixed_family(enum fixed_index set)
{
	return set % 2 == 0 ? 4 : 6;
}

static inline bool
fixed_has_service(enum fixed_index set)
{
	return set == FIXED_STATIC4 || set == FIXED_STATIC6;
}

static inline bool
fixed_is_for(enum fixed_index set)
{
	return set == FIXED_ALWAYS_FOR4 || set == FIXED_ALWAYS_FOR6 ||
	       set == FIXED_BLOCK_FOR4 || set == FIXED_BLOCK_FOR6;
}

static inline bool
fixed_has_clients(enum fixed_index set)
{
	return fixed_has_service(set) || fixed_is_for(set);
}

static inline bool
fixed_blocks(enum fixed_index set)
{
	return set >= FIXED_BLOCK4 && set <= FIXED_BLOCK_FOR6;
}

/* "ipv4-block": what the set is called, behind a prefix. */
const char *fixed_name(enum fixed_index set);
void fixed_fini(struct fixed_entries *e);
/* ERR_FULL. */
enum err fixed_add(struct fixed_entries *e, const struct fixed_entry *entry);
int fixed_compare(const struct fixed_entry *a, const struct fixed_entry *b);
void fixed_sort(struct fixed_entries *e);

/* ---- fixed_want.c: what lists and policy would have there ---------------- */

/* Some list has entries for it, or some rule; they may be none now. */
bool fixed_is_wanted(const struct judge *j, enum fixed_index set);
/* Of entries with clients. */
struct fixed_limits {
	size_t most; /* so many there may be */
	bool hosts;  /* nets of clients are written out */
	bool no_pairs; /* there are no sets for some clients */
};
/* ERR_FULL; ERR_RANGE: it comes to too many entries; ERR_DENIED: no pairs.
 * What has those two of BLOCK_FOR is in BLOCK. */
enum err fixed_want(const struct judge *j, enum fixed_index set,
		    const struct fixed_limits *limits,
		    struct fixed_entries *out);
struct lists;
struct netset;
/* The list's addresses of that family, behind the others. ERR_FULL. */
enum err fixed_add_list(const struct lists *l, uint32_t list, uint8_t family,
			struct netset *to);
/* What nobody's list may open, settled. ERR_FULL. */
enum err fixed_guard(const struct judge *j, struct netset *out);
/* An entry for each net, all else of it as in `like`. ERR_FULL. */
enum err fixed_add_nets(const struct netset *nets,
			const struct fixed_entry *like,
			struct fixed_entries *out);

#endif
