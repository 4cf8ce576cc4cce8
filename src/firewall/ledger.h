/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger: all live grants, with the rules that gave each.
 *
 * Its memory is a memfd that the supervisor keeps, so that a warden that is
 * restarted goes on with it. The elements are the only truth in there; the
 * look-up tables and the accounts of clients beside them are built anew at
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

enum { LEDGER_MAGIC = 0x64666c67, LEDGER_VERSION = 1, LEDGER_REASONS = 3 };
enum { LEDGER_NONE = 0xffffffff };

/* Which kernel set an element is in. */
enum set_index { SET_V4, SET_V6, SET_V4_LOCAL, SET_V6_LOCAL, SET_COUNT };

/* A rule that gives the element, until then. */
struct ledger_reason {
	int64_t end_ms;	   /* 0: none */
	uint64_t identity; /* of the rule (policy/image.h); 0: not known */
	uint32_t line;	   /* of the rule, 0: not known */
	uint32_t pad;
};

struct ledger_element {
	_Atomic uint32_t version; /* odd while it is being written */
	uint8_t set;	   /* enum set_index */
	uint8_t protocol;
	uint16_t port;
	struct addr client; /* family 0 in the -local sets */
	struct addr destination;
	int64_t end_ms;	   /* clock_ms() of its kernel timeout; 0: free slot */
	uint64_t identity; /* of the reason that ends last */
	uint32_t line;
	uint32_t pad;
	struct ledger_reason reason[LEDGER_REASONS];
};

struct ledger_head {
	uint32_t magic, version;
	uint32_t capacity;     /* elements there is room for */
	_Atomic uint32_t top;  /* behind the last one ever used */
	/* struct ledger_element[capacity] follows, 64-aligned */
};

/* Bytes of a ledger for sets of set_size entries. */
size_t ledger_bytes(uint32_t set_size);

/* ---- for readers ------------------------------------------------------- */

/* The elements of a mapping that were ever used, or NULL where it is not a
 * ledger. What lies behind them is better not touched: reading a hole of a
 * memfd makes a page of it. */
const struct ledger_element *ledger_elements(const void *map, size_t size,
					     uint32_t *count_out);
/* A consistent copy of one live element; false: free, expired or in change. */
bool ledger_read(const struct ledger_element *at, int64_t now_ms,
		 struct ledger_element *out);

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
/* The kernel has it until reason->end_ms at least; an earlier end than the
 * element's changes only the reason. */
void ledger_renew(struct ledger *l, uint32_t slot,
		  const struct ledger_reason *reason);
/* The kernel's word: it ends then, whatever the reasons say. */
void ledger_set_end(struct ledger *l, uint32_t slot, int64_t end_ms);
/* Strikes reasons out; end_ms of what is left, 0 where nothing is. */
typedef bool ledger_strike_fn(void *arg, const struct ledger_element *e,
			      const struct ledger_reason *reason);
int64_t ledger_strike(struct ledger *l, uint32_t slot, ledger_strike_fn *gone,
		      void *arg);
void ledger_drop(struct ledger *l, uint32_t slot);

/* A mark on a slot, for comparing; a new element has none. */
void ledger_mark(struct ledger *l, uint32_t slot);
bool ledger_is_marked(const struct ledger *l, uint32_t slot);
void ledger_unmark_all(struct ledger *l);

#endif
