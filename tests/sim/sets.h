/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's sets, as a backend of the warden that lies in memory: entries
 * end by the clock, calls fail when told to, and owners of firewalls do what
 * they do.
 */
#ifndef TESTS_SIM_SETS_H
#define TESTS_SIM_SETS_H

#include <stdbool.h>
#include <stdint.h>

#include "firewall/backend.h"

enum { PROMISES_MOST = 8 };
#define FOR_EVER INT64_MAX

/* A client was told of an address that it may reach by this entry. */
struct promise {
	int64_t until_us;
	uint32_t generation;
	int client, name; /* numbers in the universe */
};

/* Everything that was ever in a set. */
struct entry {
	struct entry *next; /* of its chain */
	struct ledger_key key;
	int64_t end_us;	 /* 0: not there; FOR_EVER */
	int64_t lost_us; /* an owner took it away; 0: nobody did */
	bool touched; /* its end is an owner's: that is noticed late */
	/* what the oracle knows */
	int64_t explained_us; /* latest end that had a reason */
	struct promise promise[PROMISES_MOST];
};

void sets_begin(uint32_t capacity);
/* It may be not there; NULL: it never was. */
struct entry *sets_find(const struct ledger_key *key);
bool entry_stands(const struct entry *e);
/* Borrowed until the next call. */
const char *entry_text(const struct ledger_key *key);
void sets_each(void (*fn)(struct entry *e, void *arg), void *arg);

/* What owners do. */
void sets_flush(enum set_index set);
void sets_destroy(enum set_index set);
void sets_drop_rules(void);
/* Some entry is deleted, shortened or prolonged. */
void sets_meddle(void);
/* An entry of nobody's; end_us may be FOR_EVER. */
void sets_put(const struct ledger_key *key, int64_t end_us);
/* What the supervisor does; false: a set is missing. */
bool sets_place_rules(void);

#endif
