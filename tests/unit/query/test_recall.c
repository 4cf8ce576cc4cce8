/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stories of answers that are known already, and of questions that several
 * ask at the same time; and that none of it takes memory from the heap. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "query/story.h"

static const char acl[] = "10.0.0.0/24 -> a.test:TCP:443\n"
			  "10.0.0.3 -> a.test:UDP:443\n"
			  "10.0.0.0/24 -> *.wild.test:TCP:443\n"
			  "10.0.0.0/24 ~> dns.test\n"
			  "10.0.0.0/24 -| bad.test\n";

/* ---- the heap ------------------------------------------------------------ */

static bool watching;
static unsigned taken;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *
__wrap_malloc(size_t size)
{
	taken += watching;
	return __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	taken += watching;
	return __real_calloc(count, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	taken += watching;
	return __real_realloc(old, size);
}

static int
begin(void **state)
{
	(void)state;
	play_wants.cache_mib = 1;
	play_begin(acl);
	play.warden = WARDEN_KNOWS;
	taken = 0;
	watching = true;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	watching = false;
	assert_int_equal(taken, 0);
	play_end();
	play_wants.stale_s = 0;
	play_wants.prefetch = false;
	return 0;
}

static int
begin_with_stale(void **state)
{
	play_wants.stale_s = 1000;
	return begin(state);
}

static int
begin_with_prefetch(void **state)
{
	play_wants.prefetch = true;
	return begin(state);
}

/* A client asks and is answered by the upstream. */
static void
learns(const char *name, const char *address, uint32_t ttl)
{
	client_says(name, TYPE_A);
	upstream_is_asked(name, TYPE_A);
	upstream_says_address(address, ttl);
	client_hears(RCODE_NOERROR);
	play.letters = 0;
}

/* The compiler may take what it likes. */
static void
policy_becomes(const char *text)
{
	watching = false;
	play_policy(text);
	watching = true;
}

/* ---- the cache ----------------------------------------------------------- */

static void
a_hit_is_granted_to_whoever_asks(void **state)
{
	(void)state;
	learns("a.test", "192.0.2.1", 20);
	play.warden = WARDEN_WAITS;
	play_from("10.0.0.3");
	time_passes(5000);
	client_says("A.TEST", TYPE_A);
	assert_int_equal(play.asked, 1);
	client_hears_nothing();
	warden_is_asked(2, "192.0.2.1", 75);
	warden_says(GRANT_OK);
	client_hears(RCODE_NOERROR);
	assert_true(heard_address("192.0.2.1", 15));
	assert_memory_equal(play.heard + 12, "\001A\004TEST", 8);
	assert_int_equal(play.stats.cache_hits, 1);
}

static void
a_hit_obeys_the_policy_of_its_client(void **state)
{
	(void)state;
	learns("a.test", "192.0.2.1", 20);
	play_from("10.0.1.2");
	client_says("a.test", TYPE_A);
	client_hears(RCODE_REFUSED);
	play_from("10.0.0.2");
	policy_becomes("10.0.0.2 -| a.test\n");
	client_says("a.test", TYPE_A);
	client_hears(RCODE_REFUSED);
	assert_int_equal(heard_ede(), EDE_BLOCKED);
	assert_int_equal(play.asked, 1);
}

static void
a_hit_that_cannot_be_granted_is_servfail(void **state)
{
	(void)state;
	learns("a.test", "192.0.2.1", 20);
	play.warden = WARDEN_WAITS;
	client_says("a.test", TYPE_A);
	warden_says(GRANT_FULL);
	client_hears(RCODE_SERVFAIL);
	heard_is_empty();
}

static void
what_is_over_is_asked_for_again(void **state)
{
	(void)state;
	learns("a.test", "192.0.2.1", 20);
	time_passes(20000);
	learns("a.test", "192.0.2.2", 20);
	assert_int_equal(play.asked, 2);
}

static void
a_failure_is_remembered_for_a_second(void **state)
{
	(void)state;
	client_says("a.test", TYPE_A);
	upstream_ends(UPSTREAM_SILENT, NULL);
	client_hears(RCODE_SERVFAIL);
	client_says("a.test", TYPE_A);
	client_hears(RCODE_SERVFAIL);
	assert_int_equal(play.asked, 1);
	time_passes(1000);
	learns("a.test", "192.0.2.1", 20);
}

static void
any_is_never_remembered(void **state)
{
	struct packet p;

	(void)state;
	for (unsigned i = 1; i <= 2; i++) {
		client_says("dns.test", TYPE_ANY);
		assert_int_equal(play.asked, i);
		packet_answer(&p);
		upstream_says(&p);
		client_hears(RCODE_NOERROR);
	}
}

/* ---- together ------------------------------------------------------------ */

static void
equal_questions_are_sent_once(void **state)
{
	(void)state;
	client_says("a.test", TYPE_A);
	play_from("10.0.0.3");
	client_says("a.TEST", TYPE_A);
	assert_int_equal(play.asked, 1);
	assert_int_equal(play.stats.joined, 1);
	upstream_says_address("192.0.2.1", 20);
	/* A letter each, and the second client has a port more. */
	assert_int_equal(play.letters, 2);
	assert_int_equal(play.items, 2);
	assert_int_equal(play.answers, 2);
	play.answers = 0;
	assert_int_equal(play.house.queries.in_use, 0);
}

static void
another_type_or_do_is_another_question(void **state)
{
	struct client_query secure = { .name = "a.test",
				       .type = TYPE_A,
				       .edns = 1232,
				       .dnssec_ok = true };

	(void)state;
	client_says("a.test", TYPE_A);
	client_says("a.test", TYPE_AAAA);
	client_asks(&secure);
	assert_int_equal(play.asked, 3);
}

static void
the_same_sent_again_is_answered_once(void **state)
{
	(void)state;
	play.origin.client.port = 4000;
	client_says("a.test", TYPE_A);
	client_says("a.test", TYPE_A);
	client_is_dropped();
	assert_int_equal(play.stats.duplicates, 1);
	upstream_says_address("192.0.2.1", 20);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.house.queries.in_use, 0);
}

