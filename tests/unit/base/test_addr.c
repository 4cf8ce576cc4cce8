/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every range of the guard by its first and last address and by those just
 * outside; parsing, printing, masks, nets, mapped addresses. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "base/addr.h"

static struct addr
parsed(const char *text)
{
	struct addr a;

	if (addr_parse(text, strlen(text), &a) != ERR_NONE)
		fail_msg("%s does not parse", text);
	return a;
}

/* As it stands in an AAAA record, where nothing is unmapped. */
static struct addr
raw6(const char *text)
{
	struct addr a;
	uint8_t byte[16];

	assert_int_equal(inet_pton(AF_INET6, text, byte), 1);
	addr_from_v6(byte, &a);
	return a;
}

static void
assert_class(const char *text, enum addr_class want)
{
	struct addr a = strchr(text, ':') ? raw6(text) : parsed(text);

	if (addr_class_of(&a) != want)
		fail_msg("%s is of class %d, not %d", text,
			 (int)addr_class_of(&a), (int)want);
}

static void
assert_classes(const char *const *text, enum addr_class want)
{
	for (; *text; text++)
		assert_class(*text, want);
}

static void
ipv4_never(void **state)
{
	static const char *const never[] = {
		"0.0.0.0", "0.255.255.255", "127.0.0.0", "127.0.0.1",
		"127.255.255.255", "169.254.0.0", "169.254.169.254",
		"169.254.255.255", "224.0.0.0", "224.0.0.1",
		"239.255.255.255", "240.0.0.0", "255.255.255.254",
		"255.255.255.255", NULL
	};

	(void)state;
	assert_classes(never, ADDR_NEVER);
}

static void
ipv4_private(void **state)
{
	static const char *const private[] = {
		"10.0.0.0", "10.255.255.255", "100.64.0.0",
		"100.127.255.255", "172.16.0.0", "172.31.255.255",
		"192.0.0.0", "192.0.0.255", "192.168.0.0",
		"192.168.255.255", "198.18.0.0", "198.19.255.255", NULL
	};

	(void)state;
	assert_classes(private, ADDR_PRIVATE);
}

static void
ipv4_public(void **state)
{
	static const char *const public[] = {
		"1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255",
		"100.128.0.0", "126.255.255.255", "128.0.0.0",
		"169.253.255.255", "169.255.0.0", "172.15.255.255",
		"172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.2.1",
		"192.167.255.255", "192.169.0.0", "198.17.255.255",
		"198.20.0.0", "203.0.113.5", "223.255.255.255", NULL
	};

	(void)state;
	assert_classes(public, ADDR_PUBLIC);
}

static void
ipv6_classes(void **state)
{
	static const char *const never[] = {
		"::", "::1", "fe80::", "fe80::1",
		"febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ff00::",
		"ff02::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL
	};
	static const char *const private[] = {
		"fc00::", "fd00::1",
		"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL
	};
	static const char *const public[] = {
		"2001:db8::1", "2600::1", "2001:1::1", "2003::1",
		"fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe00::1",
		"fe7f:ffff::1", "64:ff9b:2::a00:1", "64:ff9c::7f00:1",
		"::1:0:0:7f00:1", NULL
	};

	(void)state;
	assert_classes(never, ADDR_NEVER);
	assert_classes(private, ADDR_PRIVATE);
	assert_classes(public, ADDR_PUBLIC);
}

static void
embedded_classes(void **state)
{
	static const char *const never[] = {
		"::ffff:127.0.0.1", "::ffff:0.0.0.0", "::127.0.0.1",
		"::0.0.0.2", "64:ff9b::169.254.169.254",
		"64:ff9b:1:7f00:0:100::", "64:ff9b:1:fffe::127.0.0.1",
		"2002:7f00:1::", "2002:e000:1::1",
		/* the complement of 127.0.0.1 */
		"2001:0:4136:e378:8000:63bf:80ff:fffe", NULL
	};
	static const char *const private[] = {
		"::ffff:10.1.2.3", "::192.168.1.1", "64:ff9b::10.0.0.1",
		"64:ff9b:1:0a01:2:300::", "64:ff9b:1::10.1.2.3",
		"2002:c0a8:101::", "2001::f5fe:fdfc", NULL
	};
	static const char *const public[] = {
		"::ffff:203.0.113.5", "::203.0.113.5",
		"64:ff9b::203.0.113.5", "64:ff9b:1:cb00:71:500::",
		"64:ff9b:1::203.0.113.5", "2002:cb00:7105::1",
		"2001::34ff:8efa", NULL
	};

	(void)state;
	assert_classes(never, ADDR_NEVER);
	assert_classes(private, ADDR_PRIVATE);
	assert_classes(public, ADDR_PUBLIC);
}

