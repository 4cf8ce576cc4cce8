/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether an upstream keeps the case of names. For the files of this room
 * only.
 */
#ifndef UPSTREAM_SPELLING_H
#define UPSTREAM_SPELLING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "upstream/match.h"

enum {
	SPELLING_PROOFS = 3,
	SPELLING_FREE_MS = 3600 * 1000 /* then the case is tried again */
};

struct spelling {
	unsigned proofs; /* in a row, that it loses the case */
	int64_t free_until_ms;
	bool told;
};

/* What an answer says, whatever the case of names, the order of records and
 * their times. */
uint64_t spelling_digest(const struct hash_key *key, const struct message *m);
/* An answer by UDP had the case that was sent. */
void spelling_kept(struct spelling *s, const struct sent *sent);
/* One that had not was all right otherwise: TCP says the same. True: that
 * makes it free, and is to be told. */
bool spelling_proved(struct spelling *s, int64_t now_ms);
bool spelling_is_free(const struct spelling *s, int64_t now_ms);

#endif
