/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/notify.h"

#include "wire/walk.h"

enum { OPCODE_BITS = 0x7800 };

enum err
notify_read(const uint8_t *bytes, size_t len, struct notify_message *out)
{
	struct walk w;
	enum err err;

	if (header_read(bytes, len, &out->header) != ERR_NONE ||
	    (out->header.flags & FLAG_QR))
		return ERR_TORN;
	if (header_opcode(&out->header) != OPCODE_NOTIFY)
		return ERR_MISSING;
	if (walk_begin(&w, bytes, len) != ERR_NONE || out->header.qdcount != 1)
		return ERR_SYNTAX;
	do
		err = walk_next(&w);
	while (err == ERR_NONE);
	if (err != ERR_MISSING)
		return ERR_SYNTAX;
	out->question = w.question;
	if (w.question.type != TYPE_SOA || w.question.class != CLASS_IN)
		return ERR_DENIED;
	return ERR_NONE;
}

void
notify_write_reply(struct writer *w, const struct notify_message *m,
		   bool question, unsigned rcode)
{
	const struct question *q = &m->question;
	unsigned flags = FLAG_QR | (m->header.flags & OPCODE_BITS) | rcode;

	if (rcode == RCODE_NOERROR)
		flags |= FLAG_AA;
	writer_u16(w, m->header.id);
	writer_u16(w, (uint16_t)flags);
	writer_u16(w, question);
	for (unsigned i = 0; i < 3; i++)
		writer_u16(w, 0);
	if (!question)
		return;
	writer_bytes(w, q->name.wire, q->name.len);
	writer_u16(w, q->type);
	writer_u16(w, q->class);
}
