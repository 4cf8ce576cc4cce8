/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/sink.h"
#include "proc/role.h"
#include "record/access.h"
#include "record/queue.h"
#include "record/record.h"
#include "record/recorder.h"

enum { PATIENCE_MS = 10000 };

static struct role_kit kit;
static struct options opt;
static struct worker_stats stats;
static struct recording worker;
static int supervisor, log_end, reader;
static pthread_t recorder;

/* The recorder runs as a thread here, without a sandbox of its own. */
enum err
role_enter_sandbox(const struct role_kit *k)
{
	(void)k;
	return ERR_NONE;
}

enum err
role_ready(const struct role_kit *k)
{
	(void)k;
	return ERR_NONE;
}

static void *
run(void *arg)
{
	(void)arg;
	return recorder_main(&kit) == 0 ? &kit : NULL;
}

/* A pipe whose writing end does not block. */
static void
make_pipe(int *read_out, int *write_out)
{
	int end[2];

	assert_int_equal(pipe2(end, O_CLOEXEC), 0);
	*read_out = end[0];
	*write_out = sink_open(end[1]);
	assert_int_not_equal(*write_out, -1);
	close(end[1]);
	fcntl(end[0], F_SETFL, O_NONBLOCK);
}

static int
begin(void **state)
{
	int pair[2], log_fd;

	(void)state;
	memset(&kit, 0, sizeof(kit));
	memset(&opt, 0, sizeof(opt));
	kit.opt = &opt;
	kit.policy = kit.past = kit.witness = -1;
	for (unsigned i = 0; i < ROLE_MAX_WORKERS; i++)
		kit.worker[i] = -1;
	assert_int_equal(post_pair(pair), ERR_NONE);
	kit.supervisor = pair[0];
	supervisor = pair[1];
	assert_int_equal(post_pair(pair), ERR_NONE);
	kit.worker[3] = pair[0];
	recording_init(&worker, pair[1], &stats);
	make_pipe(&reader, &kit.output);
	make_pipe(&log_end, &log_fd);
	log_to(log_fd);
	return pthread_create(&recorder, NULL, run, NULL);
}

static void
stop(void)
{
	struct plain_letter letter = { 0 };
	void *result;

	post_head(&letter.head, POST_STOP, 0);
	assert_int_equal(post_send(supervisor, &letter, sizeof(letter), -1),
			 ERR_NONE);
	assert_int_equal(pthread_join(recorder, &result), 0);
	assert_non_null(result);
	supervisor = (close(supervisor), -1);
}

static int
end(void **state)
{
	(void)state;
	log_to(2);
	close(worker.channel);
	close(kit.supervisor);
	close(kit.output);
	close(reader);
	close(log_end);
	return 0;
}

/* One record, sent at once; false where the recorder is busy. */
static bool
say(struct recording *from, unsigned id)
{
	struct record_item *item = record_next(from);
	struct name n = { 11, "\001a\007example" };

	item->kind = RECORD_ALLOWED;
	item->has_id = 1;
	item->id = (uint16_t)id;
	addr_parse("10.0.0.2", 8, &item->client);
	record_name(item, &n);
	recording_flush(from);
	return from->lost == 0;
}

/* Reads until the text ends in `last`. */
static const char *
read_until(int fd, const char *last)
{
	static char buf[4 << 20];
	int64_t give_up = clock_ms() + PATIENCE_MS;
	size_t len = 0, want = strlen(last);

	while (clock_ms() < give_up) {
		struct pollfd at = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (poll(&at, 1, 100) != 1)
			continue;
		n = read(fd, buf + len, sizeof(buf) - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
		buf[len] = '\0';
		if (len >= want && strcmp(buf + len - want, last) == 0)
			return buf;
	}
	buf[len] = '\0';
	fail_msg("\"%s\" did not come, but \"%.200s\"", last, buf);
	return NULL;
}

static void
letters_become_lines(void **state)
{
	(void)state;
	assert_true(say(&worker, 1));
	assert_true(say(&worker, 2));
	assert_string_equal(read_until(reader, "[2] a.example.\n"),
			    "10.0.0.2 -> [1] a.example.\n"
			    "10.0.0.2 -> [2] a.example.\n");
	stop();
}

static void
what_is_queued_is_written_at_the_end(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++)
		say(&worker, i);
	stop();
	read_until(reader, "[99] a.example.\n");
}

static void
the_end_of_the_supervisor_is_the_end(void **state)
{
	void *result;

	(void)state;
	say(&worker, 5);
	close(supervisor);
	assert_int_equal(pthread_join(recorder, &result), 0);
	assert_non_null(result);
	read_until(reader, "[5] a.example.\n");
}

