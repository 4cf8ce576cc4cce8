/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as records of a policy zone, in the form in which they are kept:
 * owners of every shape, targets, data. Whatever entry they make is sound.
 */
#include <stdint.h>

#include "entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct rpz_sink to = { take_entry, take_note, NULL };
	static struct rpz z;
	struct reader r = reader_of(bytes, size);
	struct zone_record record;

	rpz_init(&z, &to);
	while (reader_left(&r) > 0 && record_read(&r, &record))
		must(rpz_add(&z, &record) == ERR_NONE);
	must(rpz_end(&z) == ERR_NONE);
	return 0;
}