static void
assert_embeds(const char *outer, const char *inner)
{
	struct addr want = parsed(inner), got, a = raw6(outer);

	assert_true(addr_embedded(&a, &got));
	if (!addr_equal(&got, &want))
		fail_msg("%s does not embed %s", outer, inner);
}

static void
embedded_addresses(void **state)
{
	struct addr a, out;

	(void)state;
	assert_embeds("::ffff:192.0.2.1", "192.0.2.1");
	assert_embeds("::192.0.2.1", "192.0.2.1");
	assert_embeds("64:ff9b::192.0.2.33", "192.0.2.33");
	/* RFC 6052 2.4 */
	assert_embeds("64:ff9b:1:c000:2:2100::", "192.0.2.33");
	assert_embeds("64:ff9b:1:abcd::192.0.2.33", "192.0.2.33");
	assert_embeds("2002:c000:201:5::7", "192.0.2.1");
	/* RFC 4380: 192.0.2.45 is kept as its complement */
	assert_embeds("2001:0:4136:e378:8000:63bf:3fff:fdd2", "192.0.2.45");
	a = raw6("2001:db8::192.0.2.1");
	assert_false(addr_embedded(&a, &out));
	a = parsed("192.0.2.1");
	assert_false(addr_embedded(&a, &out));
}

static void
an_address_of_no_family_is_never_good(void **state)
{
	struct addr a = { 0 };

	(void)state;
	assert_int_equal(addr_class_of(&a), ADDR_NEVER);
}

static void
loopback(void **state)
{
	struct addr a = parsed("127.8.9.1");

	(void)state;
	assert_true(addr_is_loopback(&a));
	a = parsed("::1");
	assert_true(addr_is_loopback(&a));
	a = parsed("128.0.0.1");
	assert_false(addr_is_loopback(&a));
	a = parsed("::2");
	assert_false(addr_is_loopback(&a));
	a = parsed("7f00::1");
	assert_false(addr_is_loopback(&a));
}

static void
good_addresses_print_as_they_were(void **state)
{
	static const char *const good[] = { "0.0.0.0", "192.0.2.1",
					    "255.255.255.255", "::", "::1",
					    "2001:db8::1", "fe80::1", NULL };
	char buf[ADDR_TEXT_SIZE];

	(void)state;
	for (const char *const *text = good; *text; text++) {
		struct addr a = parsed(*text);

		assert_string_equal(addr_print(&a, buf), *text);
	}
}

static void
bad_addresses(void **state)
{
	static const char *const bad[] = {
		"", " ", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4",
		"1.2.3.4 ", " 1.2.3.4", "1.2.3.4/32", "0x7f.0.0.1", ":", ":::",
		"1::2::3", "2001:db8::g", "fe80::1%eth0", "12345::",
		"2001:db8:0000:0000:0000:0000:0000:0000:0000:0001:aaaa:bbbb",
		NULL
	};
	struct addr a;

	(void)state;
	for (const char *const *text = bad; *text; text++) {
		if (addr_parse(*text, strlen(*text), &a) != ERR_SYNTAX)
			fail_msg("\"%s\" parses", *text);
	}
	assert_int_equal(addr_parse("1.2.3.4\0x", 9, &a), ERR_SYNTAX);
}

static void
text_need_not_end_in_nul(void **state)
{
	struct addr a, want = parsed("192.0.2.1");

	(void)state;
	assert_int_equal(addr_parse("192.0.2.17", 9, &a), ERR_NONE);
	assert_true(addr_equal(&a, &want));
}

static void
mapped_text_is_ipv4(void **state)
{
	struct addr a = parsed("::ffff:192.0.2.1"), want = parsed("192.0.2.1");

	(void)state;
	assert_true(addr_equal(&a, &want));
}

