/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as the text of a zone: its records come sorted and of the form in
 * which they are kept, and each entry they make is sound.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "entry.h"
#include "lists/rpz_zone.h"

struct last {
	struct zone_record record;
	bool is_there;
	uint8_t bytes[RECORD_MAX];
};

static enum err
take_record(void *arg, const struct zone_record *r)
{
	static uint8_t bytes[RECORD_MAX];
	struct last *last = arg;
	struct zone_record again;
	struct reader reader = reader_of(bytes, record_size(r));

	must(!last->is_there || r->type == 5 ||
	     record_compare(&last->record, r) < 0);
	record_write(r, bytes);
	must(record_read(&reader, &again) && reader_left(&reader) == 0);
	must(record_compare(r, &again) == 0 && r->ttl == again.ttl);
	memcpy(last->bytes, bytes, record_size(r));
	reader = reader_of(last->bytes, record_size(r));
	last->is_there = record_read(&reader, &last->record);
	return ERR_NONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct rpz_sink to = { take_entry, take_note, NULL };
	static struct last last;
	const struct record_sink sink = { take_record, &last };
	const struct zone_text from = { .text = (const char *)bytes,
					.len = size };
	struct rpz_about about;
	struct content c;
	uint32_t bad;

	last.is_there = false;
	rpz_read_text(&from, 1 << 24, &to, &about);
	zone_read(&from, 1 << 24, &c, &bad);
	content_sort(&c);
	must(content_each(&c, &sink) == ERR_NONE);
	content_fini(&c);
	return 0;
}
