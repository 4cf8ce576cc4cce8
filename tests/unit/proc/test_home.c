/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where nets live, and who may send from where. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "proc/home.h"

enum { LAN = 2, WAN = 3, TUNNEL = 4, LO = 1 };

static struct own_addresses table;

static void
lives(const char *text, uint32_t ifindex)
{
	struct net net;
	bool had;

	assert_int_equal(net_parse(text, strlen(text), &net, &had), ERR_NONE);
	home_add(&table, &net, ifindex);
}

static bool
may_come(const char *text, uint32_t ifindex)
{
	struct addr a;

	assert_int_equal(addr_parse(text, strlen(text), &a), ERR_NONE);
	return home_is_by(&table, &a, ifindex);
}

static int
begin(void **state)
{
	(void)state;
	memset(&table, 0, sizeof(table));
	return 0;
}

static void
a_source_belongs_to_its_interface(void **state)
{
	(void)state;
	lives("198.51.100.0/24", WAN);
	lives("10.1.0.0/24", LAN);
	lives("2001:db8:1::/64", LAN);
	home_arrange(&table);
	assert_true(may_come("10.1.0.2", LAN));
	assert_false(may_come("10.1.0.2", WAN));
	assert_false(may_come("10.1.0.0", WAN));
	assert_false(may_come("10.1.0.255", WAN));
	assert_true(may_come("198.51.100.7", WAN));
	assert_false(may_come("198.51.100.7", LAN));
	assert_true(may_come("2001:db8:1::2", LAN));
	assert_false(may_come("2001:db8:1::2", WAN));
}

static void
what_is_not_known_may_come(void **state)
{
	(void)state;
	assert_true(may_come("10.1.0.2", LAN));
	home_arrange(&table);
	assert_true(may_come("10.1.0.2", LAN));
	lives("10.1.0.0/24", LAN);
	home_arrange(&table);
	assert_true(may_come("10.0.255.255", WAN));
	assert_true(may_come("10.1.1.0", WAN));
	assert_true(may_come("2001:db8::1", WAN));
	assert_true(may_come("10.1.0.2", 0));
}

static void
the_smallest_net_decides(void **state)
{
	(void)state;
	lives("10.0.0.0/8", WAN);
	lives("10.1.0.0/16", LAN);
	lives("10.1.0.200/32", TUNNEL);
	lives("10.1.0.64/26", TUNNEL);
	lives("10.2.0.0/16", WAN);
	home_arrange(&table);
	assert_true(may_come("10.1.0.200", TUNNEL));
	assert_false(may_come("10.1.0.200", LAN));
	assert_true(may_come("10.1.0.201", LAN));
	assert_true(may_come("10.1.0.100", TUNNEL));
	assert_true(may_come("10.1.255.255", LAN));
	assert_false(may_come("10.1.255.255", WAN));
	assert_true(may_come("10.3.0.1", WAN));
	assert_false(may_come("10.3.0.1", LAN));
}

static void
a_net_may_live_on_several(void **state)
{
	(void)state;
	lives("10.1.0.0/24", LAN);
	lives("10.1.0.0/24", TUNNEL);
	lives("10.1.0.0/24", LAN);
	home_arrange(&table);
	assert_true(may_come("10.1.0.2", LAN));
	assert_true(may_come("10.1.0.2", TUNNEL));
	assert_false(may_come("10.1.0.2", WAN));
	for (uint32_t i = 10; i < 20; i++)
		lives("10.1.0.0/24", i);
	assert_true(may_come("10.1.0.2", WAN));
}

static void
link_local_nets_live_everywhere(void **state)
{
	(void)state;
	lives("fe80::/64", LAN);
	home_arrange(&table);
	assert_int_equal(table.home_count, 0);
	assert_true(may_come("fe80::2", WAN));
}

static void
our_own_come_by_any(void **state)
{
	(void)state;
	lives("10.1.0.0/24", LAN);
	home_arrange(&table);
	table.count = 1;
	assert_int_equal(addr_parse("10.1.0.1", 8, &table.addr[0]), ERR_NONE);
	assert_true(may_come("10.1.0.1", LO));
	assert_true(may_come("127.0.0.1", LO));
	assert_false(may_come("10.1.0.2", LO));
}

static void
a_full_table_takes_no_more(void **state)
{
	char text[32];

	(void)state;
	for (unsigned i = 0; i < OWN_MAX + 10; i++) {
		snprintf(text, sizeof(text), "10.%u.%u.0/24", i / 256,
			 i % 256);
		lives(text, LAN);
	}
	home_arrange(&table);
	assert_int_equal(table.home_count, OWN_MAX);
	assert_false(may_come("10.3.255.1", WAN));
	assert_true(may_come("10.4.0.1", WAN));
}

static void
a_damaged_table_ends_the_climb(void **state)
{
	(void)state;
	lives("10.1.0.0/24", LAN);
	lives("10.2.0.0/24", LAN);
	home_arrange(&table);
	table.home[0].parent = 1;
	table.home[1].parent = 0;
	assert_true(may_come("10.3.0.1", WAN));
	table.home[1].parent = 5000;
	assert_true(may_come("10.3.0.1", WAN));
}

int
main(void)
{
#define STORY(fn) cmocka_unit_test_setup(fn, begin)
	const struct CMUnitTest tests[] = {
		STORY(a_source_belongs_to_its_interface),
		STORY(what_is_not_known_may_come),
		STORY(the_smallest_net_decides),
		STORY(a_net_may_live_on_several),
		STORY(link_local_nets_live_everywhere),
		STORY(our_own_come_by_any),
		STORY(a_full_table_takes_no_more),
		STORY(a_damaged_table_ends_the_climb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
