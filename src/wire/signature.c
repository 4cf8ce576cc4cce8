/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TSIG on the wire.
 *
 * It must be the last record, so the whole message is walked to find it. What
 * it signs is everything before it, as it was before it was there.
 */
#include "wire/signature.h"

#include "wire/walk.h"

static uint64_t
read_time(struct reader *r)
{
	uint64_t high = reader_u16(r);

	return high << 32 | reader_u32(r);
}

static void
write_time(struct writer *w, uint64_t time_s)
{
	writer_u16(w, (uint16_t)(time_s >> 32));
	writer_u32(w, (uint32_t)time_s);
}

/* At most `most` bytes behind their length. */
static size_t
read_bytes(struct reader *r, uint8_t *out, size_t most)
{
	size_t len = reader_u16(r);
	const uint8_t *from = reader_take(r, len);

	if (len > most)
		r->torn = true;
	else if (from && len > 0)
		memcpy(out, from, len);
	return r->torn ? 0 : len;
}

static enum err
read_rdata(const struct walk *w, struct signature *out)
{
	size_t end = (size_t)w->rr.rdata_at + w->rr.rdata_len;
	struct reader r = reader_of(w->records.r.bytes, end);

	r.at = w->rr.rdata_at;
	if (name_read(r.bytes, r.len, &r.at, &out->algorithm) != ERR_NONE)
		return ERR_TORN;
	out->time_s = read_time(&r);
	out->fudge_s = reader_u16(&r);
	out->mac_len = read_bytes(&r, out->mac, sizeof(out->mac));
	out->original_id = reader_u16(&r);
	out->error = reader_u16(&r);
	out->other_len = read_bytes(&r, out->other, sizeof(out->other));
	return r.torn || reader_left(&r) > 0 ? ERR_TORN : ERR_NONE;
}

enum err
signature_read(const uint8_t *bytes, size_t len, struct signature *out)
{
	struct walk w;
	enum err err = walk_begin(&w, bytes, len);
	bool found = false;

	while (err == ERR_NONE) {
		err = walk_next(&w);
		if (err != ERR_NONE)
			break;
		if (found)
			return ERR_TORN;
		found = w.rr.type == TYPE_TSIG;
	}
	if (err != ERR_MISSING)
		return ERR_TORN;
	if (!found)
		return ERR_MISSING;
	if (w.rr.section != SECTION_ADDITIONAL || w.rr.class != CLASS_ANY ||
	    w.rr.ttl != 0)
		return ERR_TORN;
	out->at = w.rr.owner_at;
	if (walk_owner(&w, &out->key) != ERR_NONE)
		return ERR_TORN;
	return read_rdata(&w, out);
}

void
signature_write(struct writer *w, const struct signature *s)
{
	size_t rdata_len = s->algorithm.len + 16 + s->mac_len + s->other_len;
	unsigned count;

	writer_bytes(w, s->key.wire, s->key.len);
	writer_u16(w, TYPE_TSIG);
	writer_u16(w, CLASS_ANY);
	writer_u32(w, 0);
	writer_u16(w, (uint16_t)rdata_len);
	writer_bytes(w, s->algorithm.wire, s->algorithm.len);
	signature_timers(w, s);
	writer_u16(w, (uint16_t)s->mac_len);
	writer_bytes(w, s->mac, s->mac_len);
	writer_u16(w, s->original_id);
	writer_u16(w, s->error);
	writer_u16(w, (uint16_t)s->other_len);
	writer_bytes(w, s->other, s->other_len);
	if (w->full)
		return;
	count = (unsigned)(w->bytes[10] << 8 | w->bytes[11]) + 1;
	w->bytes[10] = (uint8_t)(count >> 8);
	w->bytes[11] = (uint8_t)count;
}

void
signature_variables(struct writer *w, const struct signature *s)
{
	struct name key, algorithm;

	name_lower(&s->key, &key);
	name_lower(&s->algorithm, &algorithm);
	writer_bytes(w, key.wire, key.len);
	writer_u16(w, CLASS_ANY);
	writer_u32(w, 0);
	writer_bytes(w, algorithm.wire, algorithm.len);
	signature_timers(w, s);
	writer_u16(w, s->error);
	writer_u16(w, (uint16_t)s->other_len);
	writer_bytes(w, s->other, s->other_len);
}

void
signature_timers(struct writer *w, const struct signature *s)
{
	write_time(w, s->time_s);
	writer_u16(w, s->fudge_s);
}

void
signature_header(const uint8_t *bytes, const struct signature *s,
		 uint8_t header_out[HEADER_SIZE])
{
	unsigned count = (unsigned)(bytes[10] << 8 | bytes[11]) - 1;

	memcpy(header_out, bytes, HEADER_SIZE);
	header_out[0] = (uint8_t)(s->original_id >> 8);
	header_out[1] = (uint8_t)s->original_id;
	header_out[10] = (uint8_t)(count >> 8);
	header_out[11] = (uint8_t)count;
}

uint64_t
signature_other_time(const struct signature *s)
{
	struct reader r = reader_of(s->other, s->other_len);

	return read_time(&r);
}
