/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include <stdio.h>
#include "names.h"
#include "wire/pack.h"

enum { HEADER = 12 };

struct output {
	uint8_t buf[40000];
	struct writer w;
	struct packer p;
};

static void
begin(struct output *o)
{
	o->w = writer_of(o->buf, sizeof(o->buf));
	memset(writer_room(&o->w, HEADER), 0, HEADER);
	pack_init(&o->p);
}

static size_t
put(struct output *o, const char *text)
{
	struct name n = name_of(text);
	size_t at = o->w.at;

	pack_name(&o->p, &o->w, &n);
	return at;
}

static void
assert_read(const struct output *o, size_t at, const char *want)
{
	struct name n;

	assert_int_equal(name_read(o->buf, o->w.at, &at, &n), ERR_NONE);
	assert_name(&n, want);
}

static void
points_to_what_was_written(void **state)
{
	static const uint8_t want[] = {
		3, 'w', 'w', 'w', 1, 'a', 2, 'd', 'e', 0, /* 12 */
		0xc0, 12,				  /* 22 */
		1, 'b', 0xc0, 16,			  /* 24 */
		0xc0, 24, 1, 'c', 0xc0, 24, 0		  /* 28 */
	};
	static struct output o;

	(void)state;
	begin(&o);
	put(&o, "www.a.de");
	put(&o, "www.a.de");
	put(&o, "b.a.de");
	put(&o, "b.a.de");
	put(&o, "c.b.a.de");
	put(&o, ".");
	assert_int_equal(o.w.at, HEADER + sizeof(want));
	assert_memory_equal(o.buf + HEADER, want, sizeof(want));
}

static void
case_takes_after_the_first(void **state)
{
	static struct output o;
	size_t at;

	(void)state;
	begin(&o);
	put(&o, "wWw.ExAmple");
	at = put(&o, "mail.eXaMPLE");
	assert_read(&o, at, "mail.ExAmple.");
	assert_int_equal(o.w.at - at, 7);
}

static void
assert_knows_nothing_from(const struct output *o, size_t at)
{
	for (size_t i = 0; i < sizeof(o->p.at) / sizeof(o->p.at[0]); i++)
		assert_true(o->p.at[i] < at);
}

static void
nothing_points_to_what_was_undone(void **state)
{
	static struct output o;
	size_t at;

	(void)state;
	begin(&o);
	put(&o, "a.example");
	at = put(&o, "b.other.test");
	writer_back(&o.w, at);
	pack_forget(&o.p, at);
	assert_knows_nothing_from(&o, at);
	at = put(&o, "c.other.test");
	assert_int_equal(o.w.at - at, 14);
	assert_read(&o, at, "c.other.test.");
	at = put(&o, "a.example");
	assert_int_equal(o.w.at - at, 2);
}

static void
a_name_that_did_not_fit_is_not_known(void **state)
{
	static struct output o;

	(void)state;
	begin(&o);
	o.w.size = HEADER + 5;
	put(&o, "long.name.test");
	assert_true(o.w.full);
	assert_knows_nothing_from(&o, 1);
	o.w.size = sizeof(o.buf);
	writer_back(&o.w, HEADER);
	put(&o, "name.test");
	assert_int_equal(o.w.at, HEADER + 11);
}

/* A pointer has fourteen bits. */
static void
far_names_are_not_pointed_to(void **state)
{
	static struct output o;
	size_t at;

	(void)state;
	begin(&o);
	writer_room(&o.w, 0x3fff - HEADER);
	put(&o, "near.test");
	at = put(&o, "near.test");
	assert_int_equal(o.w.at - at, 2);
	at = put(&o, "x.test");
	assert_int_equal(o.w.at - at, 8);
	assert_read(&o, at, "x.test.");
}

/* The table is small: names it has no room for are still written right. */
static void
many_names(void **state)
{
	static struct output o;
	unsigned seed = 4;

	(void)state;
	begin(&o);
	for (int i = 0; i < 1000; i++) {
		char text[64], want[65];
		size_t at;

		snprintf(text, sizeof(text), "%c.n%d.t%d.example",
			 'a' + rand_r(&seed) % 26, rand_r(&seed) % 50,
			 rand_r(&seed) % 5);
		snprintf(want, sizeof(want), "%s.", text);
		at = put(&o, text);
		assert_read(&o, at, want);
	}
	/* Plainly they would take over 18,000 bytes. */
	assert_true(o.w.at < 13000);
}

/* "jlkvpx" and "iybsgo" have one hash in the table of suffixes, and so have all
 * names that are made longer by the same labels. */
static void
colliding_names_stay_apart(void **state)
{
	static struct output o;
	size_t at;

	(void)state;
	begin(&o);
	put(&o, "a.b.jlkvpx");
	at = put(&o, "a.b.iybsgo");
	assert_read(&o, at, "a.b.iybsgo.");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points_to_what_was_written),
		cmocka_unit_test(case_takes_after_the_first),
		cmocka_unit_test(nothing_points_to_what_was_undone),
		cmocka_unit_test(a_name_that_did_not_fit_is_not_known),
		cmocka_unit_test(far_names_are_not_pointed_to),
		cmocka_unit_test(many_names),
		cmocka_unit_test(colliding_names_stay_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
