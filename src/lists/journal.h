/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of the journal behind a kept copy: that it is still what its
 * publisher has, or what has changed in a zone.
 *
 *   magic (32 bits), kind (32), length of the rest (64), seconds (64),
 *   checksum (64) of all that and of the rest, begun with that of the entry
 *   before; the first with that of the head
 *   rest of a change: records of the zone thereafter (64); TTL of the SOA
 *   (32), length (16), RDATA; number of records that changed (32); of each
 *   whether it is there (8), and itself
 */
#ifndef LISTS_JOURNAL_H
#define LISTS_JOURNAL_H

#include "lists/content.h"
#include "lists/delta.h"

enum journal_kind { JOURNAL_CHECKED = 1, JOURNAL_CHANGED = 2 };

enum { JOURNAL_HEAD = 32 };
#define JOURNAL_MAGIC UINT32_C(0x6a726e6c) /* "jrnl" */

struct journal_entry {
	enum journal_kind kind;
	int64_t at_s;
	const uint8_t *rest;
	size_t rest_len;
};

/* What a change makes of a zone. */
struct journal_change {
	struct zone_soa soa;
	uint64_t entries;
};

/* The next entry; *check is that of the one before, and becomes its own.
 * False: there is no whole one, and nothing is moved. */
bool journal_next(struct reader *r, uint64_t *check, struct journal_entry *out);
/* ERR_IMAGE, ERR_FULL: the delta may be half changed. */
enum err journal_read_change(const struct journal_entry *e,
			     struct journal_change *out, struct delta *delta);

/* malloc()ed; *check as above. NULL: no memory. */
uint8_t *journal_write(const struct journal_entry *e, uint64_t *check,
		       size_t *len_out);
/* The rest of a change. malloc()ed; NULL: no memory. */
uint8_t *journal_write_change(const struct journal_change *change,
			      const struct delta *delta, size_t *len_out);

#endif
