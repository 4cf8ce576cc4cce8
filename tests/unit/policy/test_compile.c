/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A whole ACL: what is refused, what is said, and what rules say together. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

static void
expect_refusal(const char *text, size_t len, const char *said)
{
	struct kit k;

	assert_int_equal(kit_compile_bytes(&k, text, len), ERR_SYNTAX);
	assert_null(k.image);
	if (strncmp(k.said, said, strlen(said)) != 0)
		fail_msg("wanted \"%s\", got \"%s\"", said, k.said);
}

static void
expect_rules(const char *text, const char *printed)
{
	struct kit k;
	char *got;

	assert_int_equal(kit_compile(&k, text), ERR_NONE);
	assert_int_equal(policy_view(k.image, k.size, 0, &k.policy), ERR_NONE);
	got = kit_print(&k.policy);
	assert_string_equal(got, printed);
	free(got);
	kit_close(&k);
}

static void
test_empty_is_valid(void **state)
{
	(void)state;
	expect_rules("", "");
	expect_rules("\n", "");
	expect_rules("# nothing\n\r\n\t\n", "");
	expect_rules("\xef\xbb\xbf", "");
}

static void
test_line_ends(void **state)
{
	(void)state;
	expect_rules("\xef\xbb\xbf::1 ~> a\r\n::1 ~> b\r\n",
		     "::1 ~> a\n::1 ~> b\n");
	expect_rules("::1 ~> a\n::1 ~> b", "::1 ~> a\n::1 ~> b\n");
	expect_rules("::1 ~> a # caf\xc3\xa9\n", "::1 ~> a\n");
}

static void
test_lines_and_columns_count_from_one(void **state)
{
	(void)state;
	expect_refusal("x", 1, "acl:1:1: error: \"x\" is not");
	expect_refusal("\n\n  x\n", 6, "acl:3:3: error: ");
	expect_refusal("\xef\xbb\xbfx", 4, "acl:1:1: error: \"x\" is not");
	expect_refusal("::1 ~> a\r\n::1 ~> a..b\r\n", 23, "acl:2:10: error: ");
}

static void
test_bytes_that_no_acl_holds(void **state)
{
	static const char nul[] = "::1 ~> a\n::1 ~> b\0c\n";
	static const char nul_in_comment[] = "# a\0b\n";
	static const char mark[] = "::1 ~> a\n\xef\xbb\xbf::1 ~> b\n";
	static const char two_marks[] = "\xef\xbb\xbf\xef\xbb\xbf::1 ~> b\n";
	static const char utf16[] = "\xff\xfe:\0:\0";

	(void)state;
	expect_refusal(nul, sizeof(nul) - 1, "acl:2:9: error: a NUL byte");
	expect_refusal(nul_in_comment, sizeof(nul_in_comment) - 1,
		       "acl:1:4: error: a NUL byte");
	expect_refusal(mark, sizeof(mark) - 1,
		       "acl:2:1: error: a byte order mark");
	expect_refusal(two_marks, sizeof(two_marks) - 1,
		       "acl:1:1: error: a byte order mark");
	expect_refusal(utf16, sizeof(utf16) - 1, "acl:1:4: error: a NUL byte");
	expect_refusal("::1 ~> a\rb\n", 11,
		       "acl:1:9: error: \"a\\013b\" has a byte");
}

static void
test_long_lines(void **state)
{
	size_t len = 1 << 20;
	char *text = malloc(len);

	(void)state;
	assert_non_null(text);
	memset(text, 'a', len);
	expect_refusal(text, len, "acl:1:4097: error: the line is over 4096");
	memset(text, '#', len);
	text[4096] = '\n';
	text[4097] = '\n';
	expect_refusal(text, len, "acl:3:4097: error: the line is over 4096");
	free(text);
}