static void
who_has_gone_leaves_the_answer_to_others(void **state)
{
	int here;

	(void)state;
	play.origin.listener = &here;
	play.origin.key = 5;
	client_says("a.test", TYPE_A);
	query_forget_origin(&play.house, &here, 5);
	assert_int_equal(play.house.queries.in_use, 0);
	upstream_says_address("192.0.2.1", 20);
	client_hears_nothing();
	play.origin.key = 6;
	client_says("a.test", TYPE_A);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.asked, 1);
}

static void
who_joins_is_judged_by_the_policy_of_then(void **state)
{
	(void)state;
	client_says("a.test", TYPE_A);
	policy_becomes("10.0.0.0/24 -| a.test nxdomain\n");
	upstream_says_address("192.0.2.1", 20);
	client_hears(RCODE_NXDOMAIN);
	heard_is_empty();
	assert_int_equal(play.letters, 0);
}

/* ---- past its time ------------------------------------------------------- */

static void
a_stale_answer_has_to_do(void **state)
{
	(void)state;
	learns("a.test", "192.0.2.1", 20);
	time_passes(30000);
	client_says("a.test", TYPE_A);
	assert_int_equal(play.asked, 2);
	time_passes(1700);
	client_hears_nothing();
	time_passes(150);
	client_hears(RCODE_NOERROR);
	assert_true(heard_address("192.0.2.1", 30));
	assert_int_equal(heard_ede(), EDE_STALE);
	/* The late answer is for the next. */
	upstream_says_address("192.0.2.9", 20);
	client_says("a.test", TYPE_A);
	client_hears(RCODE_NOERROR);
	assert_true(heard_address("192.0.2.9", 20));
}

