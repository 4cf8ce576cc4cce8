/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of zones, and the records in it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lists/zone.h"
#include "wire/types.h"

struct bad {
	unsigned count;
	uint32_t line;
	char what[128];
};

static struct bad bad;
static struct content zone;
static char printed[65536];

static void
hear_bad(void *arg, uint32_t line, const char *what)
{
	struct bad *b = arg;

	if (b->count++ == 0) {
		b->line = line;
		snprintf(b->what, sizeof(b->what), "%s", what);
	}
}

static enum err
print(void *arg, const struct zone_record *r)
{
	struct text *t = arg;
	char type[16];
	struct name owner;

	assert_true(record_owner(r, &owner));
	name_print(&owner, t);
	text_printf(t, " %u %s", r->ttl, type_text(r->type, type));
	for (unsigned i = 0; i < r->rdata_len; i++)
		text_printf(t, "%s%02x", i == 0 ? " " : "", r->rdata[i]);
	text_char(t, '\n');
	return ERR_NONE;
}

static void
read_bytes(const char *text, size_t len, enum err expected)
{
	const struct zone_text from = {
		.text = text, .len = len, .bad = hear_bad, .arg = &bad
	};
	uint32_t count;
	struct text t;
	const struct record_sink sink = { print, &t };

	memset(&bad, 0, sizeof(bad));
	assert_int_equal(zone_read(&from, 1 << 22, &zone, &count), expected);
	assert_int_equal(count, bad.count);
	content_sort(&zone);
	text_init(&t, printed, sizeof(printed));
	assert_int_equal(content_each(&zone, &sink), ERR_NONE);
	content_fini(&zone);
}

static void
read_text(const char *text, enum err expected)
{
	read_bytes(text, strlen(text), expected);
}

/* The text has these records, and no bad line. */
static void
has(const char *text, const char *records)
{
	read_text(text, ERR_NONE);
	assert_string_equal(printed, records);
	assert_int_equal(bad.count, 0);
}

/* The line is left out, and the record behind it is not. */
static void
leaves_out(const char *line)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s\nlast A 192.0.2.9\n", line);
	read_text(text, ERR_NONE);
	assert_string_equal(printed, "last. 300 A c0000209\n");
	assert_true(bad.count > 0);
	assert_int_equal(bad.line, 1);
}

static void
is_refused(const char *line)
{
	char text[1024];

	snprintf(text, sizeof(text), "a A 192.0.2.1\n%s\nb A 192.0.2.1\n",
		 line);
	read_text(text, ERR_SYNTAX);
	assert_int_equal(bad.count, 1);
	assert_int_equal(bad.line, 2);
}

static void
test_words(void **state)
{
	(void)state;
	has("a A 192.0.2.1", "a. 300 A c0000201\n");
	has("a 60 A 192.0.2.1", "a. 60 A c0000201\n");
	has("a IN A 192.0.2.1", "a. 300 A c0000201\n");
	has("a in 60 a 192.0.2.1\r\n", "a. 60 A c0000201\n");
	has("a\t60\tIN A  192.0.2.1  ; why\n", "a. 60 A c0000201\n");
	has("a 1h30m A 192.0.2.1", "a. 5400 A c0000201\n");
	leaves_out("a 4294967295 A 192.0.2.1");
}

static void
test_owners(void **state)
{
	(void)state;
	has("b A 192.0.2.1\n  A 192.0.2.2\n\tAAAA ::1\n",
	    "b. 300 A c0000201\nb. 300 A c0000202\n"
	    "b. 300 AAAA 00000000000000000000000000000001\n");
	has("$ORIGIN x.\n@ SOA a. b. 1 2 3 4 5\nb CNAME c\nd.x. CNAME @\n",
	    "b. 300 CNAME 01630178"
	    "00\n"
	    "d. 300 CNAME 017800\n");
	has("a\\.b.c A 192.0.2.1", "a\\046b.c. 300 A c0000201\n");
	has("in A 192.0.2.1\n60 A 192.0.2.2\n",
	    "60. 300 A c0000202\nin. 300 A c0000201\n");
}