static void
test_complaints_are_escaped_and_bounded(void **state)
{
	struct kit k;

	(void)state;
	assert_int_equal(
	    kit_compile(&k, "\x1b[31m\x9b\"0123456789012345678901234567890123"
			    "456789 ~> a"),
	    ERR_SYNTAX);
	assert_string_equal(
	    k.said,
	    "acl:1:1: error: \"\\027[31m\\155\"012345678901234567890123456789"
	    "012...\" is not an address or net; write e.g. 10.0.0.1, "
	    "10.0.0.0/8, 2001:db8::/32, any, localhost, localnets or @GROUP\n");
}

static void
test_only_twenty_errors_are_told(void **state)
{
	char text[2 * 25 + 1] = "";
	unsigned lines = 0;
	struct kit k;

	(void)state;
	for (int i = 0; i < 25; i++)
		strcat(text, "x\n");
	assert_int_equal(kit_compile(&k, text), ERR_SYNTAX);
	for (const char *c = k.said; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 21);
	assert_non_null(strstr(k.said, "\nacl:20:1: error: "));
	assert_null(strstr(k.said, "acl:21:"));
	assert_non_null(strstr(k.said, "\nacl: 5 more errors\n"));
}

/* However many warnings stand before it, the error is told. */
static void
test_warnings_do_not_hide_errors(void **state)
{
	enum { LINES = 3000 };
	static const char warned[] = "10.0.0.1/8 ~> a\n";
	char *text = malloc(LINES * sizeof(warned) + 2);
	size_t at = 0;
	struct kit k;

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < LINES; i++, at += sizeof(warned) - 1)
		memcpy(text + at, warned, sizeof(warned));
	strcpy(text + at, "x");
	assert_int_equal(kit_compile(&k, text), ERR_SYNTAX);
	assert_non_null(strstr(k.said, "acl:3001:1: error: \"x\""));
	assert_non_null(strstr(k.said, "acl: 2980 more warnings\n"));
	free(text);
}

static void
test_host_bits_warn(void **state)
{
	struct kit k;

	(void)state;
	assert_int_equal(kit_compile(&k, "\n 10.1.2.3/8 ~> a"), ERR_NONE);
	assert_string_equal(k.said,
			    "acl:2:2: warning: \"10.1.2.3/8\" has bits set "
			    "behind its prefix; it is read as 10.0.0.0/8\n");
	kit_close(&k);
	expect_rules("10.1.2.3/8 ~> a", "10.0.0.0/8 ~> a\n");
}

static void
test_address_as_domain_warns(void **state)
{
	struct kit k;

	(void)state;
	assert_int_equal(kit_compile(&k, "::1 -> 192.0.2.1:TCP:80"), ERR_NONE);
	assert_int_equal(
	    strncmp(k.said, "acl:1:8: warning: \"192.0.2.1\" ", 30), 0);
	kit_close(&k);
}

static void
test_too_many_ports_warn(void **state)
{
	enum { LINE = 32, LINES = VERDICT_MAX_PORTS + 1 };
	char *text = calloc(LINES, LINE);
	size_t at = 0;
	struct kit k;

	(void)state;
	assert_non_null(text);
	for (int i = 1; i < LINES; i++)
		at += (size_t)snprintf(text + at, LINE, "::1 -> a:TCP:%d\n", i);
	kit_open(&k, text);
	kit_close(&k);
	snprintf(text + at, LINE, "::1 -> a:UDP:9\n");
	assert_int_equal(kit_compile(&k, text), ERR_NONE);
	assert_int_equal(
	    strncmp(k.said, "acl:257:8: warning: over 256 ports", 34), 0);
	kit_close(&k);
	free(text);
}

