/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hits counted by the names of lists, whatever their order. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "lists/build.h"
#include "lists/tally.h"

static struct worker_stats stats;
static struct tally tally;
static struct lists lists;
static void *image;

static void
free_lists(void)
{
	free(image);
	image = NULL;
}

/* Lists named NAMEn, from .. to. */
static void
take(const char *name, int from, int to)
{
	struct lists_build b;
	size_t size;

	free_lists();
	lists_build_init(&b);
	for (int n = from; n != to; n += from < to ? 1 : -1) {
		char text[16];
		struct lists_about about = { .name = text,
					     .file = "",
					     .line = "" };

		snprintf(text, sizeof(text), "%s%d", name, n);
		assert_int_equal(lists_build_list(&b, &about), ERR_NONE);
	}
	assert_int_equal(lists_build_image(&b, &image, &size), ERR_NONE);
	lists_build_fini(&b);
	assert_int_equal(lists_view(image, size, &lists), ERR_NONE);
	tally.stats = &stats;
	tally_take(&tally, &lists);
}

static void
what_was_counted_goes_with_the_name(void **state)
{
	(void)state;
	take("a", 0, 3);
	tally_add(&tally, 0);
	tally_add(&tally, 2);
	tally_add(&tally, 2);
	assert_int_equal(tally_of(&stats, "a0"), 1);
	assert_int_equal(tally_of(&stats, "a1"), 0);
	assert_int_equal(tally_of(&stats, "a2"), 2);
	take("a", 2, -1);
	tally_add(&tally, 0);
	assert_int_equal(tally_of(&stats, "a0"), 1);
	assert_int_equal(tally_of(&stats, "a2"), 3);
	tally_add(&tally, LISTS_NONE);
	assert_int_equal(tally_of(&stats, "other"), 0);
}

/* As many as there may be, all of other names than before. */
static void
a_place_goes_to_another_list(void **state)
{
	(void)state;
	take("b", 0, LISTS_MAX);
	for (uint32_t i = 0; i < LISTS_MAX; i++)
		tally_add(&tally, i);
	take("c", 0, LISTS_MAX);
	for (uint32_t i = 0; i < LISTS_MAX; i++)
		for (uint32_t n = 0; n <= i; n++)
			tally_add(&tally, i);
	for (unsigned i = 0; i < LISTS_MAX; i++) {
		char name[16];

		snprintf(name, sizeof(name), "c%u", i);
		assert_int_equal(tally_of(&stats, name), i + 1);
		*name = 'b';
		assert_int_equal(tally_of(&stats, name), 0);
	}
	free_lists();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_counted_goes_with_the_name),
		cmocka_unit_test(a_place_goes_to_another_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
