/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/library.h"

static const char here[] = "libc.so.6";

struct calls {
	__typeof__(strlen) *strlen;
	__typeof__(abs) *abs;
};

static void
what_is_there_can_be_called(void **state)
{
	static const char *const names[] = { "strlen", "abs" };
	struct calls calls;

	(void)state;
	assert_true(library_load(here, names, 2, &calls));
	assert_int_equal(calls.strlen("four"), 4);
	assert_int_equal(calls.abs(-3), 3);
}

static void
a_library_without_one_of_them_is_none(void **state)
{
	static const char *const names[] = { "strlen", "no_such_call" };
	struct calls calls;

	(void)state;
	assert_false(library_load(here, names, 2, &calls));
}

static void
what_is_not_installed_is_not_loaded(void **state)
{
	static const char *const names[] = { "strlen" };
	struct calls calls;

	(void)state;
	assert_false(library_load("libnowhere.so.1", names, 1, &calls));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_can_be_called),
		cmocka_unit_test(a_library_without_one_of_them_is_none),
		cmocka_unit_test(what_is_not_installed_is_not_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