static void
test_contradictions_name_both_lines(void **state)
{
	static const char *const both[] = {
		"10.0.0.0/8 -> a.x:TCP:1\n10.0.0.0/8 -| A.x.\n",
		"10.0.0.0/8 -| a.x\n\n10.0.0.0/8 ~> a.x\n",
		"10.0.0.0/8 ~> *.x\n10.1.2.3/8 -| *.x\n",
		"10.0.0.0/8 ~> .x\n10.0.0.0/8 -| .x = ::1\n",
		"10.0.0.0/8 ~> *\n::ffff:10.0.0.0/104 -| *\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(both) / sizeof(*both); i++) {
		struct kit k;
		const char *error;

		assert_int_equal(kit_compile(&k, both[i]), ERR_SYNTAX);
		error = strstr(k.said, "error: ");
		assert_non_null(error);
		assert_non_null(strstr(error, "line 1 allow and block"));
		assert_non_null(strstr(k.said, i == 1 ? "acl:3:" : "acl:2:"));
	}
}

static void
test_only_like_contradicts_like(void **state)
{
	(void)state;
	expect_rules("10.0.0.0/8 ~> *.x\n10.0.0.0/8 -| .x\n10.0.0.0/8 ~> x\n"
		     "10.0.0.0/9 -| x\n",
		     "10.0.0.0/9 -| x\n10.0.0.0/8 ~> x\n10.0.0.0/8 ~> *.x\n"
		     "10.0.0.0/8 -| .x\n");
}

static void
test_blocks_that_answer_differently(void **state)
{
	static const char *const both[] = {
		"::1 -| a\n::1 -| a = 192.0.2.1\n",
		"::1 -| a = 192.0.2.2\n::1 -| a = 192.0.2.1\n",
		"::1 -| a = ::2\n::1 -| a = ::3\n",
		"::1 -| a = ::2,192.0.2.1\n::1 -| a = 192.0.2.2\n",
	};
	struct kit k;

	(void)state;
	for (size_t i = 0; i < sizeof(both) / sizeof(*both); i++) {
		assert_int_equal(kit_compile(&k, both[i]), ERR_SYNTAX);
		assert_string_equal(k.said,
				    "acl:2:8: error: this rule and line 1 "
				    "block with different answers; keep one of "
				    "the two\n");
	}
}

static void
test_answers_of_both_families_merge(void **state)
{
	static const char merged[] = "::1 -| a = 192.0.2.1,2001:db8::1\n";

	(void)state;
	expect_rules("::1 -| a = 192.0.2.1\n::1 -| a = 2001:db8::1\n", merged);
	expect_rules("::1 -| a = 2001:db8::1\n::1 -| a = 192.0.2.1\n"
		     "::1 -| a = 192.0.2.1\n",
		     merged);
	expect_rules(merged, merged);
}

static void
test_repetitions_count_once(void **state)
{
	(void)state;
	expect_rules("::1 -> a:TCP:1\n::1 -> A.:tcp:1\n::1 ~> a\n::1 ~> a\n"
		     "::1 -| b\n::1/128 -| b\n",
		     "::1 ~> a\n::1 -> a:TCP:1\n::1 -| b\n");
}

static void
test_one_error_refuses_everything(void **state)
{
	static const char text[] = "::1 ~> a\n::1 ~>\n::1 ~> b\n";

	(void)state;
	expect_refusal(text, strlen(text), "acl:2:7: error: no domain");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_is_valid),
		cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_lines_and_columns_count_from_one),
		cmocka_unit_test(test_bytes_that_no_acl_holds),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_complaints_are_escaped_and_bounded),
		cmocka_unit_test(test_only_twenty_errors_are_told),
		cmocka_unit_test(test_warnings_do_not_hide_errors),
		cmocka_unit_test(test_host_bits_warn),
		cmocka_unit_test(test_address_as_domain_warns),
		cmocka_unit_test(test_too_many_ports_warn),
		cmocka_unit_test(test_contradictions_name_both_lines),
		cmocka_unit_test(test_only_like_contradicts_like),
		cmocka_unit_test(test_blocks_that_answer_differently),
		cmocka_unit_test(test_answers_of_both_families_merge),
		cmocka_unit_test(test_repetitions_count_once),
		cmocka_unit_test(test_one_error_refuses_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
