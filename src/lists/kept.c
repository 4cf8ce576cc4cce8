/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kept copies, read.
 *
 * No number in one is believed: lengths are held against what there is,
 * records are read as a stranger's and must come in order, the index is only
 * where a search begins. What the journal says is read into memory, and then
 * goes before what the body says.
 */
#include "lists/kept.h"

#include <string.h>

#include "lists/journal.h"
#include "wire/writer.h"

uint64_t
kept_check(uint64_t before, const uint8_t *bytes, size_t len)
{
	struct hash_key key = { .k0 = before, .k1 = KEPT_MAGIC };

	for (size_t at = 0; at < len; at += KEPT_BLOCK) {
		size_t block = len - at < KEPT_BLOCK ? len - at : KEPT_BLOCK;

		key.k0 = hash_bytes(&key, bytes + at, block);
	}
	return key.k0;
}

/* ---- the head ----------------------------------------------------------- */

static void
write_text(struct writer *w, const char *text)
{
	size_t len = strlen(text);

	writer_u16(w, (uint16_t)len);
	writer_bytes(w, text, len);
}

static bool
read_text(struct reader *r, char *out, size_t size)
{
	uint16_t len = reader_u16(r);
	const uint8_t *text = reader_take(r, len);

	if (text == NULL || len >= size || memchr(text, '\0', len) != NULL)
		return false;
	memcpy(out, text, len);
	out[len] = '\0';
	return true;
}

static bool
read_zone(struct reader *r, struct kept_about *out)
{
	const uint8_t *rdata;

	if (name_read(r->bytes, r->len, &r->at, &out->zone) != ERR_NONE)
		return false;
	name_lower(&out->zone, &out->zone);
	out->soa.ttl = reader_u32(r);
	out->soa.len = reader_u16(r);
	if (out->soa.len > sizeof(out->soa.rdata))
		return false;
	rdata = reader_take(r, out->soa.len);
	if (rdata != NULL)
		memcpy(out->soa.rdata, rdata, out->soa.len);
	return rdata != NULL;
}

void
kept_write_head(const struct kept_about *about, const struct kept_size *size,
		uint8_t *to)
{
	struct writer w = writer_of(to, KEPT_HEAD - 8);

	memset(to, 0, KEPT_HEAD);
	writer_u64(&w, KEPT_MAGIC);
	writer_u32(&w, KEPT_VERSION);
	writer_u32(&w, about->form);
	writer_u64(&w, size->body);
	writer_u64(&w, size->indexed);
	writer_u64(&w, size->check);
	writer_u64(&w, about->entries);
	writer_u64(&w, (uint64_t)about->changed_s);
	writer_u64(&w, (uint64_t)about->checked_s);
	writer_bytes(&w, about->zone.wire, about->zone.len);
	writer_u32(&w, about->soa.ttl);
	writer_u16(&w, about->soa.len);
	writer_bytes(&w, about->soa.rdata, about->soa.len);
	write_text(&w, about->source);
	write_text(&w, about->etag);
	write_text(&w, about->modified);
	w = writer_of(to + KEPT_HEAD - 8, 8);
	writer_u64(&w, kept_check(0, to, KEPT_HEAD - 8));
}

static bool
read_head(const uint8_t *bytes, struct kept_about *out, struct kept_size *size)
{
	struct reader r = reader_of(bytes, KEPT_HEAD - 8);
	bool is_ours = reader_u64(&r) == KEPT_MAGIC;
	uint32_t form;

	is_ours &= reader_u32(&r) == KEPT_VERSION;
	form = reader_u32(&r);
	out->form = form;
	size->body = reader_u64(&r);
	size->indexed = reader_u64(&r);
	size->check = reader_u64(&r);
	out->entries = reader_u64(&r);
	out->changed_s = (int64_t)reader_u64(&r);
	out->checked_s = (int64_t)reader_u64(&r);
	return is_ours && form < FORM_COUNT && read_zone(&r, out) &&
	       read_text(&r, out->source, sizeof(out->source)) &&
	       read_text(&r, out->etag, sizeof(out->etag)) &&
	       read_text(&r, out->modified, sizeof(out->modified));
}

/* ---- the journal -------------------------------------------------------- */

static enum err
take_entry(struct kept *k, const struct journal_entry *e)
{
	struct journal_change change;
	enum err err;

	k->about.checked_s = e->at_s;
	if (e->kind != JOURNAL_CHANGED)
		return ERR_NONE;
	err = journal_read_change(e, &change, &k->delta);
	if (err != ERR_NONE)
		return err;
	k->about.changed_s = e->at_s;
	k->about.soa = change.soa;
	k->about.entries = change.entries;
	return ERR_NONE;
}

/* What cannot be understood in spite of its checksum ends the journal like
 * what is torn, but what came before may be half changed: it is refused. */
static enum err
read_journal(struct kept *k, const uint8_t *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);
	struct journal_entry e;
	enum err err = ERR_NONE;

	r.at = k->journal_at;
	while (err == ERR_NONE && journal_next(&r, &k->last_check, &e))
		err = take_entry(k, &e);
	k->journal_len = r.at - k->journal_at;
	k->is_torn = r.at < len;
	return err;
}

