/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supply/leftover.h"

enum { NOW = 1700000000, DAY = 86400 };

static int dir;

static void
put(const char *file, int days)
{
	const struct timespec then[2] = { { .tv_sec = NOW - days * DAY },
					  { .tv_sec = NOW - days * DAY } };
	int fd = openat(dir, file, O_WRONLY | O_CREAT, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(futimens(fd, then), 0);
	close(fd);
}

static bool
is_there(const char *file)
{
	return faccessat(dir, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool
is_named(const void *owner, const char *list)
{
	return strcmp(owner, list) == 0;
}

static void
what_nobody_names_goes_after_a_while(void **state)
{
	static const struct {
		const char *file;
		int days;
		bool stays;
	} row[] = {
		{ "ads.kept", 100, true },     { "ads.held", 100, true },
		{ "ads.kept.new", 100, true }, { "more.kept", 29, true },
		{ "more.held", 31, false },    { "old.kept", 31, false },
		{ "old.kept.new", 31, false }, { "old.new", 31, false },
		{ "future.kept", -9, true },   { "notes", 100, true },
		{ ".kept", 100, true },	       { "a.txt", 100, true },
	};
	char path[] = "/tmp/dnsfw-leftover-XXXXXX";
	struct leftover_sweep sweep = { .now_s = NOW,
					.is_named = is_named,
					.owner = "ads" };

	(void)state;
	assert_non_null(mkdtemp(path));
	sweep.dir = dir = open(path, O_RDONLY | O_DIRECTORY);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		put(row[i].file, row[i].days);
	assert_int_equal(symlinkat("/nowhere", dir, "link.kept"), 0);
	assert_int_equal(mkdirat(dir, "dir.kept", 0700), 0);
	assert_int_equal(leftover_remove(&sweep), 4);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(is_there(row[i].file), row[i].stays);
		unlinkat(dir, row[i].file, 0);
	}
	assert_true(is_there("link.kept") && is_there("dir.kept"));
	unlinkat(dir, "link.kept", 0);
	unlinkat(dir, "dir.kept", AT_REMOVEDIR);
	close(dir);
	assert_int_equal(rmdir(path), 0);
}

/* A list may be called as the files of another are. */
static void
a_name_with_an_ending_is_a_name(void **state)
{
	char path[] = "/tmp/dnsfw-leftover-XXXXXX";
	struct leftover_sweep sweep = { .now_s = NOW,
					.is_named = is_named,
					.owner = "a.kept" };

	(void)state;
	assert_non_null(mkdtemp(path));
	sweep.dir = dir = open(path, O_RDONLY | O_DIRECTORY);
	put("a.kept.kept", 100);
	put("a.kept.new", 100);
	put("a.kept", 100);
	assert_int_equal(leftover_remove(&sweep), 1);
	assert_false(is_there("a.kept"));
	unlinkat(dir, "a.kept.kept", 0);
	unlinkat(dir, "a.kept.new", 0);
	close(dir);
	assert_int_equal(rmdir(path), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_nobody_names_goes_after_a_while),
		cmocka_unit_test(a_name_with_an_ending_is_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
