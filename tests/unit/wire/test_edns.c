/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "wire/edns.h"
#include "wire/types.h"

/* From memory that ends with the options, so that a read behind is seen. */
static enum err
read_options(const uint8_t *bytes, size_t len, struct edns *out)
{
	uint8_t *copy = malloc(len + 1);
	enum err err;

	assert_non_null(copy);
	memcpy(copy + 1, bytes, len);
	err = edns_read(copy + 1, len, out);
	free(copy);
	return err;
}

static void
reads_the_first_error(void **state)
{
	static const uint8_t b[] = { 0, 10, 0, 2, 1,   2,    /* cookie */
				     0, 15, 0, 4, 0,   18, 'n', 'o',
				     0, 15, 0, 2, 0,   15 };
	struct edns e = { .present = true, .udp_size = 4096 };

	(void)state;
	assert_int_equal(read_options(b, sizeof(b), &e), ERR_NONE);
	assert_true(e.ede_present);
	assert_int_equal(e.ede_code, EDE_PROHIBITED);
	assert_int_equal(e.ede_text_len, 2);
	assert_memory_equal(e.ede_text, "no", 2);
	assert_int_equal(e.udp_size, 4096);
}

static void
every_cut_is_torn(void **state)
{
	static const uint8_t b[] = { 0, 10, 0, 0, 0, 15, 0, 4, 0, 18, 'n',
				     'o' };
	struct edns e;

	(void)state;
	for (size_t len = 0; len <= sizeof(b); len++) {
		bool whole = len == 0 || len == 4 || len == sizeof(b);

		assert_int_equal(read_options(b, len, &e),
				 whole ? ERR_NONE : ERR_TORN);
	}
}

static void
an_error_without_a_code_is_none(void **state)
{
	static const uint8_t b[] = { 0, 15, 0, 1, 18 };
	struct edns e;

	(void)state;
	assert_int_equal(read_options(b, sizeof(b), &e), ERR_NONE);
	assert_false(e.ede_present);
}

static void
a_long_text_is_cut(void **state)
{
	uint8_t b[6 + 1000];
	struct edns e;

	(void)state;
	memset(b, 'x', sizeof(b));
	memcpy(b, "\0\x0f\x03\xea\0\0", 6);
	assert_int_equal(read_options(b, sizeof(b), &e), ERR_NONE);
	assert_int_equal(e.ede_text_len, 200);
	assert_memory_equal(e.ede_text, b + 6, 200);
}

static void
writes_byte_for_byte(void **state)
{
	static const uint8_t plain[] = { 0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t full[] = { 0,   0,	  41, 4,   0xd0, 1, 0,
					0x80, 0,  0,  8,   0,	 15, 0,
					4,   0,	  18, 'n', 'o' };
	struct ede ede = { .code = EDE_PROHIBITED, .text = "no" };
	struct ede none = { .code = -1, .text = "not to be seen" };
	uint8_t buf[64];
	struct writer w = writer_of(buf, sizeof(buf));

	(void)state;
	edns_write(&w, &(struct edns_reply){ 0 });
	assert_int_equal(w.at, EDNS_OVERHEAD);
	assert_memory_equal(buf, plain, sizeof(plain));
	writer_back(&w, 0);
	edns_write(&w, &(struct edns_reply){ .rcode = 5, .ede = &none });
	assert_int_equal(w.at, sizeof(plain));
	assert_memory_equal(buf, plain, sizeof(plain));
	writer_back(&w, 0);
	edns_write(&w, &(struct edns_reply){ .dnssec_ok = true,
					     .rcode = RCODE_BADVERS,
					     .ede = &ede });
	assert_int_equal(w.at, sizeof(full));
	assert_memory_equal(buf, full, sizeof(full));
}

static void
a_keepalive_asks_and_has_no_value(void **state)
{
	static const struct {
		uint8_t bytes[12];
		size_t len;
		enum edns_keepalive means;
	} known[] = {
		{ { 0, 10, 0, 0 }, 4, KEEPALIVE_NONE },
		{ { 0, 11, 0, 0 }, 4, KEEPALIVE_ASKED },
		{ { 0, 11, 0, 2, 0, 100 }, 6, KEEPALIVE_BAD },
		{ { 0, 11, 0, 1, 0 }, 5, KEEPALIVE_BAD },
		{ { 0, 11, 0, 2, 0, 1, 0, 11, 0, 0 }, 10, KEEPALIVE_BAD },
	};
	struct edns e = { .keepalive = KEEPALIVE_ASKED };

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_int_equal(
		    read_options(known[i].bytes, known[i].len, &e), ERR_NONE);
		assert_int_equal(e.keepalive, known[i].means);
	}
}

static void
writes_how_long_it_may_be_idle(void **state)
{
	static const uint8_t full[] = { 0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 12,
					0, 11, 0, 2, 0, 100,
					0, 15, 0, 2, 0, 18 };
	struct ede ede = { .code = EDE_PROHIBITED };
	uint8_t buf[64];
	struct writer w = writer_of(buf, sizeof(buf));

	(void)state;
	edns_write(&w, &(struct edns_reply){ .ede = &ede, .keepalive = true,
					     .idle_100ms = 100 });
	assert_int_equal(w.at, sizeof(full));
	assert_memory_equal(buf, full, sizeof(full));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_first_error),
		cmocka_unit_test(every_cut_is_torn),
		cmocka_unit_test(an_error_without_a_code_is_none),
		cmocka_unit_test(a_long_text_is_cut),
		cmocka_unit_test(writes_byte_for_byte),
		cmocka_unit_test(a_keepalive_asks_and_has_no_value),
		cmocka_unit_test(writes_how_long_it_may_be_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
