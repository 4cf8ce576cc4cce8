/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The grammar line by line: what is read, and where it is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "kit.h"
#include "policy/parse.h"

#define LABEL63                                                \
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz" \
	"abcdefghijk"

static enum acl_line
parse(const char *text, struct acl_rule *rule, struct flaw *flaw)
{
	return acl_parse_line(text, strlen(text), rule, flaw);
}

static void
test_three_arrows(void **state)
{
	struct acl_rule r;
	struct flaw f;
	struct name name = kit_name("a.example");

	(void)state;
	assert_int_equal(parse("10.0.0.1 -> a.example:TCP:443", &r, &f),
			 LINE_RULE);
	assert_int_equal(r.arrow, ARROW_GRANT);
	assert_int_equal(r.kind, DOMAIN_EXACT);
	assert_int_equal(r.protocol, IPPROTO_TCP);
	assert_int_equal(r.port, 443);
	assert_int_equal(r.client.bits, 32);
	assert_true(name_equal(&r.domain, &name));

	assert_int_equal(parse("10.0.0.0/8 ~> *.a.example", &r, &f), LINE_RULE);
	assert_int_equal(r.arrow, ARROW_DNS);
	assert_int_equal(r.kind, DOMAIN_BELOW);
	assert_int_equal(r.client.bits, 8);
	assert_int_equal(r.port, 0);

	assert_int_equal(parse("::1 -| .a.example = 192.0.2.1", &r, &f),
			 LINE_RULE);
	assert_int_equal(r.arrow, ARROW_BLOCK);
	assert_int_equal(r.kind, DOMAIN_TREE);
	assert_int_equal(r.answer4.family, 4);
	assert_int_equal(r.answer6.family, 0);
	assert_int_equal(r.client.bits, 128);

	assert_int_equal(parse("::1 ~> *", &r, &f), LINE_RULE);
	assert_int_equal(r.kind, DOMAIN_TREE);
	assert_int_equal(r.domain.len, 1);
}

/* Lines that all mean the first one. */
static void
test_tolerances(void **state)
{
	static const char *const same[] = {
		"10.0.0.1 -> a.example:TCP:443",
		"10.0.0.1->a.example:TCP:443",
		"\t10.0.0.1  ->\ta.example:tcp:443  ",
		"10.0.0.1 -> A.EXAMPLE.:Tcp:443 # why",
		"10.0.0.1 -> a.example : TCP : 443#why",
		"10.0.0.1/32 -> a.example:TCP:00443",
		"10.0.0.1 -> \\097.example:TCP:443",
		"::ffff:10.0.0.1 -> a.example:TCP:443",
		"::ffff:a00:1/128 -> a.example:TCP:443",
	};
	struct acl_rule first, r;
	struct flaw f;

	(void)state;
	assert_int_equal(parse(same[0], &first, &f), LINE_RULE);
	for (size_t i = 1; i < sizeof(same) / sizeof(*same); i++) {
		assert_int_equal(parse(same[i], &r, &f), LINE_RULE);
		assert_memory_equal(&r.client, &first.client, sizeof(r.client));
		assert_memory_equal(&r.domain, &first.domain, sizeof(r.domain));
		assert_int_equal(r.kind, first.kind);
		assert_int_equal(r.arrow, first.arrow);
		assert_int_equal(r.protocol, first.protocol);
		assert_int_equal(r.port, first.port);
	}
}

static void
test_empty_lines(void **state)
{
	static const char *const empty[] = { "", " ", "\t", "#", "  # -> x" };
	struct acl_rule r;
	struct flaw f;

	(void)state;
	for (size_t i = 0; i < sizeof(empty) / sizeof(*empty); i++)
		assert_int_equal(parse(empty[i], &r, &f), LINE_EMPTY);
}

