/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NOTIFY, by which a primary says that a zone has changed (RFC 1996), and
 * what it is answered. */
#ifndef WIRE_NOTIFY_H
#define WIRE_NOTIFY_H

#include "wire/message.h"
#include "wire/writer.h"

struct notify_message {
	struct header header;
	struct question question; /* valid where ERR_NONE or ERR_DENIED */
};

/* ERR_TORN: not even to be answered: no whole header, or an answer itself.
 * ERR_MISSING: another opcode. ERR_SYNTAX: malformed, or not one question.
 * ERR_DENIED: not about the SOA of a zone of class IN. What else it says of
 * the zone is a hint that needs no answer, and is only looked at for being
 * well-formed. */
enum err notify_read(const uint8_t *bytes, size_t len,
		     struct notify_message *out);
/* Header and, where it could be read, question of the answer. */
void notify_write_reply(struct writer *w, const struct notify_message *m,
			bool question, unsigned rcode);

#endif
