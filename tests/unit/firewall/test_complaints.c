/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes wrong again and again is said now and then, and when it ends. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "firewall/complaints.h"

enum { MINUTE_MS = 60000 };

static struct complaints c;
static int heard[2];

static int
setup(void **state)
{
	(void)state;
	c = (struct complaints){ 0 };
	if (pipe(heard) == -1)
		return -1;
	log_to(heard[1]);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	log_to(STDERR_FILENO);
	close(heard[0]);
	close(heard[1]);
	return 0;
}

/* All that was logged since the last time. */
static const char *
said(void)
{
	static char text[8192];
	ssize_t n;

	log_info(".");
	n = read(heard[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	*strstr(text, "[INFO ] .\n") = '\0';
	return text;
}

static void
test_once_a_minute(void **state)
{
	(void)state;
	for (int64_t at = 0; at < 3 * MINUTE_MS; at += 500)
		complaints_say(&c, "Could not make it", 1000 + at);
	assert_string_equal(said(),
			    "[ERROR] Could not make it\n"
			    "[ERROR] Could not make it times=121 since=60s\n"
			    "[ERROR] Could not make it times=241 since=120s\n");
	complaints_end(&c, 1000 + 3 * MINUTE_MS);
	assert_string_equal(said(), "[INFO ] It is over: Could not make it "
				    "times=360 since=180s\n");
	complaints_end(&c, 2000 + 3 * MINUTE_MS);
	assert_string_equal(said(), "");
}

static void
test_told_apart_by_their_words(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		complaints_say(&c, "first", 1);
		complaints_say(&c, "second", 1);
	}
	assert_string_equal(said(), "[ERROR] first\n[ERROR] second\n");
	complaints_end(&c, 1);
	complaints_say(&c, "first", 2);
	assert_non_null(strstr(said(), "[ERROR] first\n"));
}

static void
test_more_than_are_remembered(void **state)
{
	char text[16];

	(void)state;
	for (int i = 0; i <= COMPLAINTS_MAX; i++) {
		snprintf(text, sizeof(text), "number %d", i);
		complaints_say(&c, text, 10 + i);
	}
	assert_non_null(strstr(said(), "number 8\n"));
	complaints_say(&c, "number 8", 30);
	complaints_say(&c, "number 1", 30);
	assert_string_equal(said(), "");
	complaints_say(&c, "number 0", 30);
	assert_string_equal(said(), "[ERROR] number 0\n");
}

static void
test_words_without_end(void **state)
{
	char text[2 * COMPLAINT_SIZE];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	complaints_say(&c, text, 1);
	assert_int_equal(strlen(said()), strlen("[ERROR] \n") +
						 COMPLAINT_SIZE - 1);
	complaints_say(&c, text, 2);
	assert_string_equal(said(), "");
}

static void
test_without_memory_each_is_said(void **state)
{
	(void)state;
	complaints_say(NULL, "again", 1);
	complaints_say(NULL, "again", 1);
	assert_string_equal(said(), "[ERROR] again\n[ERROR] again\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_once_a_minute, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_told_apart_by_their_words,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_more_than_are_remembered,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_words_without_end, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
		    test_without_memory_each_is_said, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