static void
a_stale_answer_stands_for_a_failure(void **state)
{
	(void)state;
	learns("a.test", "192.0.2.1", 20);
	time_passes(30000);
	client_says("a.test", TYPE_A);
	upstream_ends(UPSTREAM_FAILED, NULL);
	client_hears(RCODE_NOERROR);
	assert_int_equal(heard_ede(), EDE_STALE);
	/* Not asked again at once. */
	client_says("a.test", TYPE_A);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.asked, 2);
	time_passes(31000);
	client_says("a.test", TYPE_A);
	assert_int_equal(play.asked, 3);
}

static void
without_stale_a_failure_is_one(void **state)
{
	(void)state;
	learns("a.test", "192.0.2.1", 20);
	time_passes(30000);
	client_says("a.test", TYPE_A);
	upstream_ends(UPSTREAM_FAILED, NULL);
	client_hears(RCODE_SERVFAIL);
}

/* ---- ahead of time ------------------------------------------------------- */

static void
what_is_asked_for_often_is_asked_for_early(void **state)
{
	(void)state;
	learns("a.test", "192.0.2.1", 100);
	client_says("a.test", TYPE_A);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.asked, 1);
	time_passes(91000);
	client_says("a.test", TYPE_A);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.asked, 2);
	assert_int_equal(play.stats.prefetches, 1);
	client_says("a.test", TYPE_A);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.asked, 2);
	upstream_says_address("192.0.2.2", 100);
	client_says("a.test", TYPE_A);
	client_hears(RCODE_NOERROR);
	assert_true(heard_address("192.0.2.2", 100));
}

static void
a_failure_ahead_of_time_is_not_repeated_for_every_hit(void **state)
{
	(void)state;
	learns("a.test", "192.0.2.1", 400);
	client_says("a.test", TYPE_A);
	client_hears(RCODE_NOERROR);
	time_passes(361000);
	for (unsigned i = 0; i < 3; i++) {
		client_says("a.test", TYPE_A);
		client_hears(RCODE_NOERROR);
		assert_int_equal(play.asked, 2);
		if (i == 0)
			upstream_ends(UPSTREAM_FAILED, NULL);
	}
	time_passes(30000);
	client_says("a.test", TYPE_A);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.asked, 3);
}

/* ---- too many ------------------------------------------------------------ */

static void
the_oldest_makes_room(void **state)
{
	(void)state;
	for (unsigned i = 0; i < QUERY_POOL; i++) {
		char client[32];

		snprintf(client, sizeof(client), "10.0.0.%u", i % 250 + 2);
		play_from(client);
		play.origin.client.port = (uint16_t)(i + 1);
		client_says("a.test", TYPE_A);
	}
	client_hears_nothing();
	play_from("10.0.0.254");
	client_says("a.test", TYPE_A);
	client_hears(RCODE_SERVFAIL);
	assert_int_equal(play.stats.pushed_out, 1);
	assert_int_equal(play.house.queries.in_use, QUERY_POOL);
	assert_int_equal(play.asked, 1);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(a_hit_is_granted_to_whoever_asks),
		STORY(a_hit_obeys_the_policy_of_its_client),
		STORY(a_hit_that_cannot_be_granted_is_servfail),
		STORY(what_is_over_is_asked_for_again),
		STORY(a_failure_is_remembered_for_a_second),
		STORY(any_is_never_remembered),
		STORY(equal_questions_are_sent_once),
		STORY(another_type_or_do_is_another_question),
		STORY(the_same_sent_again_is_answered_once),
		STORY(who_has_gone_leaves_the_answer_to_others),
		STORY(who_joins_is_judged_by_the_policy_of_then),
		cmocka_unit_test_setup_teardown(a_stale_answer_has_to_do,
						begin_with_stale, end),
		cmocka_unit_test_setup_teardown(
		    a_stale_answer_stands_for_a_failure, begin_with_stale,
		    end),
		STORY(without_stale_a_failure_is_one),
		cmocka_unit_test_setup_teardown(
		    what_is_asked_for_often_is_asked_for_early,
		    begin_with_prefetch, end),
		cmocka_unit_test_setup_teardown(
		    a_failure_ahead_of_time_is_not_repeated_for_every_hit,
		    begin_with_prefetch, end),
		STORY(the_oldest_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
