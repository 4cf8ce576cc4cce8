/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may tell us that a zone has changed (RFC 1996): one of its primaries,
 * by its address, and by a signature where a key is agreed.
 *
 * It costs whoever sends one more than us: a stranger is refused before
 * anything is computed, and what it leads to is for refresh.c to bound.
 */
#ifndef SUPPLY_NOTIFY_H
#define SUPPLY_NOTIFY_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "supply/key.h"
#include "wire/name.h"

enum {
	NOTIFY_MAX = 2048, /* bytes of one: with its SOA and signature */
	NOTIFY_REPLY_SIZE = 1024
};

enum notify_verdict {
#define VERDICT(name, rcode, error, text) NOTIFY_##name,
#include "supply/notify.def"
#undef VERDICT
	NOTIFY_VERDICTS
};

/* A zone that we have of others; key NULL: none is agreed. */
struct notify_zone {
	const struct name *name;
	const struct endpoint *server; /* any port of them may send */
	unsigned servers;
	const struct tsig_key *key;
};

struct notify_letter {
	const uint8_t *bytes;
	size_t len;
	struct addr from;
	uint64_t date_s; /* since 1970 */
};

struct notify_zones {
	const struct notify_zone *of;
	unsigned count;
};

struct notify_result {
	enum notify_verdict verdict;
	unsigned zone, server; /* of ACCEPTED: rows */
	struct name name;      /* what it is about; len 0: not known */
	size_t reply_len;      /* 0: none */
	uint8_t reply[NOTIFY_REPLY_SIZE];
};

void notify_judge(const struct notify_letter *letter,
		  const struct notify_zones *zones, struct notify_result *out);
const char *notify_text(enum notify_verdict verdict);

#endif
