/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "wire/types.h"

static void
types_have_names(void **state)
{
	char buf[16];

	(void)state;
	assert_string_equal(type_text(1, buf), "A");
	assert_string_equal(type_text(TYPE_AAAA, buf), "AAAA");
	assert_string_equal(type_text(257, buf), "CAA");
	assert_string_equal(type_text(0, buf), "TYPE0");
	assert_string_equal(type_text(258, buf), "TYPE258");
	assert_string_equal(type_text(65535, buf), "TYPE65535");
}

static void
assert_type(const char *text, long want)
{
	uint16_t type;
	bool known = type_parse(text, strlen(text), &type);

	if (known != (want >= 0) || (known && type != want))
		fail_msg("%s: not %ld", text, want);
}

static void
names_have_types(void **state)
{
	(void)state;
	assert_type("A", 1);
	assert_type("aaaa", 28);
	assert_type("Https", 65);
	assert_type("TYPE1", 1);
	assert_type("type65535", 65535);
	assert_type("TYPE0", 0);
	assert_type("TYPE65536", -1);
	assert_type("TYPE99999999", -1);
	assert_type("TYPE", -1);
	assert_type("TYPE-1", -1);
	assert_type("TYPE1x", -1);
	assert_type("AAA", -1);
	assert_type("AAAAA", -1);
	assert_type("", -1);
}

static void
every_type_reads_back(void **state)
{
	char buf[16];

	(void)state;
	for (unsigned i = 0; i <= UINT16_MAX; i++) {
		const char *text = type_text(i, buf);
		uint16_t type;

		assert_true(type_parse(text, strlen(text), &type));
		assert_int_equal(type, i);
	}
}

static void
codes_have_words(void **state)
{
	char buf[16];

	(void)state;
	assert_string_equal(rcode_log_text(0, buf), "NoError");
	assert_string_equal(rcode_log_text(3, buf), "NameError");
	assert_string_equal(rcode_log_text(5, buf), "Refused");
	assert_string_equal(rcode_log_text(16, buf), "BadVersion");
	assert_string_equal(rcode_log_text(11, buf), "Reserved(11)");
	assert_string_equal(rcode_log_text(4095, buf), "Reserved(4095)");
	assert_string_equal(opcode_log_text(0, buf), "StandardQuery");
	assert_string_equal(opcode_log_text(5, buf), "Update");
	assert_string_equal(opcode_log_text(3, buf), "Reserved(3)");
	assert_string_equal(opcode_log_text(15, buf), "Reserved(15)");
}

static void
unknown_types_are_bytes(void **state)
{
	(void)state;
	assert_string_equal(type_layout(TYPE_A), "4");
	assert_string_equal(type_layout(0), "*");
	assert_string_equal(type_layout(3), "*");
	assert_string_equal(type_layout(65535), "*");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_have_names),
		cmocka_unit_test(names_have_types),
		cmocka_unit_test(every_type_reads_back),
		cmocka_unit_test(codes_have_words),
		cmocka_unit_test(unknown_types_are_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
