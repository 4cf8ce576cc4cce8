/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is this the answer to what we asked? */
#ifndef UPSTREAM_MATCH_H
#define UPSTREAM_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/message.h"

/* What one try sent. */
struct sent {
	struct question q; /* with the case that was sent */
	uint16_t id;
	bool exact; /* the case was random: it must come back to the letter */
	bool edns;
	bool cookie; /* went along */
};

enum match {
	MATCH_NOT,	 /* not ours: looks forged */
	MATCH_CASE,	 /* ours but for the case of the name */
	MATCH_TORN,	 /* our id, but malformed */
	MATCH_COMPLAINT, /* our id, no question, and a code of failure */
	MATCH_ANSWER	 /* all is ours; it may be truncated */
};

/* Reads the message into out (valid for CASE, COMPLAINT and ANSWER, and as
 * long as bytes are). RFC 5452 9.1; QDCOUNT 0 only with FORMERR, SERVFAIL,
 * NOTIMP or REFUSED. */
enum match match_answer(const struct sent *sent, const uint8_t *bytes,
			size_t len, struct message *out);
/* FORMERR, SERVFAIL, NOTIMP, REFUSED: another server may do better. */
bool rcode_is_failure(unsigned rcode);

#endif