static void
test_ttl(void **state)
{
	(void)state;
	has("$TTL 7\na A 192.0.2.1\nb 8 A 192.0.2.1\nc A 192.0.2.1\n",
	    "a. 7 A c0000201\nb. 8 A c0000201\nc. 7 A c0000201\n");
	has("b 8 A 192.0.2.1\nc A 192.0.2.1\n",
	    "b. 8 A c0000201\nc. 8 A c0000201\n");
	is_refused("$TTL x");
	is_refused("$TTL");
}

static void
test_parentheses(void **state)
{
	(void)state;
	has("a ( ; one\n A ; two\n 192.0.2.1 )\nb A 192.0.2.2\n",
	    "a. 300 A c0000201\nb. 300 A c0000202\n");
	has("a TXT \"(;\" \")\"\n", "a. 300 TXT 02283b0129\n");
	leaves_out("a A ( 192.0.2.1");
	leaves_out("a A 192.0.2.1 )");
	leaves_out("a TXT \"open");
}

/* A parenthesis that nobody closes costs one line, and only so often. */
static void
test_unclosed(void **state)
{
	static char text[65536 * 2];
	struct text t;

	(void)state;
	read_text("a A (\nb A 192.0.2.1\nc A 192.0.2.2\n", ERR_NONE);
	assert_string_equal(printed, "b. 300 A c0000201\nc. 300 A c0000202\n");
	assert_int_equal(bad.count, 1);
	assert_int_equal(bad.line, 1);
	text_init(&t, text, sizeof(text));
	for (unsigned i = 0; i < 200; i++)
		text_str(&t, "a A (\n");
	read_text(text, ERR_SYNTAX);
}

static void
test_soa(void **state)
{
	struct soa_numbers n;

	(void)state;
	has("rpz.test. 60 SOA ns.test. Host.Test. (\n 7 ; serial\n"
	    " 1h 10m 1d 60 )\nrpz.test. NS ns.test.\nrpz.test. NS ns.test.\n",
	    ". 60 NS 026e73047465737400\n");
	has("$TTL 60\n@ SOA ns.test. host.test. 4294967295 2 3 4 5\n"
	    "a CNAME .\n",
	    "a. 60 CNAME 00\n");
	assert_true(soa_read(&zone.soa, &n));
	assert_int_equal(n.serial, UINT32_MAX);
	assert_int_equal(n.minimum, 5);
	assert_int_equal(zone.soa.ttl, 60);
	assert_int_equal(zone.zone.len, 1);
	has("$ORIGIN rpz.test.\n@ SOA ns host 1 2 3 4 5\nbad.test CNAME .\n",
	    "bad.test. 300 CNAME 00\n");
}

static void
test_zone_name(void **state)
{
	static const char text[] = "rpz.test. SOA a. b. 1 2 3 4 5\n"
				   "bad.test.rpz.test. CNAME .\n"
				   "other.test. CNAME .\n";

	(void)state;
	read_text(text, ERR_NONE);
	assert_string_equal(printed, "bad.test. 300 CNAME 00\n");
	assert_int_equal(bad.count, 1);
	assert_int_equal(bad.line, 3);
	/* what stands before it was taken for something else */
	read_text("bad.test.rpz.test. CNAME .\n"
		  "rpz.test. SOA a. b. 1 2 3 4 5\n",
		  ERR_NONE);
	assert_int_equal(bad.count, 1);
	assert_int_equal(bad.line, 2);
}

static void
test_directives(void **state)
{
	(void)state;
	is_refused("$INCLUDE /etc/passwd");
	is_refused("$include /etc/passwd");
	is_refused("$GENERATE 1-10 a$ A 192.0.2.1");
	is_refused("$ORIGIN a..b.");
	is_refused("$ORIGIN a. b.");
	is_refused("$");
}

