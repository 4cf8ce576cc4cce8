/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <time.h>

#include "base/clock.h"

static void
counts_milliseconds_forward(void **state)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	int64_t before = clock_ms(), after;

	(void)state;
	nanosleep(&pause, NULL);
	after = clock_ms();
	assert_true(after - before >= 19);
	assert_true(after - before < 10000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_milliseconds_forward),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
