/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal of a kept copy.
 *
 * Every entry's checksum begins with that of the one before, so an entry
 * counts only in its place: what was left behind by another copy, or stands
 * behind a hole, is not whole.
 */
#include "lists/journal.h"

#include <stdlib.h>
#include <string.h>

#include "lists/kept.h"
#include "wire/writer.h"

/* The head without its checksum, then the rest. */
static uint64_t
check_of(uint64_t before, const uint8_t *head, const struct journal_entry *e)
{
	uint64_t check = kept_check(before, head, JOURNAL_HEAD - 8);

	return kept_check(check, e->rest, e->rest_len);
}

bool
journal_next(struct reader *r, uint64_t *check, struct journal_entry *out)
{
	size_t begin = r->at;
	const uint8_t *head = r->bytes + r->at;
	uint32_t magic = reader_u32(r), kind = reader_u32(r);
	uint64_t len = reader_u64(r), at_s = reader_u64(r),
		 claimed = reader_u64(r);

	*out = (struct journal_entry){ .kind = kind, .at_s = (int64_t)at_s };
	if (magic == JOURNAL_MAGIC &&
	    (kind == JOURNAL_CHECKED || kind == JOURNAL_CHANGED) &&
	    len <= reader_left(r)) {
		out->rest_len = (size_t)len;
		out->rest = reader_take(r, out->rest_len);
		if (!r->torn && check_of(*check, head, out) == claimed) {
			*check = claimed;
			return true;
		}
	}
	r->at = begin;
	r->torn = false;
	return false;
}

static bool
read_soa(struct reader *r, struct zone_soa *out)
{
	struct soa_numbers numbers;
	const uint8_t *rdata;

	out->ttl = reader_u32(r);
	out->len = reader_u16(r);
	if (out->len > sizeof(out->rdata))
		return false;
	rdata = reader_take(r, out->len);
	if (rdata == NULL)
		return false;
	memcpy(out->rdata, rdata, out->len);
	return soa_read(out, &numbers);
}

enum err
journal_read_change(const struct journal_entry *e, struct journal_change *out,
		    struct delta *delta)
{
	struct reader r = reader_of(e->rest, e->rest_len);
	uint32_t count;

	out->entries = reader_u64(&r);
	if (!read_soa(&r, &out->soa))
		return ERR_IMAGE;
	for (count = reader_u32(&r); count > 0 && !r.torn; count--) {
		struct zone_record record;
		bool is_here = reader_u8(&r) == 1;

		if (!record_read(&r, &record))
			return ERR_IMAGE;
		if (delta_set(delta, &record,
			      is_here ? DELTA_HERE : DELTA_GONE) != ERR_NONE)
			return ERR_FULL;
	}
	return r.torn || reader_left(&r) > 0 ? ERR_IMAGE : ERR_NONE;
}

/* ---- to be written ------------------------------------------------------ */

uint8_t *
journal_write(const struct journal_entry *e, uint64_t *check, size_t *len_out)
{
	uint8_t *bytes = malloc(JOURNAL_HEAD + e->rest_len);
	struct writer w = writer_of(bytes, JOURNAL_HEAD + e->rest_len);

	if (bytes == NULL)
		return NULL;
	writer_u32(&w, JOURNAL_MAGIC);
	writer_u32(&w, e->kind);
	writer_u64(&w, e->rest_len);
	writer_u64(&w, (uint64_t)e->at_s);
	*check = check_of(*check, bytes, e);
	writer_u64(&w, *check);
	writer_bytes(&w, e->rest, e->rest_len);
	*len_out = w.at;
	return bytes;
}

uint8_t *
journal_write_change(const struct journal_change *change,
		     const struct delta *delta, size_t *len_out)
{
	const struct zone_soa *soa = &change->soa;
	size_t size = 18U + soa->len + delta->count + delta->len;
	uint8_t *bytes = malloc(size);
	struct writer w = writer_of(bytes, size);

	if (bytes == NULL)
		return NULL;
	writer_u64(&w, change->entries);
	writer_u32(&w, soa->ttl);
	writer_u16(&w, soa->len);
	writer_bytes(&w, soa->rdata, soa->len);
	writer_u32(&w, (uint32_t)delta->count);
	for (size_t i = 0; i < delta->count; i++) {
		struct zone_record r;
		enum delta_state state = delta_at(delta, i, &r);
		uint8_t *to;

		writer_u8(&w, state == DELTA_HERE);
		to = writer_room(&w, record_size(&r));
		if (to != NULL)
			record_write(&r, to);
	}
	*len_out = w.at;
	return bytes;
}
