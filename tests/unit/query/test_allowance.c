/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "query/allowance.h"

static struct random source;
static struct allowances *table;
static struct allowed from[ALLOWANCE_ORIGINS];

static int
begin(void **state)
{
	(void)state;
	random_init(&source);
	return allowances_new(&source, &table) != ERR_NONE;
}

static int
end(void **state)
{
	(void)state;
	allowances_free(table);
	return 0;
}

static struct name
name_of(const char *text)
{
	struct name n;

	assert_int_equal(name_parse(text, strlen(text), &n, NULL), ERR_NONE);
	return n;
}

static struct addr
client(unsigned number)
{
	return (struct addr){ .family = 4,
			      .byte = { 10, (uint8_t)(number >> 16),
					(uint8_t)(number >> 8),
					(uint8_t)number } };
}

static bool
give(unsigned who, const char *alias, const char *origin, unsigned links,
     int64_t until_ms, int64_t now_ms)
{
	struct addr c = client(who);
	struct name a = name_of(alias), o = name_of(origin);
	struct allowance what = { &c, &a, &o, links, until_ms };

	return allowance_give(table, &what, now_ms);
}

static unsigned
find(unsigned who, const char *alias, int64_t now_ms)
{
	struct addr c = client(who);
	struct name a = name_of(alias);

	return allowance_find(table, &c, &a, now_ms, from);
}

static bool
is_from(unsigned i, const char *origin, unsigned links)
{
	struct name o = name_of(origin);

	return name_equal(&from[i].origin, &o) && from[i].links == links;
}

static void
an_alias_is_found_by_its_client_in_any_case(void **state)
{
	(void)state;
	assert_int_equal(find(1, "cdn.test", 0), 0);
	assert_false(give(1, "CDN.test", "A.test", 2, 1000, 0));
	assert_int_equal(find(1, "cdn.TEST", 999), 1);
	assert_true(is_from(0, "a.test", 2));
	assert_int_equal(find(2, "cdn.test", 0), 0);
	assert_int_equal(find(1, "x.cdn.test", 0), 0);
	assert_int_equal(find(1, "test", 0), 0);
}

static void
it_ends_with_its_time(void **state)
{
	(void)state;
	give(1, "cdn.test", "a.test", 1, 1000, 0);
	assert_int_equal(find(1, "cdn.test", 1000), 0);
	assert_int_equal(find(1, "cdn.test", 999), 0); /* gone for good */
}

static void
the_later_end_and_the_shorter_way_are_kept(void **state)
{
	(void)state;
	give(1, "cdn.test", "a.test", 3, 1000, 0);
	give(1, "cdn.test", "a.test", 5, 500, 0);
	assert_int_equal(find(1, "cdn.test", 999), 1);
	assert_true(is_from(0, "a.test", 3));
	give(1, "cdn.test", "a.test", 2, 2000, 0);
	assert_int_equal(find(1, "cdn.test", 1999), 1);
	assert_true(is_from(0, "a.test", 2));
	/* one that is over is begun anew */
	give(1, "cdn.test", "a.test", 9, 3000, 2500);
	assert_int_equal(find(1, "cdn.test", 2500), 1);
	assert_true(is_from(0, "a.test", 9));
}

static void
sixteen_links_and_no_more(void **state)
{
	(void)state;
	give(1, "far.test", "a.test", 17, 1000, 0);
	assert_int_equal(find(1, "far.test", 0), 0);
	give(1, "far.test", "a.test", 16, 1000, 0);
	assert_int_equal(find(1, "far.test", 0), 1);
	give(1, "A.test", "a.test", 1, 1000, 0);
	assert_int_equal(find(1, "a.test", 0), 0);
}

static void
an_alias_has_four_origins_the_oldest_goes(void **state)
{
	char origin[32];

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		snprintf(origin, sizeof(origin), "o%u.test", i);
		assert_int_equal(give(1, "cdn.test", origin, 1, 1000, 0),
				 i == 4);
	}
	assert_int_equal(find(1, "cdn.test", 0), 4);
	for (unsigned i = 0; i < 4; i++) {
		snprintf(origin, sizeof(origin), "o%u.test", i + 1);
		assert_true(is_from(i, origin, 1));
	}
}

/* Two clients may share a number by chance; that two of ten share that of an
 * eleventh is no chance. */
static void
a_client_pushes_out_only_its_own(void **state)
{
	char alias[32];
	unsigned left = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		snprintf(alias, sizeof(alias), "m%u.test", i);
		assert_false(give(i / 10, alias, "a.test", 1, 1000, 0));
	}
	for (unsigned i = 0; i < 3 * ALLOWANCES_MAX; i++) {
		snprintf(alias, sizeof(alias), "f%u.test", i);
		give(99, alias, "b.test", 1, 1000, 0);
	}
	assert_int_equal(find(99, alias, 0), 1); /* the newest */
	for (unsigned i = 0; i < 100; i++) {
		snprintf(alias, sizeof(alias), "m%u.test", i);
		left += find(i / 10, alias, 0);
	}
	assert_true(left >= 90);
	left = 0;
	for (unsigned i = 0; i < 3 * ALLOWANCES_MAX; i++) {
		snprintf(alias, sizeof(alias), "f%u.test", i);
		left += find(99, alias, 0);
	}
	assert_true(left <= ALLOWANCES_CLIENT);
	assert_true(left >= ALLOWANCES_CLIENT - 10);
}

static void
a_full_table_gives_way_oldest_first(void **state)
{
	unsigned left = 0, dropped = 0, clients = ALLOWANCES_MAX + 1000;

	(void)state;
	for (unsigned i = 0; i < clients; i++)
		dropped += give(i, "cdn.test", "a.test", 1, 1000, 0);
	assert_int_equal(dropped, 1000);
	for (unsigned i = 0; i < clients; i++)
		left += find(i, "cdn.test", 0);
	assert_int_equal(left, ALLOWANCES_MAX);
	assert_int_equal(find(999, "cdn.test", 0), 0);
	assert_int_equal(find(1000, "cdn.test", 0), 1);
	/* those that are over cost nobody anything */
	assert_false(give(clients, "cdn.test", "a.test", 1, 3000, 2000));
	assert_int_equal(find(clients, "cdn.test", 2000), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_alias_is_found_by_its_client_in_any_case),
		CASE(it_ends_with_its_time),
		CASE(the_later_end_and_the_shorter_way_are_kept),
		CASE(sixteen_links_and_no_more),
		CASE(an_alias_has_four_origins_the_oldest_goes),
		CASE(a_client_pushes_out_only_its_own),
		CASE(a_full_table_gives_way_oldest_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