static void
a_new_worker_takes_the_place_of_the_old(void **state)
{
	struct hand_letter hand = { .hand = HAND_WORKER, .index = 3 };
	struct recording next;
	int pair[2];

	(void)state;
	assert_int_equal(post_pair(pair), ERR_NONE);
	post_head(&hand.head, POST_HAND, 0);
	say(&worker, 1);
	close(worker.channel);
	assert_int_equal(post_send(supervisor, &hand, sizeof(hand), pair[0]),
			 ERR_NONE);
	close(pair[0]);
	recording_init(&next, pair[1], &stats);
	assert_true(say(&next, 2));
	assert_string_equal(read_until(reader, "[2] a.example.\n"),
			    "10.0.0.2 -> [1] a.example.\n"
			    "10.0.0.2 -> [2] a.example.\n");
	close(next.channel);
	worker.channel = -1;
	stop();
}

static void
a_worker_that_breaks_the_table_is_parted_from(void **state)
{
	char byte;
	int64_t give_up = clock_ms() + PATIENCE_MS;

	(void)state;
	assert_int_equal(send(worker.channel, "garbage!", 8, 0), 8);
	while (recv(worker.channel, &byte, 1, MSG_DONTWAIT) != 0)
		assert_true(clock_ms() < give_up);
	read_until(log_end, "a letter broke the table of letters\n");
	stop();
}

/* Its letters fit the table, and what is in them was never ours. */
static void
a_worker_that_forges_records_is_parted_from(void **state)
{
	char byte;
	int64_t give_up = clock_ms() + PATIENCE_MS;
	struct record_item *item;

	(void)state;
	assert_true(say(&worker, 1));
	item = record_next(&worker);
	item->kind = RECORD_BLOCKED;
	item->name_len = 3;
	memcpy(item->name, "\077\n", 2);
	recording_flush(&worker);
	while (recv(worker.channel, &byte, 1, MSG_DONTWAIT) != 0)
		assert_true(clock_ms() < give_up);
	read_until(log_end, "a letter broke the table of letters\n");
	assert_string_equal(read_until(reader, "[1] a.example.\n"),
			    "10.0.0.2 -> [1] a.example.\n");
	stop();
}

/* Every line whole, ids rising; how many there are. */
static unsigned
check_lines(const char *text)
{
	char line[64];
	unsigned count = 0, last = 0;

	while (*text) {
		unsigned id = (unsigned)atoi(strchr(text, '[') + 1);
		int n = snprintf(line, sizeof(line),
				 "10.0.0.2 -> [%u] a.example.\n", id);

		assert_memory_equal(text, line, (size_t)n);
		assert_true(count == 0 || id > last);
		last = id;
		text += n;
		count++;
	}
	return count;
}

/* What the log has told so far of lines that were dropped. */
static unsigned
told_dropped(void)
{
	struct pollfd at = { .fd = log_end, .events = POLLIN };
	const char *said;
	unsigned n = 0;

	if (poll(&at, 1, 0) != 1)
		return 0;
	said = read_until(log_end, " access log lines dropped\n");
	for (; (said = strstr(said, "[WARN ] ")) != NULL; said += 8)
		n += (unsigned)atoi(said + 8);
	return n;
}

static void
a_stalled_reader_stalls_nobody(void **state)
{
	enum { MANY = 30000 };
	struct pollfd at = { .fd = reader, .events = POLLIN };
	unsigned taken = 0, lines = 0, dropped = 0;
	int64_t began = clock_ms();

	(void)state;
	/* Far more than pipe and queue hold; a worker that is told to wait
	 * would never come to the end of this. */
	for (unsigned i = 1; i <= MANY; i++) {
		taken += say(&worker, i);
		if (i % 20 == 0)
			poll(NULL, 0, 1);
	}
	assert_true(clock_ms() - began < PATIENCE_MS);
	assert_true(taken > MANY / 2);
	poll(NULL, 0, 300);
	for (began = clock_ms(); lines + dropped + worker.lost < MANY;) {
		assert_true(clock_ms() - began < PATIENCE_MS);
		if (poll(&at, 1, 100) == 1)
			lines += check_lines(read_until(reader, "\n"));
		dropped += told_dropped();
	}
	assert_true(lines > QUEUE_BYTES / 40);
	assert_true(lines < MANY);
	assert_int_equal(lines + dropped + worker.lost, MANY);
	say(&worker, 7);
	read_until(reader, "[7] a.example.\n");
	stop();
}

static void
a_reader_that_is_gone_ends_nothing(void **state)
{
	(void)state;
	close(reader);
	reader = -1;
	say(&worker, 1);
	read_until(log_end, "access log cannot be written: Broken pipe\n"
			    "[WARN ] 1 access log lines dropped\n");
	assert_true(say(&worker, 2));
	stop();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(letters_become_lines),
		TEST(what_is_queued_is_written_at_the_end),
		TEST(the_end_of_the_supervisor_is_the_end),
		TEST(a_new_worker_takes_the_place_of_the_old),
		TEST(a_worker_that_breaks_the_table_is_parted_from),
		TEST(a_worker_that_forges_records_is_parted_from),
		TEST(a_stalled_reader_stalls_nobody),
		TEST(a_reader_that_is_gone_ends_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
