/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records in a row: as many as a message holds, and not one byte more. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "wire/message.h"
#include "wire/writer.h"

enum { MANY = 4000 };

/* A question and `count` addresses of its name. */
static size_t
write_many(uint8_t *bytes, size_t size, unsigned count)
{
	struct writer w = writer_of(bytes, size);
	static const uint8_t name[] = { 4, 'l', 'i', 's', 't', 0 };
	const uint16_t head[] = { 7, FLAG_QR, 1, (uint16_t)count, 0, 0 };

	for (unsigned i = 0; i < 6; i++)
		writer_u16(&w, head[i]);
	writer_bytes(&w, name, sizeof(name));
	writer_u16(&w, TYPE_A);
	writer_u16(&w, CLASS_IN);
	for (unsigned i = 0; i < count; i++) {
		writer_u16(&w, 0xc000 | HEADER_SIZE);
		writer_u16(&w, TYPE_A);
		writer_u16(&w, CLASS_IN);
		writer_u32(&w, 300 + i);
		writer_u16(&w, 4);
		writer_u32(&w, 0xcb007100 + i);
	}
	assert_false(w.full);
	return w.at;
}

static struct records
behind_the_question(const uint8_t *bytes, size_t len)
{
	struct records p = { .r = reader_of(bytes, len) };

	p.r.at = HEADER_SIZE + 6 + 4;
	return p;
}

static void
four_thousand_addresses_are_read(void **state)
{
	uint8_t *bytes = malloc(MESSAGE_MAX);
	size_t len = write_many(bytes, MESSAGE_MAX, MANY);
	struct records p = behind_the_question(bytes, len);
	struct addr a;
	struct rr rr;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		uint32_t want = htonl(0xcb007100 + i);

		assert_int_equal(records_next(&p, &rr), ERR_NONE);
		assert_int_equal(rr.type, TYPE_A);
		assert_int_equal(rr.ttl, 300 + i);
		assert_true(rr_read_address(bytes, &rr, &a));
		assert_memory_equal(a.byte, &want, 4);
	}
	assert_int_equal(reader_left(&p.r), 0);
	assert_int_equal(records_next(&p, &rr), ERR_TORN);
	free(bytes);
}

static void
a_record_that_is_cut_is_none(void **state)
{
	uint8_t bytes[200];
	size_t whole = write_many(bytes, sizeof(bytes), 1);

	(void)state;
	for (size_t len = HEADER_SIZE + 10; len < whole; len++) {
		uint8_t *copy = malloc(len);
		struct records p;
		struct rr rr;

		memcpy(copy, bytes, len);
		p = behind_the_question(copy, len);
		assert_int_equal(records_next(&p, &rr), ERR_TORN);
		free(copy);
	}
}

static void
only_whole_addresses_are_addresses(void **state)
{
	static const uint8_t bytes[16] = { 192, 0, 2, 1 };
	struct rr rr = { .type = TYPE_A, .class = CLASS_IN, .rdata_len = 4 };
	struct addr a;

	(void)state;
	assert_true(rr_read_address(bytes, &rr, &a));
	assert_int_equal(a.family, 4);
	rr.rdata_len = 16;
	assert_false(rr_read_address(bytes, &rr, &a));
	rr.type = TYPE_AAAA;
	assert_true(rr_read_address(bytes, &rr, &a));
	assert_int_equal(a.family, 6);
	rr.class = 3;
	assert_false(rr_read_address(bytes, &rr, &a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_thousand_addresses_are_read),
		cmocka_unit_test(a_record_that_is_cut_is_none),
		cmocka_unit_test(only_whole_addresses_are_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
