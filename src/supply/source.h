/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One list that is fetched, for as long as its line in the lists file stays
 * what it is. How it is fetched is its kind's business.
 */
#ifndef SUPPLY_SOURCE_H
#define SUPPLY_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "lists/config.h"
#include "proc/sources.h"

struct supply;
struct source;

/* What a kind of sources can do. */
struct source_kind {
	/* Looks at the copy that is kept, and plans the first fetch. False:
	 * out of memory. */
	bool (*begin)(struct source *s);
	/* Fetch now, because somebody asks for it. */
	void (*refresh)(struct source *s);
	/* Take what is held back (SOURCE_HELD); false: there is nothing. */
	bool (*accept)(struct source *s);
	/* Looks whether the copy is still there and whole; where it is not, it
	 * is fetched again. */
	void (*check)(struct source *s);
	/* Everything that is under way is dropped. */
	void (*end)(struct source *s);
};

struct source {
	struct supply *supply;
	struct list_config config;
	struct source_state *state; /* its row of the page */
	const struct source_kind *kind;
	void *own;  /* the kind's */
	bool named; /* the lists file still names it so */
};

/* How lists of that source are fetched; NULL: files are not. */
const struct source_kind *source_kind_of(enum list_source source);

/* A row for it, and its kind's begin(); NULL: there is no room. */
struct source *source_new(struct supply *supply,
			  const struct list_config *config);
void source_free(struct source *s);

/* The name of its copy in the lists' directory: "NAME.kept". */
const char *source_file(const struct source *s, char out[64]);
/* Reads the key that its line names. A clause where it cannot be used; NULL:
 * it can, or its line names none. */
struct tsig_key;
const char *source_key(const struct source *s, struct tsig_key *out);
/* Says in the log and on the page that it could not be fetched. */
void source_failed(struct source *s, const char *why);

#endif
