/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger: all live grants, with the reasons that there are for each: the
 * rule that gave it, and the names it was given for.
 *
 * Its memory is a memfd that the supervisor keeps, so that a warden that is
 * restarted goes on with it. What lies in there is the only truth; the
 * look-up tables and the accounts of clients beside it are built anew at
 * each start.
 *
 * One writer (the warden). A reader copies an element between two equal even
 * reads of `version`, and skips it where they differ.
 */
#ifndef FIREWALL_LEDGER_H
#define FIREWALL_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/hash.h"
#include "proc/letter.h"

enum {
	LEDGER_MAGIC = 0x64666c67,
	LEDGER_VERSION = 2,
	LEDGER_REASONS = 16 /* of one element at most */
};
enum { LEDGER_NONE = 0xffffffff };

/* Which kernel set an element is in. */
enum set_index { SET_V4, SET_V6, SET_V4_LOCAL, SET_V6_LOCAL, SET_COUNT };

/* A rule that gives the element until then, to who asked those names. One
 * rule and one name asked are one reason: other names on the same address
 * have theirs, with ends of their own. */
struct ledger_reason {
	int64_t end_ms;
	uint64_t identity; /* of the rule (policy/image.h); 0: not known */
	uint32_t line;	   /* of the rule, 0: not known */
	uint32_t ifindex;  /* that it was asked by; 0: not known */
	uint32_t names;	   /* their number (names.h), 0: not known */
	uint32_t next;	   /* number of the next reason of the element, or 0 */
};

struct ledger_element {
	_Atomic uint32_t version; /* odd while it is being written */
	uint8_t set;	   /* enum set_index */
	uint8_t protocol;
	uint16_t port;
	struct addr client; /* family 0 in the -local sets */
	struct addr destination;
	int64_t end_ms;	 /* clock_ms() of its kernel timeout; 0: free slot */
	uint32_t reason; /* number of the first, 0: none is known */
	uint32_t line;	 /* of the reason that ends last */
};

struct ledger_head {
	uint32_t magic, version;
	uint32_t capacity;     /* elements there is room for */
	_Atomic uint32_t top;  /* behind the last one ever used */
	uint32_t reasons, blocks; /* that there is room for */
	/* 64-aligned: struct ledger_element[capacity], then
	 * struct ledger_reason[reasons], then struct names_block[blocks] */
};

/* Bytes of a ledger for sets of set_size entries. */
size_t ledger_bytes(uint32_t set_size);

/* ---- for readers ------------------------------------------------------- */

/* A whole mapping. */
struct ledger_view {
	const void *map;
	size_t size;
};

/* A reason with its names. */
struct ledger_told {
	struct ledger_reason reason;
	struct grant_names names; /* len 0: not known */
};

/* The elements of a mapping that were ever used, or NULL where it is not a
 * ledger. What lies behind them is better not touched: reading a hole of a
 * memfd makes a page of it. */
const struct ledger_element *ledger_elements(const void *map, size_t size,
					     uint32_t *count_out);
/* A consistent copy of one live element; false: free, expired or in change. */
bool ledger_read(const struct ledger_element *at, int64_t now_ms,
		 struct ledger_element *out);
/* The next reason of an element that ledger_read() has just copied from
 * there. Before the first, out->reason.next is copy->reason; each says which
 * is next. False: there is none, or the element has changed since. */
bool ledger_read_reason(const struct ledger_view *v,
			const struct ledger_element *from,
			const struct ledger_element *copy,
			struct ledger_told *out);
/* The reason that ends last. False: there is none, or it has changed. */
bool ledger_read_last(const struct ledger_view *v,
		      const struct ledger_element *from,
		      const struct ledger_element *copy,
		      struct ledger_told *out);

/* ---- for the warden ---------------------------------------------------- */

/* What makes an element this one and no other. */
struct ledger_key {
	uint8_t set; /* enum set_index */
	uint8_t protocol;
	uint16_t port;
	struct addr client; /* all zero in the -local sets */
	struct addr destination;
};

struct ledger;

/* map: ledger_bytes(set_size) of shared memory, all zero or a ledger that
 * another process left; live elements in it are kept, what is damaged is
 * dropped. ERR_IMAGE where the size is wrong, ERR_FULL without memory. The
 * only call that allocates. */
enum err ledger_open(void *map, size_t size, const struct hash_key *hash,
		     struct ledger **out);
void ledger_close(struct ledger *l); /* the map stays */

uint32_t ledger_capacity(const struct ledger *l);
uint32_t ledger_live(const struct ledger *l, enum set_index set);
/* How many of them end later than that; looks at every slot. */
uint32_t ledger_lasting(const struct ledger *l, enum set_index set,
			int64_t time_ms);
/* Behind the last slot that was ever used: where a walk may stop. */
uint32_t ledger_top(const struct ledger *l);
/* NULL: the slot is free. */
const struct ledger_element *ledger_at(const struct ledger *l, uint32_t slot);
void ledger_key_of(const struct ledger_element *e, struct ledger_key *out);

/* LEDGER_NONE: not there. */
uint32_t ledger_find(const struct ledger *l, const struct ledger_key *key);
/* Takes a slot for a key that is not there; readers see it only when it has
 * an end. LEDGER_NONE: full. */
uint32_t ledger_enter(struct ledger *l, const struct ledger_key *key);
/* The kernel has it until told->reason.end_ms at least; an earlier end than
 * the element's changes only the reason. */
void ledger_renew(struct ledger *l, uint32_t slot,
		  const struct ledger_told *told);
/* The kernel's word: it ends then, whatever the reasons say. */
void ledger_set_end(struct ledger *l, uint32_t slot, int64_t end_ms);
/* Strikes reasons out; end_ms of what is left, 0 where nothing is. An element
 * without any reason has none to strike. True: it is struck out; else its
 * identity and line may have been changed. */
typedef bool ledger_strike_fn(void *arg, const struct ledger_element *e,
			      struct ledger_told *told);
int64_t ledger_strike(struct ledger *l, uint32_t slot, ledger_strike_fn *gone,
		      void *arg);
void ledger_drop(struct ledger *l, uint32_t slot);

/* A mark on a slot, for comparing; a new element has none. */
void ledger_mark(struct ledger *l, uint32_t slot);
bool ledger_is_marked(const struct ledger *l, uint32_t slot);
void ledger_unmark_all(struct ledger *l);

#endif