static void
test_ipv6_clients_keep_their_colons(void **state)
{
	struct acl_rule r;
	struct flaw f;

	(void)state;
	assert_int_equal(
	    parse("2001:db8:85a3::8a2e:370:7334->a.example:UDP:22", &r, &f),
	    LINE_RULE);
	assert_int_equal(r.client.addr.family, 6);
	assert_int_equal(r.protocol, IPPROTO_UDP);
	assert_int_equal(r.port, 22);
}

static void
test_mapped_clients_are_ipv4(void **state)
{
	struct addr net = kit_addr("10.0.0.0");
	struct acl_rule r;
	struct flaw f;

	(void)state;
	assert_int_equal(parse("::ffff:10.0.0.0/104 ~> *", &r, &f), LINE_RULE);
	assert_true(addr_equal(&r.client.addr, &net));
	assert_int_equal(r.client.bits, 8);
	assert_int_equal(parse("::ffff:0.0.0.0/96 ~> *", &r, &f), LINE_RULE);
	assert_int_equal(r.client.addr.family, 4);
	assert_int_equal(r.client.bits, 0);
	assert_int_equal(parse("::ffff:10.0.0.0/95 ~> *", &r, &f), LINE_WRONG);
	assert_int_equal(f.column, 16);
	assert_int_equal(parse("::/0 ~> *", &r, &f), LINE_RULE);
	assert_int_equal(r.client.addr.family, 6);
}

static void
test_host_bits_are_cleared_and_told(void **state)
{
	struct addr net = kit_addr("10.0.0.0");
	struct acl_rule r;
	struct flaw f;

	(void)state;
	assert_int_equal(parse("10.1.2.3/8 ~> *", &r, &f), LINE_RULE);
	assert_true(r.who.had_host_bits);
	assert_true(addr_equal(&r.client.addr, &net));
	assert_int_equal(parse("10.0.0.0/8 ~> *", &r, &f), LINE_RULE);
	assert_false(r.who.had_host_bits);
}

static void
test_escapes_become_labels(void **state)
{
	struct acl_rule r;
	struct flaw f;

	(void)state;
	assert_int_equal(parse("::1 ~> a\\046b._x.\\042.c\\:d", &r, &f),
			 LINE_RULE);
	assert_int_equal(r.kind, DOMAIN_EXACT);
	assert_memory_equal(r.domain.wire, "\3a.b\2_x\1*\3c:d", 14);
}

static void
test_answers(void **state)
{
	struct addr four = kit_addr("192.0.2.1");
	struct addr six = kit_addr("2001:db8::1");
	struct acl_rule r;
	struct flaw f;

	(void)state;
	assert_int_equal(parse("::1 -| x=192.0.2.1#", &r, &f), LINE_RULE);
	assert_true(addr_equal(&r.answer4, &four));
	assert_int_equal(parse("::1 -| x = 2001:db8::1", &r, &f), LINE_RULE);
	assert_true(addr_equal(&r.answer6, &six));
	assert_int_equal(r.answer4.family, 0);
	assert_int_equal(parse("::1 -| x = 192.0.2.1, 2001:db8::1", &r, &f),
			 LINE_RULE);
	assert_true(addr_equal(&r.answer4, &four));
	assert_true(addr_equal(&r.answer6, &six));
}