enum err
kept_open(const uint8_t *bytes, size_t len, struct kept *out)
{
	struct reader r = reader_of(bytes, len), check;
	struct kept_size size;
	const uint8_t *head = reader_take(&r, KEPT_HEAD);
	enum err err;

	memset(out, 0, sizeof(*out));
	if (head == NULL)
		return ERR_IMAGE;
	check = reader_of(head, KEPT_HEAD);
	check.at = KEPT_HEAD - 8;
	out->last_check = reader_u64(&check);
	if (out->last_check != kept_check(0, head, KEPT_HEAD - 8) ||
	    !read_head(head, &out->about, &size) || size.body > len ||
	    size.indexed > len / 8)
		return ERR_IMAGE;
	out->body_len = (size_t)size.body;
	out->indexed = (size_t)size.indexed;
	out->body = reader_take(&r, out->body_len);
	out->index = reader_take(&r, 8 * out->indexed);
	if (r.torn ||
	    kept_check(0, out->body, out->body_len + 8 * out->indexed) !=
		size.check)
		return ERR_IMAGE;
	out->journal_at = r.at;
	delta_init(&out->delta);
	err = read_journal(out, bytes, len);
	if (err != ERR_NONE)
		delta_fini(&out->delta);
	return err;
}

bool
kept_journal(const uint8_t *head, uint64_t *at_out, uint64_t *check_out)
{
	struct reader end = reader_of(head, KEPT_HEAD);
	struct kept_about about;
	struct kept_size size;

	end.at = KEPT_HEAD - 8;
	*check_out = reader_u64(&end);
	if (*check_out != kept_check(0, head, KEPT_HEAD - 8) ||
	    !read_head(head, &about, &size) || size.body > INT64_MAX / 2 ||
	    size.indexed > INT64_MAX / 32)
		return false;
	*at_out = KEPT_HEAD + size.body + 8 * size.indexed;
	return true;
}

void
kept_close(struct kept *k)
{
	delta_fini(&k->delta);
}

/* ---- one record --------------------------------------------------------- */

static bool
record_of_index(const struct kept *k, size_t i, struct zone_record *out,
		size_t *at_out)
{
	struct reader index = reader_of(k->index, 8 * k->indexed), r;
	uint64_t at;

	index.at = 8 * i;
	at = reader_u64(&index);
	if (at >= k->body_len)
		return false;
	r = reader_of(k->body, k->body_len);
	r.at = (size_t)at;
	*at_out = r.at;
	return record_read(&r, out);
}

/* Where in the body a search for a record begins. */
static size_t
search(const struct kept *k, const struct zone_record *r)
{
	size_t low = 0, high = k->indexed, begin = 0, at;
	struct zone_record other;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (!record_of_index(k, middle, &other, &at))
			return k->body_len;
		if (record_compare(&other, r) > 0) {
			high = middle;
		} else {
			low = middle + 1;
			begin = at;
		}
	}
	return begin;
}

static bool
body_has(const struct kept *k, const struct zone_record *r)
{
	struct reader body = reader_of(k->body, k->body_len);
	struct zone_record other;
	int order = -1;

	body.at = search(k, r);
	while (order < 0 && reader_left(&body) > 0 &&
	       record_read(&body, &other))
		order = record_compare(&other, r);
	return order == 0;
}

bool
kept_has(const struct kept *k, const struct zone_record *r)
{
	enum delta_state state = delta_of(&k->delta, r);

	return state == DELTA_UNKNOWN ? body_has(k, r) : state == DELTA_HERE;
}

/* ---- all records -------------------------------------------------------- */

/* Two sorted rows, of which the second goes before. */
struct merge {
	struct kept *k;
	const struct record_sink *to;
	struct reader body;
	struct zone_record old, new;
	bool has_old, has_new;
	size_t next_new;
	enum delta_state state;
};

static enum err
next_old(struct merge *m)
{
	struct zone_record before = m->old;
	bool had = m->has_old;

	m->has_old = reader_left(&m->body) > 0;
	if (!m->has_old)
		return m->body.torn ? ERR_IMAGE : ERR_NONE;
	if (!record_read(&m->body, &m->old))
		return ERR_IMAGE;
	return had && record_compare(&before, &m->old) >= 0 ? ERR_IMAGE
							    : ERR_NONE;
}

static void
next_new(struct merge *m)
{
	m->has_new = m->next_new < m->k->delta.count;
	if (m->has_new)
		m->state = delta_at(&m->k->delta, m->next_new++, &m->new);
}

/* <0: the old one comes first; 0: they are one. */
static int
order_of(const struct merge *m)
{
	if (!m->has_new)
		return -1;
	return m->has_old ? record_compare(&m->old, &m->new) : 1;
}

static enum err
merge_one(struct merge *m)
{
	int order = order_of(m);
	enum err err = ERR_NONE;

	if (order < 0)
		err = m->to->each(m->to->arg, &m->old);
	else if (m->state == DELTA_HERE)
		err = m->to->each(m->to->arg, &m->new);
	if (err == ERR_NONE && order <= 0)
		err = next_old(m);
	if (order >= 0)
		next_new(m);
	return err;
}

enum err
kept_each(struct kept *k, const struct record_sink *to)
{
	struct merge m = { .k = k,
			   .to = to,
			   .body = reader_of(k->body, k->body_len) };
	enum err err;

	if (k->about.form != FORM_RPZ)
		return ERR_IMAGE;
	delta_sort(&k->delta);
	next_new(&m);
	err = next_old(&m);
	while (err == ERR_NONE && (m.has_old || m.has_new))
		err = merge_one(&m);
	return err;
}
