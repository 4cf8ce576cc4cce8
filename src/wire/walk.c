/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A message from its header to its last byte, section by section (RFC 1035
 * 4.1). What is malformed anywhere is found by who walks to the end.
 */
#include "wire/walk.h"

enum err
walk_begin(struct walk *w, const uint8_t *bytes, size_t len)
{
	struct question *q = &w->question;
	struct reader *r = &w->records.r;

	w->records = (struct records){ .r = reader_of(bytes, len) };
	if (len > MESSAGE_MAX || header_read(bytes, len, &w->header))
		return ERR_TORN;
	reader_take(r, HEADER_SIZE);
	w->left[SECTION_ANSWER] = w->header.ancount;
	w->left[SECTION_AUTHORITY] = w->header.nscount;
	w->left[SECTION_ADDITIONAL] = w->header.arcount;
	if (w->header.qdcount > 1)
		return ERR_TORN;
	if (w->header.qdcount == 0)
		return ERR_NONE;
	if (name_read(bytes, len, &r->at, &q->name) != ERR_NONE)
		return ERR_TORN;
	q->type = reader_u16(r);
	q->class = reader_u16(r);
	return r->torn ? ERR_TORN : ERR_NONE;
}

enum err
walk_next(struct walk *w)
{
	enum err err;

	for (unsigned s = SECTION_ANSWER; s <= SECTION_ADDITIONAL; s++) {
		if (w->left[s] == 0)
			continue;
		w->left[s]--;
		err = records_next(&w->records, &w->rr);
		w->rr.section = (uint8_t)s;
		return err;
	}
	return reader_left(&w->records.r) == 0 && !w->records.r.torn
		   ? ERR_MISSING
		   : ERR_TORN;
}

enum err
walk_owner(const struct walk *w, struct name *out)
{
	const struct reader *r = &w->records.r;
	size_t at = w->rr.owner_at;

	return name_read(r->bytes, r->len, &at, out);
}
