/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a kept copy. A checksum would keep a fuzzer out, so it is only
 * believed to be wrong where the first byte is zero; else the bytes are what
 * lies inside of one that is right: how long body and index are, then those.
 * What is read comes in order, or not at all.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "entry.h"
#include "lists/kept.h"
#include "lists/rpz_zone.h"

struct last {
	const struct kept *k;
	struct zone_record record;
	bool is_there;
};

/* Nothing moves while the copy is read, so the last one can be borrowed. */
static enum err
take_record(void *arg, const struct zone_record *r)
{
	struct last *last = arg;

	must(!last->is_there || record_compare(&last->record, r) < 0);
	last->record = *r;
	last->is_there = true;
	return ERR_NONE;
}

static void
look(const uint8_t *bytes, size_t size)
{
	static const struct rpz_sink to = { take_entry, take_note, NULL };
	struct zone_record record = { .owner = (const uint8_t *)"\1a",
				      .owner_len = 2,
				      .type = 5,
				      .rdata = (const uint8_t *)"",
				      .rdata_len = 1 };
	struct last last = { 0 };
	const struct record_sink sink = { take_record, &last };
	struct rpz_about about;
	struct kept k;

	if (kept_open(bytes, size, &k) != ERR_NONE)
		return;
	must(k.body_len + 8 * k.indexed + KEPT_HEAD + k.journal_len <= size);
	must(memchr(k.about.source, '\0', sizeof(k.about.source)) != NULL);
	kept_has(&k, &record);
	kept_each(&k, &sink);
	kept_close(&k);
	rpz_read_kept(bytes, size, &to, &about);
}

static void
look_inside(struct reader *r)
{
	struct kept_about about = { .form = FORM_RPZ, .zone = { .len = 1 } };
	struct kept_size size = { .body = reader_u16(r),
				  .indexed = reader_u16(r) };
	size_t left = reader_left(r);
	uint8_t *copy = malloc(KEPT_HEAD + left);

	must(copy != NULL);
	if (left > 0)
		memcpy(copy + KEPT_HEAD, reader_take(r, left), left);
	if (size.body + 8 * size.indexed <= left) {
		size.check = kept_check(0, copy + KEPT_HEAD,
					size.body + 8 * size.indexed);
		kept_write_head(&about, &size, copy);
		look(copy, KEPT_HEAD + left);
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct reader r = reader_of(bytes, size);

	if (reader_u8(&r) == 0 && size > 0)
		look(bytes + 1, size - 1);
	else
		look_inside(&r);
	return 0;
}
