/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies of lists where memory or disk ends, at each place where it can: the
 * copy is the one of before, nothing is lost and nothing lies about.
 */
#include "life.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lists/journal.h"

/* ---- memory ------------------------------------------------------------- */

static bool watching;
static unsigned left; /* allocations until one fails */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool
fails(void)
{
	return watching && left-- == 0;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

/* ---- what is done ------------------------------------------------------- */

static struct model before, after;

static enum err
open_again(struct keep *k)
{
	bool damaged;
	enum err err = keep_open(k, dir, FILE_NAME, &damaged);

	assert_false(damaged);
	return err;
}

static enum err
replace(struct keep *k)
{
	const struct kept_about about = { .source = "192.0.2.53" };
	struct content c;
	enum err err;

	content_init(&c, &zone, 1 << 20);
	err = content_add(&c, &(struct zone_rr){ .owner = zone,
						 .type = 2,
						 .rdata = (const uint8_t *)"",
						 .rdata_len = 1 });
	if (err == ERR_NONE) {
		content_sort(&c);
		err = keep_put_zone(k, &about, &c);
	}
	content_fini(&c);
	return err;
}

/* To what `after` has: all that is not in `before` comes. */
static enum err
change(struct keep *k)
{
	uint8_t rdata[64];
	struct zone_rr rr = soa_of(after.serial, rdata), soa = rr;
	enum err err = ERR_NONE;

	for (unsigned i = 0; i < after.count && err == ERR_NONE; i++) {
		if (find(&before, &after.record[i]) != -1)
			continue;
		rr = rr_of(&after.record[i]);
		err = keep_add(k, &rr);
	}
	if (err == ERR_NONE)
		return keep_commit(k, &soa, 2000);
	keep_drop(k);
	return err;
}

static void
begin(struct keep *k)
{
	begin_small(k, &before);
	after = before;
	after.serial++;
	fill(&after, 30);
}

/* ---- out of memory ------------------------------------------------------ */

static enum err
without(unsigned allocation, enum err (*work)(struct keep *), struct keep *k)
{
	enum err err;

	left = allocation;
	watching = true;
	err = work(k);
	watching = false;
	return err;
}

static void
test_no_memory_to_open(void **state)
{
	enum err err = ERR_FULL;
	unsigned fail = 0;
	struct keep k;

	(void)state;
	begin(&k);
	assert_int_equal(change(&k), ERR_NONE);
	keep_close(&k);
	for (; err != ERR_NONE; fail++) {
		err = without(fail, open_again, &k);
		assert_true(err == ERR_NONE || err == ERR_FULL);
		keep_close(&k);
	}
	assert_in_range(fail, 2, 1000);
	expect_file(&after);
}

static void
test_no_memory_to_change(void **state)
{
	enum err err = ERR_FULL;
	unsigned fail = 0;
	struct keep k;

	(void)state;
	for (; err != ERR_NONE; fail++) {
		begin(&k);
		err = without(fail, change, &k);
		assert_true(err == ERR_NONE || err == ERR_FULL);
		assert_true(k.is_here);
		expect_file(err == ERR_NONE ? &after : &before);
		if (err != ERR_NONE)
			assert_int_equal(change(&k), ERR_NONE);
		keep_close(&k);
		expect_file(&after);
	}
	assert_in_range(fail, 2, 1000);
}

static void
test_no_memory_to_replace(void **state)
{
	enum err err = ERR_FULL;
	unsigned fail = 0;
	struct keep k;

	(void)state;
	begin(&k);
	for (; err != ERR_NONE; fail++) {
		err = without(fail, replace, &k);
		assert_true(err == ERR_NONE || err == ERR_FULL);
		if (err != ERR_NONE)
			expect_file(&before);
	}
	assert_in_range(fail, 2, 1000);
	keep_close(&k);
	assert_int_equal(faccessat(dir, FILE_NAME ".new", F_OK, 0), -1);
}

/* ---- the disk is full --------------------------------------------------- */

static enum err
within(size_t bytes, enum err (*work)(struct keep *), struct keep *k)
{
	struct rlimit usual, small;
	enum err err;
	int cause;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
	small = usual;
	small.rlim_cur = bytes;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	errno = 0;
	err = work(k);
	cause = errno;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
	if (err == ERR_SYSTEM)
		assert_int_equal(cause, EFBIG);
	return err;
}

static size_t
file_size(void)
{
	struct stat st;

	assert_int_equal(fstatat(dir, FILE_NAME, &st, 0), 0);
	return (size_t)st.st_size;
}

static void
test_no_room_to_change(void **state)
{
	enum err err = ERR_SYSTEM;
	unsigned tries = 0;
	struct keep k;

	(void)state;
	begin(&k);
	for (size_t size = file_size(); err != ERR_NONE; tries++) {
		err = within(size + tries, change, &k);
		if (err == ERR_NONE)
			break;
		assert_int_equal(err, ERR_SYSTEM);
		assert_int_equal(file_size(), size);
		expect_file(&before);
	}
	assert_true(tries > JOURNAL_HEAD);
	keep_close(&k);
	expect_file(&after);
}

static void
test_no_room_to_replace(void **state)
{
	enum err err = ERR_SYSTEM;
	size_t size = 0;
	struct keep k;

	(void)state;
	begin(&k);
	for (; err != ERR_NONE; size += 7) {
		err = within(size, replace, &k);
		assert_true(err == ERR_NONE || err == ERR_SYSTEM);
		assert_int_equal(faccessat(dir, FILE_NAME ".new", F_OK, 0), -1);
		if (err != ERR_NONE)
			expect_file(&before);
	}
	assert_true(size > KEPT_HEAD);
	keep_close(&k);
}

/* The journal grows on where it cannot become part of the body. */
static void
test_no_room_to_compact(void **state)
{
	struct keep k;

	(void)state;
	begin(&k);
	k.journal_free = 0;
	assert_int_equal(mkdirat(dir, FILE_NAME ".new", 0700), 0);
	assert_int_equal(change(&k), ERR_NONE);
	assert_true(k.is_here);
	expect_file(&after);
	assert_int_equal(unlinkat(dir, FILE_NAME ".new", AT_REMOVEDIR), 0);
	assert_int_equal(keep_checked(&k, 3000), ERR_NONE);
	assert_int_equal(k.kept.journal_len, 0);
	keep_close(&k);
	expect_file(&after);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_memory_to_open),
		cmocka_unit_test(test_no_memory_to_change),
		cmocka_unit_test(test_no_memory_to_replace),
		cmocka_unit_test(test_no_room_to_change),
		cmocka_unit_test(test_no_room_to_replace),
		cmocka_unit_test(test_no_room_to_compact),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
