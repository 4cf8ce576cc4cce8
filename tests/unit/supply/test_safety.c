/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of lists that are to be believed, and those that are not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "supply/safety.h"

static struct safety safety;

/* In pieces of so many bytes. */
static enum safety_flaw
look_in_pieces(enum list_form form, const char *text, size_t piece,
	       uint64_t before)
{
	size_t len = strlen(text);

	safety_init(&safety, form, 0);
	for (size_t at = 0; at < len; at += piece)
		safety_bytes(&safety, text + at,
			     len - at < piece ? len - at : piece);
	return safety_end(&safety, before);
}

static enum safety_flaw
look(enum list_form form, const char *text)
{
	enum safety_flaw flaw = look_in_pieces(form, text, 1, 0);
	uint64_t entries = safety.entries, bad = safety.bad;

	assert_int_equal(look_in_pieces(form, text, 7, 0), flaw);
	assert_int_equal(look_in_pieces(form, text, 100000, 0), flaw);
	assert_int_equal(safety.entries, entries);
	assert_int_equal(safety.bad, bad);
	return flaw;
}

static void
a_sound_list_is_counted(void **state)
{
	(void)state;
	assert_int_equal(look(FORM_HOSTS, "# ads\r\n0.0.0.0 a.b c.d\r\n"
					  "127.0.0.1 localhost\n\n0.0.0.0 e.f"),
			 SAFETY_NONE);
	assert_int_equal(safety.entries, 3);
	assert_int_equal(safety.bad, 0);
	assert_int_equal(look(FORM_IPS, "192.0.2.1\nnonsense\n"), SAFETY_NONE);
	assert_int_equal(safety.bad, 1);
}

static void
a_column_has_addresses(void **state)
{
	static const char table[] = "id,ip\n1,192.0.2.1\n2,192.0.2.2\n";

	(void)state;
	safety_init(&safety, FORM_IPS, 2);
	safety_bytes(&safety, table, sizeof(table) - 1);
	assert_int_equal(safety_end(&safety, 0), SAFETY_NONE);
	assert_int_equal(safety.entries, 2);
	assert_int_equal(safety.bad, 1);
}

static void
nothing_listed_is_no_list(void **state)
{
	(void)state;
	assert_int_equal(look(FORM_HOSTS, ""), SAFETY_EMPTY);
	assert_int_equal(look(FORM_HOSTS, "\n"), SAFETY_EMPTY);
	assert_int_equal(look(FORM_DOMAINS, "# nothing today\n"), SAFETY_EMPTY);
}

static void
a_page_is_no_list(void **state)
{
	(void)state;
	assert_int_equal(look(FORM_DOMAINS, "<!DOCTYPE html>\n<p>\n"),
			 SAFETY_PAGE);
	assert_int_equal(look(FORM_ADBLOCK, "\n  <html><body>504</body>"),
			 SAFETY_PAGE);
	assert_int_equal(look(FORM_HOSTS, "# x\n<?xml version='1.0'?>"),
			 SAFETY_PAGE);
	/* but one odd line behind sound ones is one odd line */
	assert_int_equal(look(FORM_DOMAINS, "a.b\nc.d\n<br>\n"), SAFETY_NONE);
}

static void
bytes_are_no_list(void **state)
{
	(void)state;
	safety_init(&safety, FORM_HOSTS, 0);
	assert_int_equal(safety_bytes(&safety, "\x1f\x8b\x08\0\0\n", 6),
			 SAFETY_BINARY);
	assert_int_equal(safety_bytes(&safety, "0.0.0.0 a.b\n", 12),
			 SAFETY_BINARY);
	assert_int_equal(safety.entries, 0);
	assert_int_equal(safety_end(&safety, 0), SAFETY_BINARY);
}

static void
another_form_is_no_list(void **state)
{
	(void)state;
	assert_int_equal(look(FORM_HOSTS, "||a.b^\n||c.d^\n0.0.0.0 e.f\n"),
			 SAFETY_OTHER_FORM);
	assert_int_equal(look(FORM_DOMAINS, "{\"error\": \"no such list\"}"),
			 SAFETY_OTHER_FORM);
}

