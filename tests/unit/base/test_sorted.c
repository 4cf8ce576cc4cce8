/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/sorted.h"

static int
number_order(const void *element, const void *wanted)
{
	return *(const int *)element - *(const int *)wanted;
}

/* Every place among every number of elements, some of them equal. */
static void
test_every_place(void **state)
{
	static const int number[] = { 1, 3, 3, 3, 5, 7, 7, 9 };

	(void)state;
	for (size_t count = 0; count <= 8; count++)
		for (int wanted = 0; wanted <= 10; wanted++) {
			const struct sorted s = { number, count, sizeof(int),
						  number_order };
			size_t place = 0;

			while (place < count && number[place] < wanted)
				place++;
			assert_int_equal(sorted_place(&s, &wanted), place);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
