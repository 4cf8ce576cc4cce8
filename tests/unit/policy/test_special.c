/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "policy/kit.h"
#include "policy/special.h"
#include "wire/types.h"

static const char *const zones[] = {
#define SPECIAL(zone, kind, by) zone,
#include "policy/special.def"
#undef SPECIAL
};

static struct specials table;
static struct options opt;
static struct kit kit;

static int
begin(void **state)
{
	(void)state;
	specials_init(&table);
	opt = (struct options){ .special_names = true,
				.canary = true,
				.block_private_relay = true };
	kit_open(&kit, "10.0.0.0/8 ~> *\n"
		       "10.0.0.0/8 -> printer.local:TCP:631\n"
		       "10.0.0.0/8 ~> .168.192.in-addr.arpa\n"
		       "10.0.0.0/8 ~> *.arpa\n"
		       "10.0.0.0/8 ~> *.onion\n");
	return 0;
}

static int
end(void **state)
{
	(void)state;
	kit_close(&kit);
	return 0;
}

static const struct special *
find(const char *text)
{
	struct name name = kit_name(text);
	struct special_question q;
	struct verdict verdict;

	kit_match(&kit, "10.0.0.1", text, &verdict);
	assert_int_equal(verdict.kind, VERDICT_ALLOWED);
	q = (struct special_question){ &kit.policy, &verdict, &name };
	return special_find(&table, &opt, &q);
}

static bool
is_found_by(const char *text, const char *zone)
{
	const struct special *s = find(text);
	struct name want = kit_name(zone);

	return s != NULL && name_equal(&s->zone, &want);
}

static bool
is_spelled_out(const char *zone)
{
	return strcmp(zone, "onion") == 0 ||
	       strcmp(zone, "168.192.in-addr.arpa") == 0;
}

static void
every_zone_is_found_with_what_is_below(void **state)
{
	char below[256], beside[256];

	(void)state;
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		snprintf(below, sizeof(below), "A.b.%s", zones[i]);
		snprintf(beside, sizeof(beside), "x%s", zones[i]);
		assert_int_equal(is_found_by(below, zones[i]),
				 !is_spelled_out(zones[i]));
		if (strcmp(zones[i], "onion") != 0)
			assert_int_equal(is_found_by(zones[i], zones[i]),
					 !is_spelled_out(zones[i]));
		assert_false(is_found_by(beside, zones[i]));
	}
}

static void
names_are_like_any_other(void **state)
{
	static const char *const names[] = {
		".",
		"a",
		"com",
		"al",
		"net",
		"x.test",
		"test",
		"arpa",
		"in-addr.arpa",
		"ip6.arpa",
		"www.icloud.com",
		"15.172.in-addr.arpa",
		"32.172.in-addr.arpa",
		"63.100.in-addr.arpa",
		"128.100.in-addr.arpa",
		"printer.local",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_null(find(names[i]));
	assert_non_null(find("other.local"));
	assert_non_null(find("x.printer.local"));
}

static void
a_longer_zone_counts(void **state)
{
	struct name name = kit_name("_dns.resolver.arpa");

	(void)state;
	assert_true(is_found_by("_dns.resolver.arpa", "_dns.resolver.arpa"));
	assert_true(special_exists(find("_dns.resolver.arpa"), &name));
	name = kit_name("_x.resolver.arpa");
	assert_false(special_exists(find("_x.resolver.arpa"), &name));
}

static void
a_zone_may_be_the_owners(void **state)
{
	struct name zone = kit_name("home.arpa");

	(void)state;
	assert_non_null(find("nas.home.arpa"));
	opt.local_zone_count = 1;
	opt.local_zone[0].len = zone.len;
	memcpy(opt.local_zone[0].wire, zone.wire, zone.len);
	assert_null(find("nas.home.arpa"));
	assert_non_null(find("other.local"));
	opt.local_zone_count = 0;
	opt.forward_count = 1;
	opt.forward[0].zone = opt.local_zone[0];
	assert_null(find("nas.home.arpa"));
	assert_non_null(find("other.local"));
	opt.forward_count = 0;
	opt.local_zone_count = 1;
	/* one that holds it says nothing of it */
	zone = kit_name("arpa");
	opt.local_zone[0].len = zone.len;
	memcpy(opt.local_zone[0].wire, zone.wire, zone.len);
	assert_non_null(find("nas.home.arpa"));
}

static void
each_has_its_switch(void **state)
{
	(void)state;
	opt.special_names = false;
	assert_null(find("x.local"));
	assert_non_null(find("use-application-dns.net"));
	assert_non_null(find("mask-h2.icloud.com"));
	opt.canary = false;
	assert_null(find("use-application-dns.net"));
	opt.block_private_relay = false;
	assert_null(find("mask-h2.icloud.com"));
}

static void
this_host_has_loopback_addresses(void **state)
{
	struct addr a, four = kit_addr("127.0.0.1"), six = kit_addr("::1");
	const struct special *s = find("x.localhost");
	struct name name = kit_name("x.localhost");

	(void)state;
	assert_true(special_address(s, TYPE_A, &a));
	assert_true(addr_equal(&a, &four));
	assert_true(special_address(s, TYPE_AAAA, &a));
	assert_true(addr_equal(&a, &six));
	assert_false(special_address(s, TYPE_HTTPS, &a));
	assert_true(special_exists(s, &name));
	assert_false(special_address(find("x.local"), TYPE_A, &a));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_zone_is_found_with_what_is_below),
		CASE(names_are_like_any_other),
		CASE(a_longer_zone_counts),
		CASE(a_zone_may_be_the_owners),
		CASE(each_has_its_switch),
		CASE(this_host_has_loopback_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