static void
a_line_has_an_end(void **state)
{
	char *text = malloc(SAFETY_LINE_MAX + 3);

	(void)state;
	memset(text, ' ', SAFETY_LINE_MAX);
	memcpy(text, "a.b", 3);
	memcpy(text + SAFETY_LINE_MAX, "\n", 2);
	assert_int_equal(look(FORM_DOMAINS, text), SAFETY_NONE);
	assert_int_equal(safety.entries, 1);
	memcpy(text + SAFETY_LINE_MAX, " \n", 3);
	assert_int_equal(look(FORM_DOMAINS, text), SAFETY_LONG_LINE);
	free(text);
}

/* One range can be hundreds of nets. */
static void
a_list_has_room(void **state)
{
	static const char range[] = "0.0.0.1-255.255.255.254\n"; /* 62 nets */
	unsigned lines = 0;

	(void)state;
	safety_init(&safety, FORM_IPS, 0);
	while (safety_bytes(&safety, range, sizeof(range) - 1) == SAFETY_NONE)
		assert_in_range(++lines, 1, 4000);
	assert_int_equal(safety_end(&safety, 0), SAFETY_MANY);
	assert_in_range(safety.entries, 65536, 65536 + 32 * 4000);
	safety_init(&safety, FORM_DOMAINS, 0);
	safety.most = 2;
	assert_int_equal(safety_bytes(&safety, "a.b\nc.d\n", 8), SAFETY_NONE);
	assert_int_equal(safety_bytes(&safety, "e.f\n", 4), SAFETY_MANY);
	assert_int_equal(safety.entries, 2);
	assert_false(safety_is_waived(SAFETY_MANY));
}

static void
a_list_may_not_lose_its_half(void **state)
{
	static const struct {
		uint64_t before, now;
		enum safety_flaw flaw;
	} tale[] = {
		{ 0, 0, SAFETY_EMPTY },
		{ 0, 1, SAFETY_NONE },
		{ 5, 0, SAFETY_EMPTY },
		{ 1000, 1, SAFETY_NONE },     /* short ones come and go */
		{ 1001, 1, SAFETY_NONE },     /* 1,000 lost */
		{ 1002, 1, SAFETY_SHRUNK },   /* 1,001 lost */
		{ 10000, 5000, SAFETY_NONE }, /* just half */
		{ 10000, 4999, SAFETY_SHRUNK },
		{ 10000, 1000, SAFETY_SHRUNK },
		{ 1000, 100000, SAFETY_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tale) / sizeof(tale[0]); i++)
		assert_int_equal(safety_of_counts(tale[i].before, tale[i].now),
				 tale[i].flaw);
	assert_int_equal(look_in_pieces(FORM_DOMAINS, "a.b\nc.d\n", 3, 5000),
			 SAFETY_SHRUNK);
}

static void
what_the_owner_may_waive(void **state)
{
	(void)state;
	assert_true(safety_is_waived(SAFETY_EMPTY));
	assert_true(safety_is_waived(SAFETY_SHRUNK));
	assert_false(safety_is_waived(SAFETY_PAGE));
	assert_false(safety_is_waived(SAFETY_FLAWS));
	assert_string_equal(safety_clause(SAFETY_PAGE), "it is a web page");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_list_is_counted),
		cmocka_unit_test(a_column_has_addresses),
		cmocka_unit_test(nothing_listed_is_no_list),
		cmocka_unit_test(a_page_is_no_list),
		cmocka_unit_test(bytes_are_no_list),
		cmocka_unit_test(another_form_is_no_list),
		cmocka_unit_test(a_line_has_an_end),
		cmocka_unit_test(a_list_has_room),
		cmocka_unit_test(a_list_may_not_lose_its_half),
		cmocka_unit_test(what_the_owner_may_waive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
