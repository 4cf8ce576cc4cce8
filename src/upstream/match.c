/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether an answer is ours (RFC 5452 9.1).
 *
 * This is all that stands between a stranger who can write to our port and
 * an address in the firewall, so nothing is forgiven: id, QR, opcode, and the
 * question to the letter. It has no state and changes nothing.
 */
#include "upstream/match.h"

#include <string.h>

bool
rcode_is_failure(unsigned rcode)
{
	return rcode == RCODE_FORMERR || rcode == RCODE_SERVFAIL ||
	       rcode == RCODE_NOTIMP || rcode == RCODE_REFUSED;
}

/* name: equal but for its case. */
static bool
name_is_same(const struct sent *sent, const struct name *name)
{
	const struct name *ours = &sent->q.name;

	return !sent->exact || memcmp(ours->wire, name->wire, ours->len) == 0;
}

enum match
match_answer(const struct sent *sent, const uint8_t *bytes, size_t len,
	     struct message *out)
{
	enum err err = message_read(bytes, len, out);
	const struct header *h = &out->header;

	if (len < HEADER_SIZE || h->id != sent->id || !(h->flags & FLAG_QR) ||
	    header_opcode(h) != OPCODE_QUERY)
		return MATCH_NOT;
	if (err != ERR_NONE)
		return MATCH_TORN;
	if (h->qdcount == 0)
		return rcode_is_failure(message_rcode(out)) ? MATCH_COMPLAINT
							    : MATCH_NOT;
	if (out->question.type != sent->q.type ||
	    out->question.class != sent->q.class ||
	    !name_equal(&sent->q.name, &out->question.name))
		return MATCH_NOT;
	return name_is_same(sent, &out->question.name) ? MATCH_ANSWER
						       : MATCH_CASE;
}