static void
assert_net(const char *text, const char *want, bool want_host_bits)
{
	char buf[NET_TEXT_SIZE];
	struct net n;
	bool host_bits;

	assert_int_equal(net_parse(text, strlen(text), &n, &host_bits),
			 ERR_NONE);
	assert_string_equal(net_print(&n, buf), want);
	assert_int_equal(host_bits, want_host_bits);
	assert_int_equal(net_parse(text, strlen(text), &n, NULL), ERR_NONE);
}

static void
nets(void **state)
{
	(void)state;
	assert_net("192.0.2.1", "192.0.2.1/32", false);
	assert_net("192.0.2.0/24", "192.0.2.0/24", false);
	assert_net("192.0.2.129/25", "192.0.2.128/25", true);
	assert_net("10.1.2.3/0", "0.0.0.0/0", true);
	assert_net("0.0.0.0/0", "0.0.0.0/0", false);
	assert_net("192.0.2.1/31", "192.0.2.0/31", true);
	assert_net("::/0", "::/0", false);
	assert_net("2001:db8::1", "2001:db8::1/128", false);
	assert_net("2001:db8:ffff::/33", "2001:db8:8000::/33", true);
	assert_net("2001:db8::1/127", "2001:db8::/127", true);
	assert_net("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
		   "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", false);
}

static void
mapped_nets_are_ipv4(void **state)
{
	(void)state;
	assert_net("::ffff:10.0.0.0/104", "10.0.0.0/8", false);
	assert_net("::ffff:10.1.0.0/104", "10.0.0.0/8", true);
	assert_net("::ffff:0.0.0.0/96", "0.0.0.0/0", false);
	assert_net("::ffff:192.0.2.1", "192.0.2.1/32", false);
	assert_net("::ffff:192.0.2.1/80", "::/80", true);
}

static void
bad_nets(void **state)
{
	static const char *const syntax[] = {
		"", "/", "/24", "10.0.0.0/", "10.0.0.0/a", "10.0.0.0/8x",
		"10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/ 8",
		"10.0.0.0/8/8", "10.0.0/8", NULL
	};
	static const char *const range[] = { "10.1.0.2/33", "::/129",
					     "10.0.0.0/4294967304",
					     "10.0.0.0/99999999999999", NULL };
	struct net n;

	(void)state;
	for (const char *const *text = syntax; *text; text++) {
		if (net_parse(*text, strlen(*text), &n, NULL) != ERR_SYNTAX)
			fail_msg("\"%s\" is not a syntax error", *text);
	}
	for (const char *const *text = range; *text; text++) {
		if (net_parse(*text, strlen(*text), &n, NULL) != ERR_RANGE)
			fail_msg("\"%s\" is not out of range", *text);
	}
}

static void
assert_in(const char *addr, const char *net, bool want)
{
	struct addr a = parsed(addr);
	struct net n;

	assert_int_equal(net_parse(net, strlen(net), &n, NULL), ERR_NONE);
	if (addr_in_net(&a, &n) != want)
		fail_msg("%s in %s: not %d", addr, net, (int)want);
}

static void
in_net(void **state)
{
	(void)state;
	assert_in("192.0.2.255", "192.0.2.0/24", true);
	assert_in("192.0.3.0", "192.0.2.0/24", false);
	assert_in("192.0.2.127", "192.0.2.0/25", true);
	assert_in("192.0.2.128", "192.0.2.0/25", false);
	assert_in("192.0.2.1", "192.0.2.1", true);
	assert_in("192.0.2.2", "192.0.2.1", false);
	assert_in("203.0.113.5", "0.0.0.0/0", true);
	assert_in("::1", "0.0.0.0/0", false);
	assert_in("0.0.0.1", "::/0", false);
	assert_in("::ffff:10.0.0.1", "10.0.0.0/8", true);
	assert_in("2001:db8:7fff::", "2001:db8::/33", true);
	assert_in("2001:db8:8000::", "2001:db8::/33", false);
}

