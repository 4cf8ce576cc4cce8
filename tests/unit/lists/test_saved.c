/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The image of last time: when it is used again, and when not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lists/build.h"
#include "lists/identity.h"
#include "lists/saved.h"

#define SAVED_FILE "lists.image"

static char path[] = "/tmp/dns-firewall-saved-XXXXXX";
static int dir = -1;

static int
begin(void **state)
{
	(void)state;
	if (mkdtemp(path) == NULL)
		return -1;
	dir = open(path, O_RDONLY | O_DIRECTORY);
	return dir == -1 ? -1 : 0;
}

static int
end(void **state)
{
	(void)state;
	unlinkat(dir, SAVED_FILE, 0);
	unlinkat(dir, "list", false);
	close(dir);
	return rmdir(path);
}

static void *
make(uint64_t identity, struct lists *out)
{
	static struct lists_build b;
	const struct lists_about about = { .name = "a", .file = "/a" };
	struct item item = { .trigger = TRIGGER_QNAME };
	void *image;
	size_t size;

	assert_int_equal(name_parse("one.example", 11, &item.name, NULL),
			 ERR_NONE);
	lists_build_init(&b);
	b.identity = identity;
	assert_int_equal(lists_build_source(&b, "lists", "", 0), ERR_NONE);
	assert_int_equal(lists_build_list(&b, &about), ERR_NONE);
	assert_int_equal(lists_build_add(&b, &item), ERR_NONE);
	assert_int_equal(lists_build_image(&b, &image, &size), ERR_NONE);
	lists_build_fini(&b);
	assert_int_equal(lists_view(image, size, out), ERR_NONE);
	return image;
}

static enum err
read_back(uint64_t identity, void **image_out, size_t *size_out)
{
	int fd = openat(dir, SAVED_FILE, O_RDONLY);
	enum err err;

	assert_int_not_equal(fd, -1);
	err = saved_read(fd, identity, image_out, size_out);
	close(fd);
	return err;
}

static int
create(void)
{
	int fd = openat(dir, SAVED_FILE, O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(fd, -1);
	return fd;
}

static void
test_it_comes_back(void **state)
{
	struct lists l, other;
	void *image = make(7, &l), *next = make(8, &other), *back = NULL;
	int fd = create();
	size_t size;

	(void)state;
	assert_int_equal(saved_write(fd, &l), ERR_NONE);
	lseek(fd, 0, SEEK_SET);
	assert_true(saved_is(fd, &l));
	lseek(fd, 0, SEEK_SET);
	assert_false(saved_is(fd, &other));
	close(fd);
	assert_int_equal(read_back(7, &back, &size), ERR_NONE);
	assert_int_equal(size, l.size);
	assert_memory_equal(back, image, size);
	free(back);
	assert_int_equal(read_back(8, &back, &size), ERR_MISSING);
	free(image);
	free(next);
}

static void
test_one_that_cannot_be_written_is_empty(void **state)
{
	struct lists l;
	void *image = make(7, &l);
	const struct rlimit less = { l.size - 1, RLIM_INFINITY };
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	int fd = create();

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
	assert_int_equal(saved_write(fd, &l), ERR_SYSTEM);
	assert_int_equal(errno, EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	close(fd);
	free(image);
}

/* Every byte of it changed in turn. */
static void
test_a_damaged_one_is_not_used(void **state)
{
	struct lists l;
	void *image = make(7, &l), *back;
	uint8_t *bytes = image;
	size_t size;

	(void)state;
	for (size_t i = 0; i < l.size; i++) {
		int fd =
		    openat(dir, SAVED_FILE, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		bytes[i] ^= 0x40;
		assert_int_equal(write(fd, bytes, l.size), l.size);
		close(fd);
		bytes[i] ^= 0x40;
		assert_int_equal(read_back(7, &back, &size), ERR_MISSING);
	}
	for (size_t len = 0; len < l.size; len++) {
		int fd =
		    openat(dir, SAVED_FILE, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		assert_int_equal(write(fd, bytes, len), len);
		close(fd);
		assert_int_equal(read_back(7, &back, &size), ERR_MISSING);
	}
	free(image);
}

/* Nobody knows of what it is. */
static void
test_one_that_is_unsure_is_of_nothing(void **state)
{
	struct lists l;
	void *image = make(0, &l);
	int fd = create();

	(void)state;
	assert_int_equal(saved_write(fd, &l), ERR_NONE);
	lseek(fd, 0, SEEK_SET);
	assert_false(saved_is(fd, &l));
	close(fd);
	free(image);
}

/* ---- what it is made of ---------------------------------------------------
 */

static void
put(const char *text, bool wait)
{
	int fd = openat(dir, "list", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	/* Until the file counts as settled. */
	if (wait)
		usleep(150000);
}

static struct identity
identity_of(const char *lists, enum list_source source, enum list_form form)
{
	static struct list_config config;
	int fd = openat(dir, "list", O_RDONLY);
	struct identity id;

	config.source = source;
	config.form = form;
	identity_init(&id, "lists", lists, strlen(lists));
	identity_content(&id, &config, fd);
	if (fd != -1)
		close(fd);
	return id;
}

static void
test_files_of_the_owner(void **state)
{
	struct identity a, b;

	(void)state;
	put("one", true);
	a = identity_of("x", SOURCE_FILE, FORM_DOMAINS);
	b = identity_of("x", SOURCE_FILE, FORM_DOMAINS);
	assert_false(a.is_unsure);
	assert_int_equal(a.number, b.number);
	b = identity_of("y", SOURCE_FILE, FORM_DOMAINS);
	assert_int_not_equal(a.number, b.number);
	put("two", false);
	b = identity_of("x", SOURCE_FILE, FORM_DOMAINS);
	assert_int_not_equal(a.number, b.number);
	assert_true(b.is_unsure);
	unlinkat(dir, "list", false);
	b = identity_of("x", SOURCE_FILE, FORM_DOMAINS);
	assert_int_not_equal(a.number, b.number);
}

/* Its head is written again and again; only the digest counts. */
static void
test_copies_of_feeds(void **state)
{
	struct identity a, b;

	(void)state;
	put("# a list\n# digest 0123\n# checked 1\nbad.example\n", false);
	a = identity_of("x", SOURCE_HTTPS, FORM_DOMAINS);
	put("# a list\n# digest 0123\n# checked 2\nbad.example\n", false);
	b = identity_of("x", SOURCE_HTTPS, FORM_DOMAINS);
	assert_false(a.is_unsure);
	assert_int_equal(a.number, b.number);
	put("# a list\n# digest 0124\n# checked 2\nbad.example\n", false);
	b = identity_of("x", SOURCE_HTTPS, FORM_DOMAINS);
	assert_int_not_equal(a.number, b.number);
	put("bad.example\n", false);
	assert_true(identity_of("x", SOURCE_HTTPS, FORM_DOMAINS).is_unsure);
	assert_true(identity_of("x", SOURCE_PRIMARY, FORM_RPZ).is_unsure);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_comes_back),
		cmocka_unit_test(test_a_damaged_one_is_not_used),
		cmocka_unit_test(test_one_that_is_unsure_is_of_nothing),
		cmocka_unit_test(test_one_that_cannot_be_written_is_empty),
		cmocka_unit_test(test_files_of_the_owner),
		cmocka_unit_test(test_copies_of_feeds),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
