/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is a new copy of a list to be believed? Whoever publishes lists makes
 * mistakes, and so do the machines that deliver them: a copy is held against
 * what a list looks like, and against the copy that is in force.
 */
#ifndef SUPPLY_SAFETY_H
#define SUPPLY_SAFETY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lists/item.h"

enum {
	SAFETY_LINE_MAX = 4096,
	SAFETY_LOSS = 1000 /* entries that any list may lose */
};

enum safety_flaw {
#define FLAW(name, waived, clause) SAFETY_##name,
#include "supply/flaw.def"
#undef FLAW
	SAFETY_FLAWS
};

const char *safety_clause(enum safety_flaw flaw);
/* Whether the owner may have it taken all the same. */
bool safety_is_waived(enum safety_flaw flaw);

/* Of any list: what it has, and what the one in force has; 0: none is. */
enum safety_flaw safety_of_counts(uint64_t before, uint64_t now);

/* A plain list on its way in. */
struct safety {
	enum list_form form;
	uint32_t column;
	uint64_t lines;	       /* begun */
	uint64_t entries;      /* understood */
	uint64_t most;	       /* that there may be; set by init to all */
	uint64_t bad;	       /* lines that were not understood */
	enum safety_flaw flaw; /* that ended it */
	size_t len;
	char line[SAFETY_LINE_MAX];
};

/* column: of the addresses, 0: they stand in none (struct list_config). */
void safety_init(struct safety *s, enum list_form form, uint32_t column);
/* Its bytes in pieces of any size. Anything but NONE: no more is needed, and
 * every further call says so too. */
enum safety_flaw safety_bytes(struct safety *s, const char *bytes, size_t len);
/* There are no more bytes. */
enum safety_flaw safety_end(struct safety *s, uint64_t before);

#endif