static void
masks(void **state)
{
	char buf[ADDR_TEXT_SIZE];
	struct addr a;

	(void)state;
	for (unsigned bits = 0; bits <= 128; bits++) {
		unsigned set = 0;

		a = parsed("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
		addr_mask(&a, bits);
		for (unsigned i = 0; i < 128; i++)
			set += a.byte[i / 8] >> (7 - i % 8) & 1 &&
			       i == set;
		assert_int_equal(set, bits);
	}
	a = parsed("192.0.2.255");
	addr_mask(&a, 28);
	assert_string_equal(addr_print(&a, buf), "192.0.2.240");
}

static void
assert_endpoint(const struct endpoint *e, const char *want)
{
	char buf[ENDPOINT_TEXT_SIZE];

	assert_string_equal(endpoint_print(e, buf), want);
}

static void
endpoints(void **state)
{
	union sockaddr_any sa = { 0 };
	struct endpoint e, again;

	(void)state;
	sa.in.sin_family = AF_INET;
	sa.in.sin_port = htons(53);
	inet_pton(AF_INET, "192.0.2.1", &sa.in.sin_addr);
	assert_int_equal(endpoint_from_sockaddr(&sa, &e), ERR_NONE);
	assert_endpoint(&e, "192.0.2.1:53");
	assert_int_equal(endpoint_to_sockaddr(&e, &sa), sizeof(sa.in));
	assert_int_equal(endpoint_from_sockaddr(&sa, &again), ERR_NONE);
	assert_memory_equal(&e, &again, sizeof(e));

	memset(&sa, 0, sizeof(sa));
	sa.in6.sin6_family = AF_INET6;
	sa.in6.sin6_port = htons(65535);
	sa.in6.sin6_scope_id = 7;
	inet_pton(AF_INET6, "fe80::1", &sa.in6.sin6_addr);
	assert_int_equal(endpoint_from_sockaddr(&sa, &e), ERR_NONE);
	assert_endpoint(&e, "[fe80::1]:65535");
	assert_int_equal(e.scope, 7);
	assert_int_equal(endpoint_to_sockaddr(&e, &sa), sizeof(sa.in6));
	assert_int_equal(sa.in6.sin6_scope_id, 7);
	assert_int_equal(endpoint_from_sockaddr(&sa, &again), ERR_NONE);
	assert_memory_equal(&e, &again, sizeof(e));
}

static void
a_mapped_sockaddr_is_ipv4(void **state)
{
	union sockaddr_any sa = { 0 };
	struct endpoint e;

	(void)state;
	sa.in6.sin6_family = AF_INET6;
	sa.in6.sin6_port = htons(53);
	inet_pton(AF_INET6, "::ffff:10.0.0.2", &sa.in6.sin6_addr);
	assert_int_equal(endpoint_from_sockaddr(&sa, &e), ERR_NONE);
	assert_int_equal(e.addr.family, 4);
	assert_endpoint(&e, "10.0.0.2:53");
}

static void
other_families_are_refused(void **state)
{
	union sockaddr_any sa = { 0 };
	struct endpoint e;

	(void)state;
	sa.sa.sa_family = AF_UNIX;
	assert_int_equal(endpoint_from_sockaddr(&sa, &e), ERR_RANGE);
}

static void
test_wildcard(void **state)
{
	struct addr a = parsed("0.0.0.0"), none = { 0 };

	(void)state;
	assert_true(addr_is_wildcard(&a));
	a = parsed("::");
	assert_true(addr_is_wildcard(&a));
	a = parsed("0.0.0.1");
	assert_false(addr_is_wildcard(&a));
	assert_false(addr_is_wildcard(&none));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wildcard),
		cmocka_unit_test(ipv4_never),
		cmocka_unit_test(ipv4_private),
		cmocka_unit_test(ipv4_public),
		cmocka_unit_test(ipv6_classes),
		cmocka_unit_test(embedded_classes),
		cmocka_unit_test(embedded_addresses),
		cmocka_unit_test(an_address_of_no_family_is_never_good),
		cmocka_unit_test(loopback),
		cmocka_unit_test(good_addresses_print_as_they_were),
		cmocka_unit_test(bad_addresses),
		cmocka_unit_test(text_need_not_end_in_nul),
		cmocka_unit_test(mapped_text_is_ipv4),
		cmocka_unit_test(nets),
		cmocka_unit_test(mapped_nets_are_ipv4),
		cmocka_unit_test(bad_nets),
		cmocka_unit_test(in_net),
		cmocka_unit_test(masks),
		cmocka_unit_test(endpoints),
		cmocka_unit_test(a_mapped_sockaddr_is_ipv4),
		cmocka_unit_test(other_families_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
