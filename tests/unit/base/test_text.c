/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "base/text.h"

static void
puts_pieces_together(void **state)
{
	char buf[64];
	struct text t;

	(void)state;
	text_init(&t, buf, sizeof(buf));
	assert_string_equal(buf, "");
	text_str(&t, "a");
	text_char(&t, '=');
	text_u64(&t, 0);
	text_bytes(&t, "xyz", 2);
	text_printf(&t, "<%d>", -7);
	text_u64(&t, UINT64_MAX);
	assert_string_equal(buf, "a=0xy<-7>18446744073709551615");
	assert_int_equal(t.len, strlen(buf));
	assert_false(t.cut);
}

static void
a_full_buffer_is_not_cut(void **state)
{
	char buf[5];
	struct text t;

	(void)state;
	text_init(&t, buf, sizeof(buf));
	text_str(&t, "abcd");
	assert_false(t.cut);
	assert_string_equal(buf, "abcd");
	text_char(&t, 'e');
	assert_true(t.cut);
	assert_string_equal(buf, "abcd");
}

static void
what_does_not_fit_is_cut(void **state)
{
	char buf[8] = "#######";
	struct text t;

	(void)state;
	text_init(&t, buf, 5);
	text_str(&t, "abcdef");
	assert_true(t.cut);
	assert_string_equal(buf, "abcd");
	assert_int_equal(t.len, 4);
	assert_memory_equal(buf + 5, "##", 3);
}

static void
printf_is_cut_too(void **state)
{
	char buf[8] = "#######";
	struct text t;

	(void)state;
	text_init(&t, buf, 5);
	text_printf(&t, "%s", "abcd");
	assert_false(t.cut);
	text_init(&t, buf, 5);
	text_printf(&t, "ab%d", 12345);
	assert_true(t.cut);
	assert_string_equal(buf, "ab12");
	assert_int_equal(t.len, 4);
	text_printf(&t, "more");
	assert_string_equal(buf, "ab12");
	assert_memory_equal(buf + 5, "##", 3);
}

/* A piece that would fit must not follow one that did not. */
static void
nothing_follows_a_cut(void **state)
{
	char buf[8];
	struct text t;

	(void)state;
	text_init(&t, buf, sizeof(buf));
	text_str(&t, "abcde");
	text_escaped(&t, "\n", 1);
	assert_true(t.cut);
	text_char(&t, 'x');
	text_str(&t, "y");
	text_u64(&t, 1);
	assert_string_equal(buf, "abcde");
}

static void
a_buffer_of_one_holds_the_nul(void **state)
{
	char buf[2] = "##";
	struct text t;

	(void)state;
	text_init(&t, buf, 1);
	assert_string_equal(buf, "");
	text_char(&t, 'x');
	assert_true(t.cut);
	assert_string_equal(buf, "");
	assert_int_equal(buf[1], '#');
}

static void
escapes_what_is_not_printable(void **state)
{
	char buf[64];
	struct text t;

	(void)state;
	text_init(&t, buf, sizeof(buf));
	text_escaped(&t, "a b~\x7f\n\x1b\x9b\xff\0\\\"", 12);
	assert_string_equal(buf,
			    "a b~\\127\\010\\027\\155\\255\\000\\\"");
}

static void
an_escape_is_whole_or_absent(void **state)
{
	char buf[16];
	struct text t;

	(void)state;
	for (size_t size = 1; size <= 9; size++) {
		text_init(&t, buf, size);
		text_escaped(&t, "\n\n", 2);
		assert_int_equal(strlen(buf), (size - 1) / 4 * 4);
		assert_int_equal(t.cut, size < 9);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(puts_pieces_together),
		cmocka_unit_test(a_full_buffer_is_not_cut),
		cmocka_unit_test(what_does_not_fit_is_cut),
		cmocka_unit_test(printf_is_cut_too),
		cmocka_unit_test(nothing_follows_a_cut),
		cmocka_unit_test(a_buffer_of_one_holds_the_nul),
		cmocka_unit_test(escapes_what_is_not_printable),
		cmocka_unit_test(an_escape_is_whole_or_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
