/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of plain lists: whole, or as before. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>
#include <unistd.h>

#include "supply/copy.h"

struct story {
	char path[32];
	int dir;
	struct copy copy;
	struct copy_head head;
};

static int
set_up(void **state)
{
	struct story *s = calloc(1, sizeof(*s));

	strcpy(s->path, "/tmp/copies-XXXXXX");
	assert_non_null(mkdtemp(s->path));
	s->dir = open(s->path, O_RDONLY | O_DIRECTORY);
	assert_int_not_equal(s->dir, -1);
	s->copy.fd = -1;
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct story *s = *state;

	copy_drop(&s->copy);
	unlinkat(s->dir, "ads.kept", 0);
	close(s->dir);
	assert_int_equal(rmdir(s->path), 0);
	free(s);
	return 0;
}

static void
keep(struct story *s, const char *text)
{
	assert_int_equal(copy_begin(&s->copy, s->dir, "ads"), ERR_NONE);
	copy_write(&s->copy, text, strlen(text));
	assert_int_equal(copy_end(&s->copy, &s->head), ERR_NONE);
	assert_int_equal(copy_keep(&s->copy, &s->head, "ads.kept"), ERR_NONE);
	assert_int_equal(s->copy.fd, -1);
	assert_int_equal(faccessat(s->dir, "ads.new", F_OK, 0), -1);
}

static void
what_is_known_comes_back(void **state)
{
	struct story *s = *state;
	struct copy_head head;

	strcpy(s->head.source, "https://feeds.example/ads?a=b");
	strcpy(s->head.known.etag, "W/\"a b\"");
	s->head.entries = 2;
	s->head.changed_s = 1700000000;
	s->head.checked_s = 1700000001;
	s->head.good_s = 3600;
	keep(s, "a.b\nc.d\n");
	assert_int_equal(copy_head_read(s->dir, "ads.kept", &head), ERR_NONE);
	assert_memory_equal(&head, &s->head, sizeof(head));
	assert_int_equal(head.bytes, 8);
	/* sha256sum(1) of the text */
	assert_string_equal(head.digest, "3e61eb9461088355a864935b4462490142fc9"
					 "9fa1e16a7a39e1c1a275a42ab37");
}

static void
the_text_follows_comments(void **state)
{
	struct story *s = *state;
	char text[COPY_HEAD_SIZE + 9];
	int fd;

	keep(s, "a.b\nc.d\n");
	fd = openat(s->dir, "ads.kept", O_RDONLY);
	assert_int_equal(read(fd, text, sizeof(text)), COPY_HEAD_SIZE + 8);
	close(fd);
	text[COPY_HEAD_SIZE + 8] = '\0';
	for (char *at = text; at < text + COPY_HEAD_SIZE;
	     at = strchr(at, '\n') + 1)
		assert_int_equal(*at, '#');
	assert_string_equal(text + COPY_HEAD_SIZE, "a.b\nc.d\n");
}

static void
a_head_is_written_in_its_place(void **state)
{
	struct story *s = *state;
	struct copy_head head;

	keep(s, "a.b\n");
	s->head.checked_s = 1800000000;
	strcpy(s->head.known.modified, "Sat, 21 Nov 2026 11:00:00 GMT");
	assert_int_equal(copy_head_write(s->dir, "ads.kept", &s->head),
			 ERR_NONE);
	assert_int_equal(copy_head_read(s->dir, "ads.kept", &head), ERR_NONE);
	assert_memory_equal(&head, &s->head, sizeof(head));
	assert_int_equal(copy_head_write(s->dir, "none", &head), ERR_SYSTEM);
}

static void
the_longest_head_has_room(void **state)
{
	struct story *s = *state;
	struct copy_head head;

	memset(s->head.source, 's', sizeof(s->head.source) - 1);
	memset(s->head.known.etag, 'e', sizeof(s->head.known.etag) - 1);
	memset(s->head.known.modified, 'm', sizeof(s->head.known.modified) - 1);
	s->head.entries = UINT64_MAX;
	s->head.changed_s = s->head.checked_s = INT64_MAX;
	s->head.good_s = UINT32_MAX;
	keep(s, "a.b\n");
	assert_int_equal(copy_head_read(s->dir, "ads.kept", &head), ERR_NONE);
	assert_memory_equal(&head, &s->head, sizeof(head));
}

static void
what_is_torn_is_none(void **state)
{
	struct story *s = *state;
	struct copy_head head;
	int fd;

	assert_int_equal(copy_head_read(s->dir, "ads.kept", &head),
			 ERR_MISSING);
	keep(s, "a.b\nc.d\n");
	fd = openat(s->dir, "ads.kept", O_RDWR);
	assert_int_equal(ftruncate(fd, COPY_HEAD_SIZE + 7), 0);
	assert_int_equal(copy_head_read(s->dir, "ads.kept", &head), ERR_SYNTAX);
	assert_int_equal(head.entries, 0);
	assert_int_equal(ftruncate(fd, 100), 0);
	assert_int_equal(copy_head_read(s->dir, "ads.kept", &head), ERR_SYNTAX);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(ftruncate(fd, COPY_HEAD_SIZE), 0);
	assert_int_equal(copy_head_read(s->dir, "ads.kept", &head), ERR_SYNTAX);
	close(fd);
}

static void
a_full_disk_leaves_what_was(void **state)
{
	struct story *s = *state;
	struct rlimit was, small = { 100000, RLIM_INFINITY };
	char *much = calloc(1, 300000);
	struct copy_head head;

	memset(much, 'x', 300000);
	keep(s, "a.b\n");
	getrlimit(RLIMIT_FSIZE, &was);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(copy_begin(&s->copy, s->dir, "ads"), ERR_NONE);
	small.rlim_max = was.rlim_max;
	setrlimit(RLIMIT_FSIZE, &small);
	copy_write(&s->copy, much, 300000);
	assert_int_equal(copy_end(&s->copy, &head), ERR_SYSTEM);
	setrlimit(RLIMIT_FSIZE, &was);
	assert_int_equal(faccessat(s->dir, "ads.new", F_OK, 0), -1);
	assert_int_equal(copy_head_read(s->dir, "ads.kept", &head), ERR_NONE);
	assert_int_equal(head.bytes, 4);
	free(much);
}

static void
what_is_dropped_leaves_nothing(void **state)
{
	struct story *s = *state;

	assert_int_equal(copy_begin(&s->copy, s->dir, "ads"), ERR_NONE);
	copy_write(&s->copy, "a", 1);
	copy_drop(&s->copy);
	copy_drop(&s->copy);
	assert_int_equal(faccessat(s->dir, "ads.new", F_OK, 0), -1);
	assert_int_equal(copy_begin(&s->copy, s->dir, "no/where"), ERR_SYSTEM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(what_is_known_comes_back),
		T(the_text_follows_comments),
		T(a_head_is_written_in_its_place),
		T(the_longest_head_has_room),
		T(what_is_torn_is_none),
		T(a_full_disk_leaves_what_was),
		T(what_is_dropped_leaves_nothing),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