/* What is refused, and the column it is refused at. */
static void
test_refused(void **state)
{
	static const struct {
		const char *text;
		uint32_t column;
		const char *right; /* part of what would be right */
	} wrong[] = {
		{ "10.1.0.2 -> allowed.test:TCP:0", 30, "1 to 65535" },
		{ "10.1.0.2 -> allowed.test:TCP:65536", 30, "1 to 65535" },
		{ "10.1.0.2 -> allowed.test:TCP:4x", 30, "1 to 65535" },
		{ "10.1.0.2 -> allowed.test:TCP:-1", 30, "1 to 65535" },
		{ "10.1.0.2 -> allowed.test:TCP:80,", 33, "1 to 65535" },
		{ "10.1.0.2 -> allowed.test:TCP:80,,443", 33, "1 to 65535" },
		{ "10.1.0.2 -> allowed.test:TCP:1-257", 30, "256 ports" },
		{ "10.1.0.2 -> allowed.test:TCP:8-", 30, "1 to 65535" },
		{ "10.1.0.2 -> allowed.test:TCP:90-80", 30, "lower port" },
		{ "10.1.0.2 -> allowed.test:TCP:", 30, "1 to 65535" },
		{ "10.1.0.2 -> allowed.test:TCP", 29, ":TCP:PORT" },
		{ "10.1.0.2 -> allowed.test:", 26, ":TCP:PORT" },
		{ "10.1.0.2 -> allowed.test", 25, ":TCP:PORT" },
		{ "10.1.0.2 -> allowed.test:TCPP:443", 26, ":UDP:PORT" },
		{ "10.1.0.2 -> allowed.test:GRE:443", 26, ":UDP:PORT" },
		{ "10.1.0.2 -> allowed.test:SCTP", 30, ":SCTP:PORT" },
		{ "10.1.0.2 -> allowed.test:ICMP:8", 30, "alone" },
		{ "10.1.0.2 -> allowed.test:443:TCP", 26, ":UDP:PORT" },
		{ "10.1.0.2 -> allowed.test:TCP:443 x", 34, "end the line" },
		{ "10.1.0.2 -> a.test:TCP:443 = 1.2.3.4", 28, "end the line" },
		{ "10.1.0.2 ~> a.test:TCP:443", 19, "only ->" },
		{ "10.1.0.2 ~> a.test = 192.0.2.1", 20, "end the line" },
		{ "10.1.0.2 ~> a b", 15, "end the line" },
		{ "10.1.0.2 -| a.test:TCP:443", 19, "nxdomain" },
		{ "10.1.0.2 -| a.test refuse", 20, "nxdomain" },
		{ "10.1.0.2 -| a.test nodata x", 27, "-| DOMAIN" },
		{ "10.1.0.2 ~> a.test nodata", 20, "end the line" },
		{ "10.1.0.2 -| a.test =", 21, "192.0.2.1" },
		{ "10.1.0.2 -| a.test = 192.0.2.1/32", 22, "192.0.2.1" },
		{ "10.1.0.2 -| a.test = b.test", 22, "192.0.2.1" },
		{ "10.1.0.2 -| a = 192.0.2.1,192.0.2.2", 27, "one IPv4" },
		{ "10.1.0.2 ~> *foo.test", 13, "*.example.com" },
		{ "10.1.0.2 ~> a.*.test", 15, "*.example.com" },
		{ "10.1.0.2 ~> *.*.test", 15, "*.example.com" },
		{ "10.1.0.2 ~> **", 13, "*.example.com" },
		{ "10.1.0.2 ~> a..b", 15, "single dots" },
		{ "10.1.0.2 ~> ..b", 14, "single dots" },
		{ "10.1.0.2 ~> *..", 15, "single dots" },
		{ "10.1.0.2 ~> *.", 13, "every name" },
		{ "10.1.0.2 ~> .", 13, "every name" },
		{ "10.1.0.2 ~> ..", 14, "single dots" },
		{ "10.1.0.2 ~> \"\"", 13, "\\DDD" },
		{ "10.1.0.2 ~> a.te!st", 17, "\\DDD" },
		{ "10.1.0.2 ~> \\256.test", 13, "single dots" },
		{ "10.1.0.2 ~> a\xc3", 13, "xn--" },
		{ "10.1.0.2 ~> " LABEL63 "x.test", 76, "63 bytes" },
		{ "10.1.0.2 ~> @a/d", 13, "as in the lists file" },
		{ "10.1.0.2 ~>", 12, "*.name" },
		{ "10.1.0.2/33 ~> a", 9, "/0 to /32" },
		{ "10.1.0.2/ ~> a", 9, "/0 to /32" },
		{ "10.1.0.2/-1 ~> a", 9, "/0 to /32" },
		{ "10.1.0.2/8/8 ~> a", 9, "/0 to /32" },
		{ "::1/129 ~> a", 4, "/0 to /128" },
		{ "10.1.0 ~> a", 1, "10.0.0.0/8" },
		{ "010.1.0.2 ~> a", 1, "10.0.0.0/8" },
		{ "[::1] ~> a", 1, "2001:db8::/32" },
		{ "a.test ~> a", 1, "10.0.0.0/8" },
		{ "10.1.0.2% ~> a", 10, "at most 15" },
		{ "10.1.0.2%a%b ~> a", 10, "at most 15" },
		{ "10.1.0.2%lan0/8 ~> a", 10, "at most 15" },
		{ "any%0123456789abcdef ~> a", 5, "at most 15" },
		{ "* ~> a", 1, "any" },
		{ "@ ~> a", 1, "letters" },
		{ "@a.b ~> a", 1, "letters" },
		{ "group", 6, "letters" },
		{ "group = 10.0.0.1", 7, "letters" },
		{ "group lan 10.0.0.1", 11, "group NAME" },
		{ "group lan =", 12, "group NAME" },
		{ "group lan = 10.0.0.1,", 22, "group NAME" },
		{ "group lan = 10.0.0.1 10.0.0.2", 22, "comma" },
		{ "group lan = 10.0.0.1, x", 23, "10.0.0.0/8" },
		{ "include x", 9, "include \"FILE\"" },
		{ "include \"x", 10, "include \"FILE\"" },
		{ "include \"\"", 10, "include \"FILE\"" },
		{ "include \"x\" y", 13, "end the line" },
		{ "-> a.test:TCP:443", 1, "address, a net" },
		{ "10.1.0.2 allowed.test:TCP:443", 10, "CLIENT -> " },
		{ "10.1.0.2", 9, "CLIENT -> " },
		{ "10.1.0.2 # -> a", 10, "CLIENT -> " },
		{ "10.1.0.2 => a", 10, "CLIENT -> " },
		{ "10.1.0.2 --> a", 10, "CLIENT -> " },
		{ "10.1.0.2 - > a", 10, "CLIENT -> " },
		{ "10.1.0.2 -> -> a:TCP:1", 14, "\\DDD" },
	};
	struct acl_rule r;
	struct flaw f;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		enum acl_line got = parse(wrong[i].text, &r, &f);

		if (got != LINE_WRONG || f.column != wrong[i].column ||
		    !strstr(f.right, wrong[i].right))
			fail_msg("%s: %d, column %u; %s; %s", wrong[i].text,
				 got, f.column, f.what, f.right);
	}
}

