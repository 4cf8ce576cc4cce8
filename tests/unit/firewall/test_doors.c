/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rules and lists have in sets of the kernel: every entry. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "firewall/doors.h"
#include "listed.h"

static struct judge judge;
static struct fixed_limits limits;
static char said[8192];

static int
set_up(void **state)
{
	(void)state;
	limits = (struct fixed_limits){ .most = 1000 };
	judge = (struct judge){ 0 };
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	listed_none(&judge);
	policy_close(&judge.policy);
	return 0;
}

static void
given(const char *acl, const struct listed *l, unsigned count)
{
	kit_judge(&judge, acl);
	listed_are(&judge, l, count);
}

static const char *
has(enum fixed_index set, enum err expected)
{
	struct fixed_entries e;
	struct text text;

	text_init(&text, said, sizeof(said));
	assert_int_equal(fixed_want(&judge, set, &limits, &e), expected);
	listed_print(&e, &text);
	fixed_fini(&e);
	return said;
}

static const struct listed peers[] = {
	{ "peers", "192.0.2.9 192.0.2.64/26 2001:db8:7::/48", ACTION_LOG, 0,
	  NULL },
};

static void
each_client_port_and_net(void **state)
{
	(void)state;
	given("10.0.0.2 -> @peers:TCP:80,443\n10.0.1.0/24 -> @peers:UDP:53\n"
	      "fd00::/64 -> @peers:ICMP\n10.0.0.9 ~> @peers\n",
	      peers, 1);
	assert_string_equal(has(FIXED_STATIC4, ERR_NONE),
			    "10.0.0.2/32 192.0.2.9/32 6:80\n"
			    "10.0.0.2/32 192.0.2.9/32 6:443\n"
			    "10.0.1.0/24 192.0.2.9/32 17:53\n"
			    "10.0.0.2/32 192.0.2.64/26 6:80\n"
			    "10.0.0.2/32 192.0.2.64/26 6:443\n"
			    "10.0.1.0/24 192.0.2.64/26 17:53\n");
	assert_string_equal(has(FIXED_STATIC6, ERR_NONE),
			    "fd00::/64 2001:db8:7::/48 58:32768\n");
}

static void
who_is_in_a_wider_net_has_it_once(void **state)
{
	static const struct listed two[] = {
		{ "peers", "192.0.2.9", ACTION_LOG, 0, NULL },
		{ "more", "192.0.2.8/30 203.0.113.1", ACTION_LOG, 0, NULL },
	};

	(void)state;
	given("10.0.0.2 -> @more:TCP:80\n10.0.0.0/8 -> @peers:TCP:80\n"
	      "any -> @peers:TCP:81\n",
	      two, 2);
	assert_string_equal(has(FIXED_STATIC4, ERR_NONE),
			    "10.0.0.2/32 192.0.2.8/32 6:80\n"
			    "0.0.0.0/1 192.0.2.9/32 6:81\n"
			    "10.0.0.0/8 192.0.2.9/32 6:80\n"
			    "128.0.0.0/1 192.0.2.9/32 6:81\n"
			    "10.0.0.2/32 192.0.2.10/31 6:80\n"
			    "10.0.0.2/32 203.0.113.1/32 6:80\n");
}

static void
what_is_guarded_or_shut_stays_shut(void **state)
{
	static const struct listed some[] = {
		{ "peers", "10.9.0.0/24 127.0.0.1 198.51.100.76/30 192.0.2.9",
		  ACTION_LOG, 0, NULL },
		{ "bad", "198.51.100.78", ACTION_NXDOMAIN, 0, NULL },
		{ "mine", "198.51.100.79", ACTION_NXDOMAIN, 0, "10.7.0.0/16" },
		{ "shut", "192.0.2.0/24", ACTION_LOG, 0, NULL },
	};

	(void)state;
	given("10.0.0.2 -> @peers:TCP:80\n10.0.0.3 -> @peers:TCP:80\n"
	      "10.0.0.3 -| @shut\n10.7.0.1 -> @peers:TCP:80\n",
	      some, 4);
	assert_string_equal(has(FIXED_STATIC4, ERR_NONE),
			    "10.0.0.2/32 192.0.2.9/32 6:80\n"
			    "10.7.0.1/32 192.0.2.9/32 6:80\n"
			    "10.0.0.2/32 198.51.100.76/32 6:80\n"
			    "10.0.0.3/32 198.51.100.76/32 6:80\n"
			    "10.7.0.1/32 198.51.100.76/32 6:80\n"
			    "10.0.0.2/32 198.51.100.79/32 6:80\n"
			    "10.0.0.3/32 198.51.100.79/32 6:80\n");
}

static void
where_sets_have_no_nets_of_clients(void **state)
{
	static const struct listed one[] = { { "peers", "192.0.2.9", ACTION_LOG,
					       0, NULL } };

	(void)state;
	limits.hosts = true;
	given("10.0.0.4/31 -> @peers:TCP:80\n", one, 1);
	assert_string_equal(has(FIXED_STATIC4, ERR_NONE),
			    "10.0.0.4/32 192.0.2.9/32 6:80\n"
			    "10.0.0.5/32 192.0.2.9/32 6:80\n");
	tear_down(state);
	given("10.0.0.0/23 -> @peers:TCP:80\n", one, 1);
	assert_string_equal(has(FIXED_STATIC4, ERR_RANGE), "");
}

static void
of_too_many_none(void **state)
{
	(void)state;
	given("10.0.0.2 -> @peers:TCP:1-100\n", peers, 1);
	limits.most = 199;
	assert_string_equal(has(FIXED_STATIC4, ERR_RANGE), "");
	limits.most = 200;
	assert_string_not_equal(has(FIXED_STATIC4, ERR_NONE), "");
}

