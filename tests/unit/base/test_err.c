/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/err.h"

static void
every_error_has_a_text(void **state)
{
	(void)state;
	for (int i = 0; i < ERR_COUNT; i++)
		assert_true(strlen(err_text((enum err)i)) > 0);
	assert_string_equal(err_text(ERR_TORN), "message is malformed");
}

static void
a_failed_call_tells_its_cause(void **state)
{
	(void)state;
	errno = ENOENT;
	assert_string_equal(err_text(ERR_SYSTEM), strerror(ENOENT));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_error_has_a_text),
		cmocka_unit_test(a_failed_call_tells_its_cause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