static void
test_longest_names(void **state)
{
	/* 3 labels of 63 and one of 61: 253 characters, 255 on the wire */
	static const char fits[] = LABEL63
	    "." LABEL63 "." LABEL63 "."
	    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi";
	struct acl_rule r;
	struct flaw f;
	char line[512];

	(void)state;
	assert_int_equal(strlen(fits), 253);
	snprintf(line, sizeof(line), "::1 ~> %s", fits);
	assert_int_equal(parse(line, &r, &f), LINE_RULE);
	assert_int_equal(r.domain.len, 255);
	snprintf(line, sizeof(line), "::1 ~> %s.", fits);
	assert_int_equal(parse(line, &r, &f), LINE_RULE);
	snprintf(line, sizeof(line), "::1 ~> %sj", fits);
	assert_int_equal(parse(line, &r, &f), LINE_WRONG);
	snprintf(line, sizeof(line), "::1 ~> *.%s", fits);
	assert_int_equal(parse(line, &r, &f), LINE_RULE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_three_arrows),
		cmocka_unit_test(test_tolerances),
		cmocka_unit_test(test_empty_lines),
		cmocka_unit_test(test_ipv6_clients_keep_their_colons),
		cmocka_unit_test(test_mapped_clients_are_ipv4),
		cmocka_unit_test(test_host_bits_are_cleared_and_told),
		cmocka_unit_test(test_escapes_become_labels),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_longest_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
