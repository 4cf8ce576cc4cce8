/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Config files: their grammar, their order, and which files are refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/file.h"

static struct options opt;
static char complaint[8192];
static char directory[64];
static char path_buf[600];

static const char *
path_of(const char *name)
{
	snprintf(path_buf, sizeof(path_buf), "%s/%s", directory, name);
	return path_buf;
}

static const char *
write_file(const char *name, const char *bytes, size_t len, mode_t mode)
{
	const char *path = path_of(name);
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

static int
make_directory(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/dns-firewall-conf-XXXXXX");
	return mkdtemp(directory) == NULL;
}

static int
remove_directory(void **state)
{
	char command[128];
	(void)state;

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

/* The number of refusals. */
static unsigned
parse(const char *bytes, size_t len)
{
	static struct content text;
	struct text t;
	struct gather g;

	text_init(&t, complaint, sizeof(complaint));
	gather_init(&g, &opt, &t);
	memcpy(text.bytes, bytes, len);
	text.bytes[len] = '\0';
	text.len = len;
	file_parse(&g, "f.conf", &text);
	return g.refused;
}

static unsigned
parse_str(const char *text)
{
	return parse(text, strlen(text));
}

static unsigned
read_path(const char *path, bool must_exist)
{
	struct text t;
	struct gather g;

	text_init(&t, complaint, sizeof(complaint));
	gather_init(&g, &opt, &t);
	gather_begin(&g);
	file_gather(&g, path, must_exist);
	return g.refused;
}

static void
assert_complaint(const char *text)
{
	if (strstr(complaint, text) == NULL)
		fail_msg("no \"%s\" in: %s", text, complaint);
}

static void
test_both_names(void **state)
{
	(void)state;

	assert_int_equal(parse_str("min-rule-time = 7\nMAX_RULE_TIME=8\n"
				   "grace=9\nDNSFW_WORKERS = 3\n"
				   "bind_port=99\n"),
			 0);
	assert_int_equal(opt.min_rule_time_s, 7);
	assert_int_equal(opt.max_rule_time_s, 8);
	assert_int_equal(opt.grace_s, 9);
	assert_int_equal(opt.workers, 3);
	assert_int_equal(opt.bind_port, 99);
}

static void
test_blanks_and_comments(void **state)
{
	(void)state;

	assert_int_equal(parse_str("\n  # all of it\n\t grace\t=\t5 # five\r\n"
				   "acl-file = /a#b # c\nchain=  # none\n"
				   "workers=2"),
			 0);
	assert_int_equal(opt.grace_s, 5);
	assert_string_equal(opt.acl_file, "/a#b");
	assert_string_equal(opt.chain, "");
	assert_int_equal(opt.workers, 2);
}

static void
test_quotes(void **state)
{
	(void)state;

	assert_int_equal(parse_str("acl-file = \"/a b # \\\"c\\\\\" # d\n"
				   "chain=\"\"\ngrace=\"6\"\n"),
			 0);
	assert_string_equal(opt.acl_file, "/a b # \"c\\");
	assert_int_equal(opt.grace_s, 6);
	assert_int_equal(parse_str("acl-file = '/a \"b\\' # c\n"), 0);
	assert_string_equal(opt.acl_file, "/a \"b\\");
	assert_int_equal(parse_str("acl-file = '/a\"\n"), 1);
	assert_complaint("must end in");
	assert_int_equal(parse_str("\nacl-file = \"/a\n"), 1);
	assert_complaint("f.conf:2: acl-file: ");
	assert_int_equal(parse_str("acl-file = \"/a\" b\n"), 1);
	assert_complaint("must end in");
}

static void
test_unknown_name(void **state)
{
	(void)state;

	assert_int_equal(parse_str("# one\ngrce = 5\n"), 1);
	assert_complaint("f.conf:2: grce: there is no such setting; near it "
			 "is DNSFW_GRACE");
	assert_int_equal(parse_str("GRACE = 5\n"), 1);
	assert_int_equal(parse_str("config = /x\n"), 1);
	assert_complaint("on the command line");
}

static void
test_no_setting(void **state)
{
	(void)state;

	assert_int_equal(parse_str("grace 5\n"), 1);
	assert_complaint("f.conf:1: grace: not a setting; accepted is NAME");
	assert_int_equal(parse_str("=5\n\n[x]\n"), 2);
	assert_complaint("f.conf:1: ");
	assert_complaint("\nf.conf:3: ");
	assert_int_equal(parse("grace=5\n\0workers=1\n", 19), 1);
	assert_complaint("NUL");
}

static void
test_refused_value_names_the_line(void **state)
{
	(void)state;

	assert_int_equal(parse_str("workers=1\nDNSFW_GRACE = x\n"), 1);
	assert_complaint("f.conf:2: DNSFW_GRACE: \"x\" is not accepted; "
			 "accepted is a whole number from 0 to 86400");
}

static void
test_said_twice(void **state)
{
	(void)state;

	assert_int_equal(parse_str("bind = 1.1.1.1\nBIND = 1.1.1.2,1.1.1.3\n"),
			 0);
	assert_int_equal(opt.bind_count, 3);
	assert_int_equal(parse_str("grace = 1\nDNSFW_GRACE = 2\n"), 1);
	assert_complaint("f.conf:2: DNSFW_GRACE: \"2\" is not accepted; "
			 "accepted is one value");
}

static void
test_value_in_a_file(void **state)
{
	char line[300];
	(void)state;

	snprintf(line, sizeof(line), "DNSFW_GRACE_FILE=%s\n",
		 write_file("grace", "17\r\n", 4, 0666));
	assert_int_equal(parse_str(line), 0);
	assert_int_equal(opt.grace_s, 17);
	write_file("grace", "17\0007", 4, 0600);
	assert_int_equal(parse_str(line), 1);
	assert_complaint("(it holds a NUL byte)");
	write_file("grace", "\n", 1, 0600);
	assert_int_equal(parse_str(line), 0);
	assert_int_equal(opt.grace_s, 60);
	write_file("grace", "1\n2\n", 4, 0600);
	assert_int_equal(parse_str(line), 1);
}

static void
test_directory(void **state)
{
	(void)state;

	write_file("20-b.conf", "grace=2\nbind=1.1.1.2\n", 21, 0644);
	write_file("10-a.conf", "grace=1\nbind=1.1.1.1\nworkers=9\n", 31, 0644);
	write_file("99.conf.bak", "nonsense\n", 9, 0644);
	write_file(".hidden.conf", "nonsense\n", 9, 0644);
	assert_int_equal(read_path(directory, true), 0);
	assert_int_equal(opt.grace_s, 2);
	assert_int_equal(opt.workers, 9);
	assert_int_equal(opt.bind_count, 1);
	assert_int_equal(opt.bind[0].addr.byte[3], 2);
}

static void
test_missing(void **state)
{
	char path[256];
	(void)state;

	strcpy(path, path_of("nothing"));
	assert_int_equal(read_path(path, false), 0);
	assert_int_equal(read_path(path, true), 1);
	assert_complaint("--config: \"");
	assert_complaint("No such file");
}

static void
test_one_file(void **state)
{
	(void)state;

	assert_int_equal(
	    read_path(write_file("env", "grace=4\n", 8, 0640), true), 0);
	assert_int_equal(opt.grace_s, 4);
}

static void
test_writable_by_others(void **state)
{
	static const mode_t bad[] = { 0620, 0602, 0666 };
	(void)state;

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(
		    read_path(write_file("w.conf", "grace=4\n", 8, bad[i]),
			      true),
		    1);
		assert_complaint("w.conf: its group or everybody may write");
		assert_int_equal(opt.grace_s, 60);
	}
	write_file("w.conf", "grace=4\n", 8, 0644);
	chmod(directory, 0770);
	assert_int_equal(read_path(directory, true), 1);
	assert_complaint("only its owner may write");
	chmod(directory, 0755);
	assert_int_equal(read_path(directory, true), 0);
}

/* Neither waits for a writer nor reads on without end. */
static void
test_irregular(void **state)
{
	(void)state;

	assert_int_equal(mkfifo(path_of("p.conf"), 0600), 0);
	assert_int_equal(read_path(path_of("p.conf"), true), 1);
	assert_complaint("not a regular file");
	assert_int_equal(read_path("/dev/zero", true), 1);
	assert_int_equal(read_path(directory, true), 1);
	assert_complaint("p.conf: it is not a regular file");
}

/* However long the path is, the line is still named. */
static void
test_long_path(void **state)
{
	char path[500], part[201];
	(void)state;

	memset(part, 'd', 200);
	part[200] = '\0';
	assert_int_equal(mkdir(path_of(part), 0700), 0);
	snprintf(path, sizeof(path), "%s/%s", part, part);
	assert_int_equal(mkdir(path_of(path), 0700), 0);
	strcat(path, "/a.conf");
	write_file(path, "\ngrace=x\n", 9, 0600);
	*strrchr(path, '/') = '\0';
	assert_int_equal(read_path(path_of(path), true), 1);
	assert_complaint("/a.conf:2: grace: \"x\"");
}

static void
test_size(void **state)
{
	static char big[CONTENT_MAX_BYTES + 1];
	static struct content text;
	(void)state;

	memset(big, '#', sizeof(big));
	assert_null(
	    content_read(write_file("big", big, CONTENT_MAX_BYTES, 0600),
			 CONTENT_FROM_OWNER, &text));
	assert_int_equal(text.len, CONTENT_MAX_BYTES);
	assert_int_equal(text.bytes[text.len], '\0');
	assert_string_equal(
	    content_read(write_file("big", big, sizeof(big), 0600),
			 CONTENT_FROM_OWNER, &text),
	    "it is larger than 65536 bytes");
}

#define IN_DIRECTORY(test) \
	cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_names),
		cmocka_unit_test(test_blanks_and_comments),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_unknown_name),
		cmocka_unit_test(test_no_setting),
		cmocka_unit_test(test_refused_value_names_the_line),
		cmocka_unit_test(test_said_twice),
		IN_DIRECTORY(test_value_in_a_file),
		IN_DIRECTORY(test_directory),
		IN_DIRECTORY(test_missing),
		IN_DIRECTORY(test_one_file),
		IN_DIRECTORY(test_writable_by_others),
		IN_DIRECTORY(test_irregular),
		IN_DIRECTORY(test_long_path),
		IN_DIRECTORY(test_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
