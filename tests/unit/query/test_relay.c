/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "lists/build.h"
#include "query/relay.h"
#include "query/story.h"

#define PRIMARY "192.0.2.1"

static struct {
	struct relay relay;
	int judge; /* the other end */
	void *image;
	struct relay_letter heard;
} scene;

/* A list that is transferred, and one that is not. */
static void
put_lists(void)
{
	const struct net primary = { .addr = play_addr(PRIMARY), .bits = 32 };
	const struct lists_about about[] = {
		{ .name = "a", .file = "/a" },
		{ .name = "b",
		  .file = "b.",
		  .primary = &primary,
		  .primaries = 1 },
	};
	struct lists_build b;
	size_t size;

	lists_build_init(&b);
	assert_int_equal(lists_build_list(&b, &about[0]), ERR_NONE);
	assert_int_equal(lists_build_list(&b, &about[1]), ERR_NONE);
	assert_int_equal(lists_build_image(&b, &scene.image, &size), ERR_NONE);
	lists_build_fini(&b);
	assert_int_equal(lists_view(scene.image, size, &play.house.lists),
			 ERR_NONE);
}

static int
begin(void **state)
{
	int end[2];

	(void)state;
	play_begin("10.0.0.0/24 ~> *\n");
	put_lists();
	assert_int_equal(post_pair(end), ERR_NONE);
	relay_init(&scene.relay, NULL);
	relay_take(&scene.relay, end[0]);
	scene.judge = end[1];
	play.house.relay = &scene.relay;
	play_from(PRIMARY);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	relay_take(&scene.relay, -1);
	close(scene.judge);
	play_end();
	free(scene.image);
	return 0;
}

static void
notify_comes(void)
{
	const struct client_query c = { .name = "zone.test",
					.type = TYPE_SOA,
					.flags = 4 << 11 };

	client_asks(&c);
}

static bool
judge_hears(void)
{
	return read(scene.judge, &scene.heard, sizeof(scene.heard)) ==
	       sizeof(scene.heard);
}

/* Every byte of the answer is its number. */
static void
judge_says(uint32_t seq, uint32_t len)
{
	struct relay_letter l = { .seq = seq, .len = len };

	memset(l.bytes, (int)seq, sizeof(l.bytes));
	post_head(&l.head, POST_RELAYED, 0);
	assert_int_equal(post_send(scene.judge, &l, sizeof(l), -1), ERR_NONE);
	scene.relay.ready.fn(scene.relay.ready.owner, true, false);
}

static void
answered_by(uint32_t seq)
{
	assert_int_equal(play.answers, 1);
	assert_int_equal(play.heard[0], seq);
	play.answers = 0;
}

static void
what_a_primary_says_goes_to_its_judge(void **state)
{
	struct addr from = play_addr(PRIMARY);

	(void)state;
	notify_comes();
	client_hears_nothing();
	assert_true(judge_hears());
	assert_int_equal(post_check(ROLE_WORKER, ROLE_LISTS, &scene.heard,
				    sizeof(scene.heard)),
			 ERR_NONE);
	assert_memory_equal(&scene.heard.from, &from, sizeof(from));
	judge_says(scene.heard.seq, 30);
	answered_by(scene.heard.seq);
	assert_int_equal(play.heard_len, 30);
	assert_int_equal(play.house.queries.in_use, 0);
	assert_int_equal(play.stats.notifies, 1);
	log_holds("");
}

static void
others_get_no_further(void **state)
{
	(void)state;
	play_from("10.0.0.2");
	notify_comes();
	client_hears(RCODE_REFUSED);
	play_from("192.0.2.2");
	notify_comes();
	assert_int_equal(play.answers, 1);
	assert_false(judge_hears());
	assert_int_equal(play.stats.notifies, 0);
}

static void
an_answer_finds_its_own_alone(void **state)
{
	uint32_t first, second;

	(void)state;
	notify_comes();
	assert_true(judge_hears());
	first = scene.heard.seq;
	query_forget_origin(&play.house, NULL, 0);
	assert_int_equal(play.house.queries.in_use, 0);
	notify_comes();
	assert_true(judge_hears());
	second = scene.heard.seq;
	assert_int_not_equal(first, second);
	judge_says(first, 30);
	client_hears_nothing();
	judge_says(second + 1, 30);
	client_hears_nothing();
	judge_says(second, 30);
	answered_by(second);
	judge_says(second, 30);
	client_hears_nothing();
}

static void
silence_and_nonsense_are_no_answers(void **state)
{
	(void)state;
	notify_comes();
	assert_true(judge_hears());
	judge_says(scene.heard.seq, RELAY_BYTES + 1);
	client_hears_nothing();
	judge_says(scene.heard.seq, 0);
	client_is_dropped();
	notify_comes();
	time_passes(QUERY_DEADLINE_MS + QUERY_TICK_MS);
	client_is_dropped();
	assert_int_equal(play.house.queries.in_use, 0);
}

static void
there_are_so_many_at_one_time(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RELAY_MOST; i++)
		notify_comes();
	client_hears_nothing();
	notify_comes();
	client_is_dropped();
	assert_int_equal(play.stats.dropped_notify, 1);
	for (unsigned i = 0; i < RELAY_MOST; i++) {
		assert_true(judge_hears());
		judge_says(scene.heard.seq, 12);
		answered_by(scene.heard.seq);
	}
	assert_false(judge_hears());
}

static void
and_so_many_a_second(void **state)
{
	unsigned heard = 0;

	(void)state;
	for (unsigned i = 0; i < 2 * RELAY_A_SECOND; i++) {
		notify_comes();
		if (!judge_hears())
			continue;
		judge_says(scene.heard.seq, 12);
		heard++;
	}
	assert_int_equal(heard, RELAY_A_SECOND);
	assert_int_equal(play.answers, RELAY_A_SECOND);
	assert_int_equal(play.drops, RELAY_A_SECOND);
	time_passes(1000);
	notify_comes();
	assert_true(judge_hears());
}

static void
without_a_judge_nobody_waits(void **state)
{
	(void)state;
	notify_comes();
	close(scene.judge);
	scene.relay.ready.fn(scene.relay.ready.owner, true, false);
	assert_int_equal(scene.relay.post.channel, -1);
	notify_comes();
	client_is_dropped();
	time_passes(QUERY_DEADLINE_MS + QUERY_TICK_MS);
	client_is_dropped();
	scene.judge = dup(0);
}

int
main(void)
{
#define STORY(fn) cmocka_unit_test_setup_teardown(fn, begin, end)
	const struct CMUnitTest tests[] = {
		STORY(what_a_primary_says_goes_to_its_judge),
		STORY(others_get_no_further),
		STORY(an_answer_finds_its_own_alone),
		STORY(silence_and_nonsense_are_no_answers),
		STORY(there_are_so_many_at_one_time),
		STORY(and_so_many_a_second),
		STORY(without_a_judge_nobody_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
