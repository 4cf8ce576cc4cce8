/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "base/random.h"

static void
below_its_limit_and_everywhere(void **state)
{
	struct random r;
	unsigned seen[7] = { 0 };

	(void)state;
	random_init(&r);
	for (unsigned i = 0; i < 7000; i++) {
		uint32_t v = random_below(&r, 7);

		assert_in_range(v, 0, 6);
		seen[v]++;
	}
	/* 1000 expected, deviation 29: ten of them are never met. */
	for (unsigned i = 0; i < 7; i++)
		assert_in_range(seen[i], 700, 1300);
	assert_int_equal(random_below(&r, 1), 0);
}

/* Numbers run on where one block of the kernel's ends and the next begins,
 * and no number is handed out twice. */
static void
numbers_do_not_repeat(void **state)
{
	uint64_t v[200];
	struct random r;

	(void)state;
	random_init(&r);
	random_u16(&r);
	for (size_t i = 0; i < 200; i++) {
		v[i] = random_u64(&r);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(v[i], v[j]);
	}
}

static void
what_was_given_out_is_not_kept(void **state)
{
	struct random r;
	uint64_t v;
	bool found = false;

	(void)state;
	random_init(&r);
	v = random_u64(&r);
	for (size_t i = 0; i + sizeof(v) <= sizeof(r.block); i++)
		found |= memcmp(r.block + i, &v, sizeof(v)) == 0;
	assert_false(found);
}

static void
every_bit_moves(void **state)
{
	struct random r;
	uint16_t ones16 = 0, zeros16 = 0;
	uint32_t ones32 = 0, zeros32 = 0;

	(void)state;
	random_init(&r);
	for (int i = 0; i < 200; i++) {
		uint16_t a = random_u16(&r);
		uint32_t b = random_u32(&r);

		ones16 |= a;
		zeros16 |= (uint16_t)~a;
		ones32 |= b;
		zeros32 |= ~b;
	}
	assert_int_equal(ones16 & zeros16, UINT16_MAX);
	assert_int_equal(ones32 & zeros32, UINT32_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(below_its_limit_and_everywhere),
		cmocka_unit_test(numbers_do_not_repeat),
		cmocka_unit_test(what_was_given_out_is_not_kept),
		cmocka_unit_test(every_bit_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
