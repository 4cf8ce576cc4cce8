/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long a publisher is left alone. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "supply/pace.h"

static void
waits_differ_by_a_tenth(void **state)
{
	int64_t least = INT64_MAX, most = 0;
	struct random random;

	(void)state;
	random_init(&random);
	for (unsigned i = 0; i < 5000; i++) {
		int64_t ms = pace_ms(3600, &random);

		least = ms < least ? ms : least;
		most = ms > most ? ms : most;
	}
	assert_in_range(least, 3240000, 3260000);
	assert_in_range(most, 3940000, 3960000);
	assert_int_equal(pace_ms(0, &random), 0);
}

static void
failures_make_patient(void **state)
{
	(void)state;
	assert_int_equal(pace_retry_s(1, 86400), 30);
	assert_int_equal(pace_retry_s(2, 86400), 60);
	assert_int_equal(pace_retry_s(5, 86400), 480);
	assert_int_equal(pace_retry_s(8, 86400), 3600);
	assert_int_equal(pace_retry_s(4000000000u, 86400), 3600);
	assert_int_equal(pace_retry_s(9, 300), 300);
}

static void
a_start_goes_on_where_it_was(void **state)
{
	(void)state;
	assert_int_equal(pace_first_s(1000, 1600, 3600), 3000);
	assert_int_equal(pace_first_s(1000, 4600, 3600), 0);
	assert_int_equal(pace_first_s(0, 100, 3600), 0);
	/* the clock was put back: ask, rather than wait for years */
	assert_int_equal(pace_first_s(2000000000, 1600, 3600), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_differ_by_a_tenth),
		cmocka_unit_test(failures_make_patient),
		cmocka_unit_test(a_start_goes_on_where_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
