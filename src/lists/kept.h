/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The copy of a list that is kept on disk: one file, "NAME.kept".
 *
 *   head     KEPT_HEAD bytes: what it is of, when it came, how long it is
 *   body     a policy zone's records, sorted (lists/content.h), or the text
 *            of a list as it was fetched
 *   index    of records: where each KEPT_STRIDEth of them begins, 64 bits
 *   journal  what has changed since (lists/journal.h)
 *
 * All numbers are in network order. Head, body with index, and every entry
 * of the journal have a checksum, so what a disk or a crash has torn is
 * found. It is no proof of origin: what is read is believed no more than what
 * a stranger sends.
 */
#ifndef LISTS_KEPT_H
#define LISTS_KEPT_H

#include "lists/content.h"
#include "lists/delta.h"
#include "lists/item.h"

enum {
	KEPT_VERSION = 1,
	KEPT_HEAD = 4096,
	KEPT_STRIDE = 64,
	KEPT_BLOCK = 65536, /* of which the checksum is taken */
	KEPT_SOURCE_SIZE = 1024,
	KEPT_ETAG_SIZE = 256,
	KEPT_MODIFIED_SIZE = 64
};
#define KEPT_MAGIC UINT64_C(0x646e7366776b7074) /* "dnsfwkpt" */

/* Whatever is known of a copy. Times are seconds since 1970. */
struct kept_about {
	enum list_form form;
	uint64_t entries;  /* records without the SOA, or what was counted */
	int64_t changed_s; /* when it became what it is */
	int64_t checked_s; /* when its publisher last said that it is so */
	struct name zone;  /* of a policy zone; else the root */
	struct zone_soa soa;
	char source[KEPT_SOURCE_SIZE]; /* where it came from */
	char etag[KEPT_ETAG_SIZE];     /* of a feed; empty: it has none */
	char modified[KEPT_MODIFIED_SIZE];
};

/* A copy in memory, which is the caller's and outlives this. */
struct kept {
	struct kept_about about; /* with all that the journal says */
	const uint8_t *body;
	size_t body_len;
	const uint8_t *index;
	size_t indexed;
	size_t journal_at, journal_len; /* only what is whole */
	uint64_t last_check;		/* what the next entry begins with */
	bool is_torn;	    /* something behind the journal is not whole */
	struct delta delta; /* of a policy zone */
};

/* ERR_IMAGE: it is damaged, or of another version. ERR_FULL. */
enum err kept_open(const uint8_t *bytes, size_t len, struct kept *out);
void kept_close(struct kept *k);

/* Of the first KEPT_HEAD bytes of a policy zone: where its journal begins, and
 * what its first entry begins with. */
bool kept_journal(const uint8_t *head, uint64_t *at_out, uint64_t *check_out);

/* All records as they are now, sorted; the SOA is `about`'s. ERR_IMAGE: the
 * body is not what it should be. May be called once, just before
 * kept_close(). */
enum err kept_each(struct kept *k, const struct record_sink *to);
/* Whether that record is there now. */
bool kept_has(const struct kept *k, const struct zone_record *r);

/* ---- for who writes one ------------------------------------------------- */

struct kept_size {
	uint64_t body, indexed;
	uint64_t check; /* of body and index */
};

/* to: KEPT_HEAD bytes. */
void kept_write_head(const struct kept_about *about,
		     const struct kept_size *size, uint8_t *to);
/* The checksum of what has `before` for its part until here. */
uint64_t kept_check(uint64_t before, const uint8_t *bytes, size_t len);

#endif
