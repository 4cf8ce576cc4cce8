/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "supply/refresh.h"

enum { S = 1000, START = 1000000 };

static const struct soa_numbers usual = { .serial = 7,
					  .refresh = 3600,
					  .retry = 600,
					  .expire = 86400,
					  .minimum = 60 };

struct scene {
	struct random random;
	struct refresh r;
	int64_t now;
};

static void
begin(struct scene *s, unsigned servers)
{
	random_init(&s->random);
	s->now = START;
	refresh_init(&s->r, &s->random, servers, s->now);
}

static void
assert_rests_about(const struct scene *s, int64_t wait_ms)
{
	assert_int_equal(s->r.task, REFRESH_REST);
	assert_in_range(s->r.due_ms - s->now, wait_ms * 9 / 10,
			wait_ms * 11 / 10);
}

/* To the end of the rest, where it is time. */
static enum refresh_task
wait_for_it(struct scene *s)
{
	if (s->r.due_ms > s->now) {
		s->now = s->r.due_ms - 1;
		assert_int_equal(refresh_next(&s->r, s->now), REFRESH_REST);
		s->now++;
	}
	return refresh_next(&s->r, s->now);
}

static void
begin_with_copy(struct scene *s, unsigned servers)
{
	begin(s, servers);
	assert_int_equal(refresh_next(&s->r, s->now), REFRESH_ALL);
	refresh_taken(&s->r, &usual, s->now);
}

static void
first_all_then_news(void **state)
{
	struct scene s;

	(void)state;
	begin_with_copy(&s, 1);
	assert_rests_about(&s, 3600 * S);
	/* nothing new */
	assert_int_equal(wait_for_it(&s), REFRESH_ASK);
	assert_true(refresh_heard(&s.r, 7, s.now));
	assert_rests_about(&s, 3600 * S);
	assert_int_equal(s.r.fresh_ms, s.now);
	/* news */
	assert_int_equal(wait_for_it(&s), REFRESH_ASK);
	assert_true(refresh_heard(&s.r, 8, s.now));
	assert_int_equal(refresh_next(&s.r, s.now), REFRESH_CHANGES);
	refresh_ask_all(&s.r);
	assert_int_equal(refresh_next(&s.r, s.now), REFRESH_ALL);
	refresh_taken(&s.r, &(struct soa_numbers){ .serial = 8 }, s.now);
	/* what it says of times is too small */
	assert_rests_about(&s, REFRESH_MIN_S * S);
	assert_int_equal(s.r.retry_ms, REFRESH_RETRY_MIN_S * S);
	assert_int_equal(s.r.expire_ms, REFRESH_EXPIRE_MIN_S * S);
}

static void
primaries_are_asked_in_turn(void **state)
{
	struct scene s;

	(void)state;
	begin_with_copy(&s, 3);
	assert_int_equal(wait_for_it(&s), REFRESH_ASK);
	assert_int_equal(s.r.at, 0);
	refresh_failed(&s.r, s.now);
	assert_int_equal(refresh_next(&s.r, s.now), REFRESH_ASK);
	assert_int_equal(s.r.at, 1);
	/* older than ours */
	assert_false(refresh_heard(&s.r, 6, s.now));
	refresh_failed(&s.r, s.now);
	assert_int_equal(refresh_next(&s.r, s.now), REFRESH_ASK);
	assert_int_equal(s.r.at, 2);
	assert_true(refresh_heard(&s.r, 8, s.now));
	/* the transfer fails, too: everybody has failed */
	refresh_failed(&s.r, s.now);
	assert_rests_about(&s, 600 * S);
	/* the one that is right is asked again */
	assert_int_equal(wait_for_it(&s), REFRESH_ASK);
	assert_int_equal(s.r.at, 0);
	refresh_failed(&s.r, s.now);
	assert_true(refresh_heard(&s.r, 7, s.now));
	assert_int_equal(wait_for_it(&s), REFRESH_ASK);
	assert_int_equal(s.r.at, 1);
}

static void
rests_grow_with_failures(void **state)
{
	static const int64_t rests[] = { 600, 1200, 2400, 3600, 3600 };
	struct scene s;

	(void)state;
	begin_with_copy(&s, 1);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(wait_for_it(&s), REFRESH_ASK);
		refresh_failed(&s.r, s.now);
		assert_rests_about(&s, rests[i] * S);
	}
	assert_int_equal(wait_for_it(&s), REFRESH_ASK);
	assert_true(refresh_heard(&s.r, 7, s.now));
	assert_int_equal(wait_for_it(&s), REFRESH_ASK);
	refresh_failed(&s.r, s.now);
	assert_rests_about(&s, 600 * S);
}

static void
without_a_copy_all_is_asked_for(void **state)
{
	static const int64_t rests[] = { 10,  20,   40,	  80,	160, 320,
					 640, 1280, 2560, 3600, 3600 };
	struct scene s;

	(void)state;
	begin(&s, 2);
	for (unsigned i = 0; i < 11; i++) {
		assert_int_equal(wait_for_it(&s), REFRESH_ALL);
		refresh_failed(&s.r, s.now);
		assert_int_equal(wait_for_it(&s), REFRESH_ALL);
		refresh_failed(&s.r, s.now);
		assert_rests_about(&s, rests[i] * S);
		assert_false(refresh_is_expired(&s.r, s.now));
	}
}

