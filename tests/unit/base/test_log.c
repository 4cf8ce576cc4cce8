/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sink.h"

/* The log through a pipe, and what came out of it. */
struct fixture {
	int end[2];
	int sink;
	char got[1 << 18];
};

static int
open_pipe(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL || pipe(f->end) == -1)
		return -1;
	f->sink = sink_open(f->end[1]);
	log_to(f->sink);
	*state = f;
	return f->sink == -1 ? -1 : 0;
}

static int
close_pipe(void **state)
{
	struct fixture *f = *state;

	log_to(STDERR_FILENO);
	close(f->sink);
	close(f->end[0]);
	close(f->end[1]);
	free(f);
	return 0;
}

/* Everything in the pipe now. */
static const char *
drain(struct fixture *f)
{
	size_t len = 0;
	ssize_t n;

	/* A mark makes read(2) return also where the log wrote nothing. */
	assert_int_equal(write(f->end[1], "$", 1), 1);
	do {
		n = read(f->end[0], f->got + len, sizeof(f->got) - 1 - len);
		assert_true(n > 0);
		len += (size_t)n;
	} while (f->got[len - 1] != '$');
	f->got[len - 1] = '\0';
	return f->got;
}

static void
one_line_an_event(void **state)
{
	log_info("started workers=%d", 4);
	log_warn("host bits");
	log_error("%s", "gone");
	assert_string_equal(drain(*state), "[INFO ] started workers=4\n"
					   "[WARN ] host bits\n"
					   "[ERROR] gone\n");
}

static void
nobody_forges_a_line(void **state)
{
	log_info("name=%s", "a\n[ERROR] b\r\x1b[31m\x9b\xc3\xa9\x7f");
	assert_string_equal(drain(*state),
			    "[INFO ] name=a\\010[ERROR] b\\013\\027[31m"
			    "\\155\\195\\169\\127\n");
}

static void
a_long_line_is_cut_at_1024(void **state)
{
	char word[4000];
	const char *got;

	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	log_info("%s", word);
	got = drain(*state);
	assert_int_equal(strlen(got), 1024);
	assert_string_equal(got + 1020, "...\n");

	memset(word, '\n', sizeof(word) - 1);
	log_info("%s", word);
	got = drain(*state);
	assert_true(strlen(got) <= 1024);
	assert_int_equal(strchr(got, '\n') - got, strlen(got) - 1);
	assert_string_equal(got + strlen(got) - 8, "\\010...\n");
}

static void
the_longest_line_that_is_whole(void **state)
{
	char word[1024];
	const char *got;

	memset(word, 'x', sizeof(word));
	word[1012] = '\0';
	log_info("%s", word);
	got = drain(*state);
	assert_int_equal(strlen(got), 8 + 1012 + 1);
	assert_string_equal(got + strlen(got) - 4, "xxx\n");
}

static void
a_stalled_reader_stalls_nobody(void **state)
{
	enum { LINES = 5000 };
	struct fixture *f = *state;
	unsigned long through = 0, lost;
	const char *got, *notice;

	alarm(20);
	for (int i = 0; i < LINES; i++)
		log_info("line %04d %0100d", i, 0);
	alarm(0);
	/* The mark of drain() would wait in the full pipe. */
	assert_int_equal(read(f->end[0], f->got, 4096), 4096);
	for (int i = 0; i < 4096; i++)
		through += f->got[i] == '\n';
	got = drain(f);
	for (const char *p = got; (p = strchr(p, '\n')) != NULL; p++)
		through++;
	assert_in_range(through, 1, LINES - 1);
	assert_null(strstr(got, "lost"));

	log_info("after");
	log_info("once more");
	got = drain(f);
	notice = "log lines were lost: their reader was too slow\n"
		 "[INFO ] after\n[INFO ] once more\n";
	assert_int_equal(sscanf(got, "[WARN ] %lu ", &lost), 1);
	assert_int_equal(lost, LINES - through);
	assert_string_equal(strstr(got, "log lines"), notice);
}

static void
at_most_one_line_a_second(void **state)
{
	struct log_limit limit = { 0 };
	uint64_t missed = 99;

	(void)state;
	assert_true(log_may(&limit, 5000, &missed));
	assert_int_equal(missed, 0);
	for (int i = 0; i < 7; i++)
		assert_false(log_may(&limit, 5000 + i * 100, &missed));
	assert_false(log_may(&limit, 5999, &missed));
	assert_true(log_may(&limit, 6000, &missed));
	assert_int_equal(missed, 8);
	assert_true(log_may(&limit, 7000, &missed));
	assert_int_equal(missed, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_pipe, close_pipe)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_line_an_event),
		TEST(nobody_forges_a_line),
		TEST(a_long_line_is_cut_at_1024),
		TEST(the_longest_line_that_is_whole),
		TEST(a_stalled_reader_stalls_nobody),
		cmocka_unit_test(at_most_one_line_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
