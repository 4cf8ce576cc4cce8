/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "base/pool.h"

static void
gives_every_slot_once(void **state)
{
	void *slot[10];
	struct pool p;

	(void)state;
	assert_int_equal(pool_init(&p, 24, 10), ERR_NONE);
	for (size_t i = 0; i < 10; i++) {
		slot[i] = pool_take(&p);
		assert_non_null(slot[i]);
		assert_int_equal((uintptr_t)slot[i] % _Alignof(max_align_t), 0);
		memset(slot[i], (int)i + 1, 24);
	}
	assert_null(pool_take(&p));
	assert_int_equal(p.in_use, 10);
	for (size_t i = 0; i < 10; i++) {
		for (size_t j = 0; j < 24; j++)
			assert_int_equal(((char *)slot[i])[j], (int)i + 1);
	}
	pool_fini(&p);
}

static void
a_slot_given_back_is_taken_again(void **state)
{
	struct pool p;
	void *a, *b;

	(void)state;
	assert_int_equal(pool_init(&p, 1, 2), ERR_NONE);
	a = pool_take(&p);
	b = pool_take(&p);
	assert_ptr_not_equal(a, b);
	assert_null(pool_take(&p));
	pool_give(&p, a);
	assert_int_equal(p.in_use, 1);
	assert_ptr_equal(pool_take(&p), a);
	assert_null(pool_take(&p));
	pool_give(&p, b);
	pool_give(&p, a);
	assert_int_equal(p.in_use, 0);
	pool_fini(&p);
}

static void
an_empty_pool_is_an_answer(void **state)
{
	struct pool p;

	(void)state;
	assert_int_equal(pool_init(&p, 8, 0), ERR_NONE);
	assert_null(pool_take(&p));
	pool_fini(&p);
}

static void
impossible_sizes_are_refused(void **state)
{
	struct pool p;

	(void)state;
	assert_int_equal(pool_init(&p, SIZE_MAX, 1), ERR_SYSTEM);
	assert_int_equal(pool_init(&p, 0, 1), ERR_SYSTEM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_every_slot_once),
		cmocka_unit_test(a_slot_given_back_is_taken_again),
		cmocka_unit_test(an_empty_pool_is_an_answer),
		cmocka_unit_test(impossible_sizes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