static void
a_kept_copy_is_looked_after_soon(void **state)
{
	struct soa_numbers quick = usual;
	struct scene s;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		begin(&s, 1);
		refresh_have(&s.r, &usual, 500 * S, s.now);
		assert_in_range(s.r.due_ms - s.now, 0, 60 * S);
		assert_false(refresh_is_expired(&s.r, s.now));
		quick.refresh = 40;
		refresh_have(&s.r, &quick, 500 * S, s.now);
		assert_in_range(s.r.due_ms - s.now, 0, 40 * S);
	}
	/* an expired one at once */
	begin(&s, 1);
	refresh_have(&s.r, &usual, 86401 * S, s.now);
	assert_true(refresh_is_expired(&s.r, s.now));
	assert_int_equal(refresh_next(&s.r, s.now), REFRESH_ASK);
	refresh_current(&s.r, s.now);
	assert_false(refresh_is_expired(&s.r, s.now));
}

static void
it_expires_when_nobody_answers(void **state)
{
	struct scene s;

	(void)state;
	begin_with_copy(&s, 1);
	while (!refresh_is_expired(&s.r, s.now)) {
		assert_int_equal(wait_for_it(&s), REFRESH_ASK);
		refresh_failed(&s.r, s.now);
	}
	assert_in_range(s.now - START, 86400 * S, (86400 + 2 * 3600) * S);
	/* never before twice the refresh time, or four weeks at the most */
	refresh_taken(&s.r,
		      &(struct soa_numbers){ .refresh = 86400, .expire = 1 },
		      s.now);
	assert_int_equal(s.r.expire_ms, 2 * 86400 * S);
	refresh_taken(&s.r,
		      &(struct soa_numbers){ .refresh = UINT32_MAX,
					     .retry = UINT32_MAX,
					     .expire = UINT32_MAX },
		      s.now);
	assert_int_equal(s.r.refresh_ms, 86400 * S);
	assert_int_equal(s.r.retry_ms, 3600 * S);
	assert_int_equal(s.r.expire_ms, (int64_t)REFRESH_EXPIRE_MAX_S * S);
}

static void
a_notify_comes_first_to_who_sent_it(void **state)
{
	struct scene s;

	(void)state;
	begin_with_copy(&s, 3);
	s.now += 100 * S;
	assert_true(refresh_notify(&s.r, 2, s.now));
	assert_false(refresh_notify(&s.r, 1, s.now));
	assert_int_equal(refresh_next(&s.r, s.now), REFRESH_ASK);
	assert_int_equal(s.r.at, 2);
	/* while it is under way: once more, but not before five seconds */
	s.now += 10;
	assert_true(refresh_notify(&s.r, 2, s.now));
	assert_false(refresh_notify(&s.r, 2, s.now));
	assert_true(refresh_heard(&s.r, 7, s.now));
	assert_int_equal(s.r.due_ms - s.r.begun_ms, 5 * S);
	assert_int_equal(wait_for_it(&s), REFRESH_ASK);
	assert_true(refresh_heard(&s.r, 7, s.now));
	assert_rests_about(&s, 3600 * S);
}

static void
a_flood_of_them_costs_one_in_five_seconds(void **state)
{
	struct scene s;
	unsigned fetches = 0;

	(void)state;
	begin_with_copy(&s, 1);
	for (unsigned i = 0; i < 100000; i++) {
		s.now++;
		refresh_notify(&s.r, 0, s.now);
		if (refresh_next(&s.r, s.now) == REFRESH_REST)
			continue;
		fetches++;
		assert_true(refresh_heard(&s.r, 7, s.now));
	}
	assert_in_range(fetches, 19, 20);
}

static void
wishes_are_heard_at_once(void **state)
{
	struct scene s;

	(void)state;
	begin_with_copy(&s, 1);
	refresh_wish(&s.r, false, s.now);
	assert_int_equal(refresh_next(&s.r, s.now), REFRESH_ASK);
	assert_true(refresh_heard(&s.r, 7, s.now));
	/* also what is older */
	refresh_wish(&s.r, true, s.now);
	assert_int_equal(refresh_next(&s.r, s.now), REFRESH_ALL);
	refresh_taken(&s.r, &(struct soa_numbers){ .serial = 3 }, s.now);
	assert_int_equal(s.r.serial, 3);
	s.now = s.r.due_ms;
	assert_int_equal(refresh_next(&s.r, s.now), REFRESH_ASK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_all_then_news),
		cmocka_unit_test(primaries_are_asked_in_turn),
		cmocka_unit_test(rests_grow_with_failures),
		cmocka_unit_test(without_a_copy_all_is_asked_for),
		cmocka_unit_test(a_kept_copy_is_looked_after_soon),
		cmocka_unit_test(it_expires_when_nobody_answers),
		cmocka_unit_test(a_notify_comes_first_to_who_sent_it),
		cmocka_unit_test(a_flood_of_them_costs_one_in_five_seconds),
		cmocka_unit_test(wishes_are_heard_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
