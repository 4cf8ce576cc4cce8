/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The compiler process, with files for what the supervisor hands it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lists/compile.h"
#include "policy/kit.h"
#include "proc/role.h"

/* What the process does before it reads: noted, in its order. */
static char steps[8];
static off_t read_before_sandbox;
static enum err sandbox_result;

enum err
role_enter_sandbox(const struct role_kit *kit)
{
	strcat(steps, "s");
	read_before_sandbox = lseek(kit->acl, 0, SEEK_CUR);
	return sandbox_result;
}

enum err
role_ready(const struct role_kit *kit)
{
	(void)kit;
	strcat(steps, "r");
	return ERR_NONE;
}

static int
file_with(const char *text, size_t len)
{
	int fd = memfd_create("test", 0);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, len), len);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void
hand(struct role_kit *kit, const char *acl, size_t len)
{
	memset(kit, 0, sizeof(*kit));
	kit->role = ROLE_COMPILER;
	kit->own = kit->policy = kit->saved = -1;
	kit->acl = file_with(acl, len);
	kit->image = file_with("", 0);
	kit->complaints = file_with("", 0);
	kit->print = file_with("", 0);
	strcpy(kit->source_name, "/etc/acl");
	steps[0] = '\0';
	sandbox_result = ERR_NONE;
	read_before_sandbox = -1;
}

static void
take_back(struct role_kit *kit)
{
	close(kit->acl);
	close(kit->image);
	close(kit->complaints);
	if (kit->print != -1)
		close(kit->print);
}

static void
expect_file(int fd, const char *want)
{
	char got[1024];
	ssize_t n = pread(fd, got, sizeof(got) - 1, 0);

	assert_true(n >= 0);
	got[n] = '\0';
	assert_string_equal(got, want);
}

static void
test_good_acl(void **state)
{
	static const char acl[] = "10.1.2.3/8 -> A:tcp:1\n::1 ~> *\n";
	struct addr client = kit_addr("10.0.0.1");
	struct role_kit kit;
	struct policy p;

	(void)state;
	hand(&kit, acl, strlen(acl));
	assert_int_equal(compiler_main(&kit), 0);
	assert_string_equal(steps, "sr");
	assert_int_equal(read_before_sandbox, 0);
	expect_file(kit.complaints,
		    "/etc/acl:1:1: warning: \"10.1.2.3/8\" has bits set behind "
		    "its prefix; it is read as 10.0.0.0/8\n");
	expect_file(kit.print, "10.0.0.0/8 -> a:TCP:1\n::1 ~> *\n");
	assert_int_equal(policy_open(kit.image, 1, &p), ERR_NONE);
	assert_true(policy_knows(&p, asker(&client)));
	assert_string_equal(policy_rule_file(&p, policy_rule(&p, 0)),
			    "/etc/acl");
	policy_close(&p);
	take_back(&kit);
}

static void
test_refused_acl_leaves_no_image(void **state)
{
	struct role_kit kit;

	(void)state;
	hand(&kit, "::1 ~> a\nx", 10);
	assert_int_equal(compiler_main(&kit), 1);
	expect_file(kit.complaints,
		    "/etc/acl:2:1: error: \"x\" is not an address or net; "
		    "write e.g. 10.0.0.1, 10.0.0.0/8, 2001:db8::/32, any, localhost, localnets or @GROUP\n");
	expect_file(kit.print, "");
	assert_int_equal(lseek(kit.image, 0, SEEK_END), 0);
	take_back(&kit);
}

static void
test_empty_acl_without_print(void **state)
{
	struct role_kit kit;
	struct policy p;

	(void)state;
	hand(&kit, "", 0);
	close(kit.print);
	kit.print = -1;
	assert_int_equal(compiler_main(&kit), 0);
	assert_int_equal(policy_open(kit.image, 1, &p), ERR_NONE);
	assert_int_equal(policy_rule_count(&p), 0);
	policy_close(&p);
	take_back(&kit);
}

static void
test_nothing_is_read_without_a_sandbox(void **state)
{
	struct role_kit kit;

	(void)state;
	hand(&kit, "::1 ~> a\n", 9);
	sandbox_result = ERR_SYSTEM;
	assert_int_equal(compiler_main(&kit), 1);
	assert_string_equal(steps, "s");
	assert_int_equal(lseek(kit.acl, 0, SEEK_CUR), 0);
	assert_int_equal(lseek(kit.image, 0, SEEK_END), 0);
	take_back(&kit);
}

/* More text than one read brings, and more output than one write takes. */
static void
test_large_acl(void **state)
{
	enum { LINES = 20000 };
	char *acl = malloc(LINES * 32);
	struct role_kit kit;
	struct policy p;
	size_t len = 0;

	(void)state;
	assert_non_null(acl);
	for (int i = 0; i < LINES; i++)
		len += (size_t)sprintf(acl + len, "10.0.0.0/8 ~> n%05d.x\n", i);
	hand(&kit, acl, len);
	assert_int_equal(compiler_main(&kit), 0);
	assert_int_equal(lseek(kit.print, 0, SEEK_END), len);
	assert_int_equal(policy_open(kit.image, 1, &p), ERR_NONE);
	assert_int_equal(policy_rule_count(&p), LINES);
	policy_close(&p);
	take_back(&kit);
	free(acl);
}

/* Holes are NUL bytes, so a sparse file serves. */
static void
test_oversized_acl(void **state)
{
	struct role_kit kit;

	(void)state;
	hand(&kit, "", 0);
	assert_int_equal(ftruncate(kit.acl, ACL_MAX_BYTES + 1), 0);
	assert_int_equal(compiler_main(&kit), 1);
	expect_file(kit.complaints,
		    "/etc/acl:1:1: error: the file is over 64 MiB long; use "
		    "nets and wildcards\n");
	take_back(&kit);
}

static void
test_unreadable_acl(void **state)
{
	struct role_kit kit;

	(void)state;
	hand(&kit, "", 0);
	close(kit.acl);
	kit.acl = 999;
	assert_int_equal(compiler_main(&kit), 1);
	expect_file(kit.complaints, "/etc/acl: error: cannot be compiled: Bad "
				    "file descriptor\n");
	take_back(&kit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_acl),
		cmocka_unit_test(test_refused_acl_leaves_no_image),
		cmocka_unit_test(test_empty_acl_without_print),
		cmocka_unit_test(test_nothing_is_read_without_a_sandbox),
		cmocka_unit_test(test_large_acl),
		cmocka_unit_test(test_oversized_acl),
		cmocka_unit_test(test_unreadable_acl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