/* ---- block-set, allow-set ------------------------------------------------ */

static const struct listed blocks[] = {
	{ "all", "203.0.113.0/24 10.0.0.0/8", ACTION_LOG, LISTS_BLOCK_SET,
	  NULL },
	{ "some", "203.0.113.7 192.0.2.9 127.0.0.1", ACTION_LOG,
	  LISTS_BLOCK_SET, "10.0.0.2 10.1.0.0/16 10.1.2.3 fd00::/64" },
	{ "must", "192.0.2.77", ACTION_LOG, LISTS_ALLOW_SET, "10.0.0.2" },
};

static void
lists_of_some_clients_are_for_those(void **state)
{
	(void)state;
	given("10.0.0.0/8 ~> *\n", blocks, 3);
	assert_string_equal(has(FIXED_BLOCK4, ERR_NONE), "203.0.113.0/24\n");
	assert_string_equal(has(FIXED_BLOCK_FOR4, ERR_NONE),
			    "10.0.0.2/32 192.0.2.9/32\n"
			    "10.1.0.0/16 192.0.2.9/32\n"
			    "10.0.0.2/32 203.0.113.7/32\n"
			    "10.1.0.0/16 203.0.113.7/32\n");
	assert_string_equal(has(FIXED_BLOCK_FOR6, ERR_NONE), "");
	assert_string_equal(has(FIXED_ALWAYS4, ERR_NONE), "");
	assert_string_equal(has(FIXED_ALWAYS_FOR4, ERR_NONE),
			    "10.0.0.2/32 192.0.2.77/32\n");
	assert_false(fixed_is_wanted(&judge, FIXED_ALWAYS4));
	assert_true(fixed_is_wanted(&judge, FIXED_ALWAYS_FOR4));
}

static void
where_that_cannot_be_all_have_them_blocked(void **state)
{
	static const char all[] = "192.0.2.9/32\n203.0.113.0/24\n";

	(void)state;
	given("10.0.0.0/8 ~> *\n", blocks, 3);
	limits.most = 3;
	assert_string_equal(has(FIXED_BLOCK_FOR4, ERR_RANGE), "");
	assert_string_equal(has(FIXED_BLOCK4, ERR_NONE), all);
	limits.most = 4;
	assert_string_equal(has(FIXED_BLOCK4, ERR_NONE), "203.0.113.0/24\n");
	limits.no_pairs = true;
	assert_string_equal(has(FIXED_BLOCK_FOR4, ERR_DENIED), "");
	assert_string_equal(has(FIXED_BLOCK4, ERR_NONE), all);
	assert_string_equal(has(FIXED_ALWAYS_FOR4, ERR_DENIED), "");
	assert_string_equal(has(FIXED_ALWAYS4, ERR_NONE), "");
}

/* ---- told ---------------------------------------------------------------- */

static void
note_door(void *arg, const struct door_told *d)
{
	struct text *out = arg;
	char buf[NET_TEXT_SIZE];

	text_printf(
	    out, "%s %s %u:%u %zu\n", net_print(&d->client, buf),
	    lists_text(&judge.lists, lists_at(&judge.lists, d->list)->name),
	    d->protocol, d->port, d->nets);
}

static const char *
found(const char *client, const char *address)
{
	struct addr from = kit_addr(client), to = kit_addr(address);
	const struct door_wanted wanted = { &from, &to };
	struct text text;

	text_init(&text, said, sizeof(said));
	assert_int_equal(doors_find(&judge, &wanted, note_door, &text),
			 ERR_NONE);
	return said;
}

static void
rules_are_told_as_they_are(void **state)
{
	static const struct listed two[] = {
		{ "peers",
		  "192.0.2.9 10.0.0.7 198.51.100.4/30 "
		  "2001:db8:7::/48",
		  ACTION_LOG, 0, NULL },
		{ "bad", "198.51.100.5", ACTION_NXDOMAIN, 0, NULL },
	};
	struct text text;

	(void)state;
	given("any -> @peers:TCP:80\n10.0.0.2 -> @peers:TCP:80\n"
	      "10.0.0.2 -> @bad:TCP:80\n",
	      two, 2);
	text_init(&text, said, sizeof(said));
	assert_int_equal(doors_tell(&judge, 4, note_door, &text), ERR_NONE);
	/* Whoever has both lists has all of the first. */
	assert_string_equal(said, "10.0.0.2/32 bad 6:80 1\n"
				  "10.0.0.2/32 peers 6:80 2\n"
				  "0.0.0.0/0 peers 6:80 3\n");
	assert_string_equal(found("10.0.0.3", "198.51.100.6"),
			    "0.0.0.0/0 peers 6:80 0\n");
	assert_string_equal(found("10.0.0.3", "198.51.100.5"), "");
	assert_string_equal(found("10.0.0.2", "198.51.100.5"),
			    "10.0.0.2/32 bad 6:80 0\n"
			    "10.0.0.2/32 peers 6:80 0\n");
	assert_string_equal(found("10.0.0.3", "10.0.0.7"), "");
	assert_string_equal(found("fd00::1", "2001:db8:7::1"),
			    "::/0 peers 6:80 0\n");
}

int
main(void)
{
#define LISTED_TEST(test) \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		LISTED_TEST(each_client_port_and_net),
		LISTED_TEST(who_is_in_a_wider_net_has_it_once),
		LISTED_TEST(what_is_guarded_or_shut_stays_shut),
		LISTED_TEST(where_sets_have_no_nets_of_clients),
		LISTED_TEST(of_too_many_none),
		LISTED_TEST(lists_of_some_clients_are_for_those),
		LISTED_TEST(where_that_cannot_be_all_have_them_blocked),
		LISTED_TEST(rules_are_told_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
