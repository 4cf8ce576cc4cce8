/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeping copies of lists on disk, for the process that fetches them.
 *
 * A new copy is written beside the old one, forced to disk and renamed over
 * it; a change is appended to the journal and forced to disk. Whenever power
 * fails there is the copy of before or that of after.
 */
#ifndef LISTS_KEEP_H
#define LISTS_KEEP_H

#include "lists/kept.h"

enum {
	/* The journal may be a quarter of the body, and this much anyway. */
	KEEP_JOURNAL_FREE = 65536
};

struct keep {
	int dir; /* the caller's */
	char file[64];
	bool is_here;	  /* there is a copy */
	bool was_torn;	  /* of the journal a piece was cut off */
	struct kept kept; /* is_here: what it is; see kept.about */
	uint8_t *bytes;	  /* mapped */
	size_t size;
	size_t end;	     /* of the journal in the file */
	size_t journal_free; /* KEEP_JOURNAL_FREE */
	/* What is being received, until keep_commit() or keep_drop(). */
	struct delta change;
	uint64_t adds, deletes;
};

/* Looks what there is of `file` in the directory, which stays open as long as
 * this. No copy, or one that cannot be used, is no error: is_here says so,
 * and *damaged_out that there was one. ERR_SYSTEM, ERR_FULL. */
enum err keep_open(struct keep *k, int dir, const char *file,
		   bool *damaged_out);
void keep_close(struct keep *k);
/* Looks again, all of it; false: what was there is not there any more, or
 * damaged. Not while changes are gathered. */
bool keep_is_sound(struct keep *k);

/* A whole new copy: of the records of a sorted zone, or of a text as it came.
 * about: form, times, source, etag, modified, and `entries` of a text; the
 * rest is found out. On error the copy of before stays. */
enum err keep_put_zone(struct keep *k, const struct kept_about *about,
		       const struct content *zone);
enum err keep_put_text(struct keep *k, const struct kept_about *about,
		       const void *text, size_t len);

/* The publisher says that it is still the same. ERR_MISSING: there is no
 * copy. */
enum err keep_checked(struct keep *k, int64_t now_s);

/* The changes of a transfer, in the order in which they come, without the
 * SOAs. Nothing counts before keep_commit(). ERR_MISSING: it cannot be
 * deleted, for it is not there; ERR_BUSY: it cannot come, for it is. What is
 * outside the zone is passed over. ERR_TORN; ERR_FULL. After any error only
 * keep_drop() may follow. */
enum err keep_delete(struct keep *k, const struct zone_rr *rr);
enum err keep_add(struct keep *k, const struct zone_rr *rr);
void keep_drop(struct keep *k);
/* Records that there would be. */
uint64_t keep_entries(const struct keep *k);
/* The changes, and the SOA that they lead to, are in force. ERR_TORN: it is
 * no SOA of this zone. */
enum err keep_commit(struct keep *k, const struct zone_rr *soa, int64_t now_s);

#endif
