/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as what the entries of a journal say: each is a length and that
 * many bytes, and is given the checksum that its place asks for. An empty
 * zone with that journal has what a plain replay of it has.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "entry.h"
#include "lists/journal.h"
#include "lists/kept.h"
#include "wire/writer.h"

enum { ROOM = 1 << 20, NAIVE_MAX = 256 };

/* The plain replay: a row of records, the last word on each. */
struct naive {
	struct zone_record record[NAIVE_MAX];
	bool is_here[NAIVE_MAX];
	unsigned count;
	bool is_full;
};

static void
naive_set(struct naive *n, const struct zone_record *r, bool is_here)
{
	unsigned i = 0;

	while (i < n->count && record_compare(&n->record[i], r) != 0)
		i++;
	n->is_full |= i == NAIVE_MAX;
	if (n->is_full)
		return;
	n->record[i] = *r;
	n->is_here[i] = is_here;
	n->count += i == n->count;
}

/* False: it is not what an entry says. */
static bool
naive_replay(struct naive *n, const uint8_t *rest, size_t len)
{
	struct reader r = reader_of(rest, len);
	struct zone_soa soa;
	struct soa_numbers numbers;
	struct zone_record record;
	uint32_t count;

	reader_take(&r, 8);
	soa.ttl = reader_u32(&r);
	soa.len = reader_u16(&r);
	if (r.torn || soa.len > sizeof(soa.rdata) || soa.len > reader_left(&r))
		return false;
	memcpy(soa.rdata, reader_take(&r, soa.len), soa.len);
	if (!soa_read(&soa, &numbers))
		return false;
	for (count = reader_u32(&r); count > 0; count--) {
		bool is_here = reader_u8(&r) == 1;

		if (!record_read(&r, &record))
			return false;
		naive_set(n, &record, is_here);
	}
	return !r.torn && reader_left(&r) == 0;
}

struct counting {
	const struct naive *naive;
	unsigned count;
};

static enum err
must_be_known(void *arg, const struct zone_record *r)
{
	struct counting *c = arg;

	c->count++;
	for (unsigned i = 0; i < c->naive->count; i++) {
		if (record_compare(&c->naive->record[i], r) != 0)
			continue;
		must(c->naive->is_here[i]);
		must(c->naive->record[i].ttl == r->ttl);
		return ERR_NONE;
	}
	abort();
}

static void
compare(struct kept *k, const struct naive *n)
{
	struct counting c = { .naive = n };
	const struct record_sink sink = { must_be_known, &c };
	unsigned here = 0;

	if (n->is_full)
		return;
	for (unsigned i = 0; i < n->count; i++) {
		here += n->is_here[i];
		must(kept_has(k, &n->record[i]) == n->is_here[i]);
	}
	must(kept_each(k, &sink) == ERR_NONE);
	must(c.count == here);
}

static uint64_t
begin(struct writer *w)
{
	const struct kept_about about = { .form = FORM_RPZ,
					  .zone = { .len = 1 } };
	const struct kept_size size = { .check = 0 };
	uint8_t *head = writer_room(w, KEPT_HEAD);

	kept_write_head(&about, &size, head);
	return kept_check(0, head, KEPT_HEAD - 8);
}

/* False: the entry is not good, and the copy will be refused. */
static bool
append(struct writer *w, struct reader *r, uint64_t *check, struct naive *n)
{
	struct journal_entry e = { .kind = JOURNAL_CHANGED, .at_s = 1 };
	size_t len, want = reader_u16(r);
	uint8_t *bytes;

	e.rest_len = want < reader_left(r) ? want : reader_left(r);
	e.rest = reader_take(r, e.rest_len);
	bytes = journal_write(&e, check, &len);
	must(bytes != NULL);
	writer_bytes(w, bytes, len);
	free(bytes);
	return naive_replay(n, e.rest, e.rest_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct naive naive;
	static uint8_t copy[ROOM];
	struct reader r = reader_of(bytes, size);
	struct writer w = writer_of(copy, sizeof(copy));
	uint64_t check = begin(&w);
	bool is_good = true;
	struct kept k;

	naive.count = 0;
	naive.is_full = false;
	while (reader_left(&r) > 2 && is_good)
		is_good = append(&w, &r, &check, &naive);
	if (w.full)
		return 0;
	must((kept_open(copy, w.at, &k) == ERR_NONE) == is_good);
	if (!is_good)
		return 0;
	must(!k.is_torn);
	compare(&k, &naive);
	kept_close(&k);
	return 0;
}