static void
test_bad_lines(void **state)
{
	static const char *const lines[] = {
		"a",
		"a IN",
		"a 60",
		"a A",
		"a CH A 192.0.2.1",
		"a NOTYPE x",
		"a A 192.0.2",
		"a A 192.0.2.1 192.0.2.2",
		"a AAAA 192.0.2.1",
		"a CNAME a..b",
		"a CNAME",
		"a CNAME . .",
		"a..b A 192.0.2.1",
		"a MX mail",
		"a TXT",
		"a TYPE65280 \\# 3 ab",
		"a 99999999999 A 192.0.2.1",
		"<html>",
		"a A 192.0.2.1\x01",
		"\xc3\xa4 A 192.0.2.1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		leaves_out(lines[i]);
	read_bytes("a A 192.0\0.2.1\nb A 192.0.2.1", 28, ERR_NONE);
	assert_string_equal(printed, "b. 300 A c0000201\n");
	assert_int_equal(bad.count, 1);
}

static void
test_long_line(void **state)
{
	static char text[3 * ZONE_LINE_MAX];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text + 2 * ZONE_LINE_MAX, "\nb A 192.0.2.1\n", 16);
	text[2 * ZONE_LINE_MAX + 15] = '\0';
	read_text(text, ERR_NONE);
	assert_string_equal(printed, "b. 300 A c0000201\n");
	assert_int_equal(bad.count, 1);
}

static void
test_too_large(void **state)
{
	const struct zone_text from = { .text = "a A 192.0.2.1\n", .len = 14 };
	struct content c;
	uint32_t count;

	(void)state;
	assert_int_equal(zone_read(&from, 16, &c, &count), ERR_RANGE);
	content_fini(&c);
}

/* Types that only libldns knows, and blanks behind what they end with. */
static void
test_types(void **state)
{
	(void)state;
	has("a CAA 0 issue \"b\" \nb HINFO \"x\" \"y\" ; z\n",
	    "a. 300 CAA 0005697373756562\nb. 300 HINFO 01780179\n");
	has("a SSHFP 1 1 abcd\n", "a. 300 TYPE44 0101abcd\n");
	has("a PTR \\@.\n", "a. 300 PTR 014000\n");
	has("a NAPTR 1 2 \"u\" \"S\" \"\" B.c.\n",
	    "a. 300 NAPTR 0001000201750153000162016300\n");
	leaves_out("a ANY \\# 0");
	leaves_out("a OPT \\# 0");
	leaves_out("a TYPE0 \\# 0");
}

static void
test_wrong_soa(void **state)
{
	static const char *const wrong[] = {
		"a SOA",
		"a SOA a. b. 1 2 3 4",
		"a SOA a. b. 1 2 3 4 5 6",
		"a SOA a. b. 4294967296 2 3 4 5",
		"a SOA a. b. 1 2 3 x 5",
		"a SOA a..b b. 1 2 3 4 5",
		"a SOA a. b. -1 2 3 4 5",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		leaves_out(wrong[i]);
}

/* RFC 1982 3.2, its last example too. */
static void
test_serials(void **state)
{
	(void)state;
	assert_true(serial_is_later(1, 0));
	assert_true(serial_is_later(0, 4294967295));
	assert_true(serial_is_later(44, 0) && serial_is_later(0, 4294967000));
	assert_false(serial_is_later(7, 7));
	assert_false(serial_is_later(0, 1));
	assert_false(serial_is_later(0x80000000, 0));
	assert_false(serial_is_later(0, 0x80000000));
}

/* A record is the same however it is written. */
static void
test_one_form(void **state)
{
	(void)state;
	has("A.Test 5 MX 1 Mail.Test.\na.test 9 mx 1 mail.test.\n",
	    "a.test. 5 MX 0001046d61696c047465737400\n");
	has("b A 192.0.2.1\na.b A 192.0.2.1\na A 192.0.2.1\n",
	    "a. 300 A c0000201\na.b. 300 A c0000201\nb. 300 A c0000201\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_ttl),
		cmocka_unit_test(test_parentheses),
		cmocka_unit_test(test_unclosed),
		cmocka_unit_test(test_soa),
		cmocka_unit_test(test_zone_name),
		cmocka_unit_test(test_directives),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_serials),
		cmocka_unit_test(test_wrong_soa),
		cmocka_unit_test(test_one_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
