/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "policy/image.h"
#include "proc/post.h"
#include "record/record.h"

static struct recording r;
static struct worker_stats stats;
static int pair[2];

static struct {
	struct record_letter head;
	struct record_item item[RECORD_BATCH];
} got;

static int
begin(void **state)
{
	(void)state;
	memset(&stats, 0, sizeof(stats));
	assert_int_equal(post_pair(pair), ERR_NONE);
	recording_init(&r, pair[0], &stats);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static void
letter_holds(unsigned count)
{
	ssize_t n = recv(pair[1], &got, sizeof(got), MSG_DONTWAIT);

	assert_int_equal(n, post_size(POST_RECORD, count));
	assert_int_equal(post_check(ROLE_WORKER, ROLE_RECORDER, &got,
				    (size_t)n),
			 ERR_NONE);
	assert_int_equal(got.head.head.count, count);
}

static void
nothing_is_sent(void)
{
	assert_int_equal(recv(pair[1], &got, sizeof(got), MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

static void
records_wait_for_the_flush(void **state)
{
	struct name n = { 3, "\001a" };

	(void)state;
	recording_flush(&r);
	for (unsigned i = 0; i < 3; i++) {
		struct record_item *item = record_next(&r);

		assert_int_equal(item->rule, IMAGE_NONE);
		item->id = (uint16_t)i;
		record_name(item, &n);
	}
	nothing_is_sent();
	recording_flush(&r);
	letter_holds(3);
	assert_int_equal(got.item[2].id, 2);
	assert_int_equal(got.item[2].name_len, 3);
	assert_memory_equal(got.item[2].name, "\001a\000", 4);
	assert_int_equal(got.head.lost, 0);
	recording_flush(&r);
	nothing_is_sent();
}

static void
a_full_letter_leaves_by_itself(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RECORD_BATCH + 1; i++)
		record_next(&r);
	letter_holds(RECORD_BATCH);
	nothing_is_sent();
	recording_flush(&r);
	letter_holds(1);
}

static void
an_item_is_clean(void **state)
{
	(void)state;
	memset(record_next(&r), 0xff, sizeof(struct record_item));
	recording_flush(&r);
	assert_int_equal(record_next(&r)->ttl_s, 0);
}

static void
generations_do_not_share_a_letter(void **state)
{
	(void)state;
	recording_set_generation(&r, 1);
	record_next(&r);
	recording_set_generation(&r, 1);
	nothing_is_sent();
	recording_set_generation(&r, 2);
	letter_holds(1);
	assert_int_equal(got.head.generation, 1);
	record_next(&r);
	recording_flush(&r);
	letter_holds(1);
	assert_int_equal(got.head.generation, 2);
}

/* How many full letters find room before the first is read. */
static uint64_t
room_for(void)
{
	uint64_t before = stats.records_lost, sent = 0;

	while (stats.records_lost == before) {
		for (unsigned i = 0; i < RECORD_BATCH; i++)
			record_next(&r);
		recording_flush(&r);
		assert_true(++sent < 100000);
	}
	while (recv(pair[1], &got, sizeof(got), MSG_DONTWAIT) > 0)
		;
	return sent - 1;
}

static void
a_widened_channel_has_more_room(void **state)
{
	uint64_t before;

	(void)state;
	post_widen(pair[0], 16 << 10);
	before = room_for();
	post_widen(pair[0], 128 << 10);
	assert_true(room_for() > before * 4);
}

static void
a_busy_recorder_costs_records_not_time(void **state)
{
	uint64_t sent = 0;

	(void)state;
	while (stats.records_lost < 100) {
		record_next(&r);
		record_next(&r);
		recording_flush(&r);
		assert_true(++sent < 100000);
	}
	assert_int_equal(stats.records_lost, 100);
	while (recv(pair[1], &got, sizeof(got), MSG_DONTWAIT) > 0)
		assert_int_equal(got.head.lost, 0);
	record_next(&r);
	recording_flush(&r);
	letter_holds(1);
	assert_int_equal(got.head.lost, 100);
	record_next(&r);
	recording_flush(&r);
	letter_holds(1);
	assert_int_equal(got.head.lost, 0);
}

static void
without_a_recorder_all_is_lost(void **state)
{
	(void)state;
	r.channel = -1;
	record_next(&r);
	recording_flush(&r);
	assert_int_equal(stats.records_lost, 1);
	assert_int_equal(r.lost, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(records_wait_for_the_flush),
		TEST(a_full_letter_leaves_by_itself),
		TEST(an_item_is_clean),
		TEST(generations_do_not_share_a_letter),
		TEST(a_widened_channel_has_more_room),
		TEST(a_busy_recorder_costs_records_not_time),
		TEST(without_a_recorder_all_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
