/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What nobody may list for others; and addresses out of tables. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "lists/column.h"
#include "lists/guard.h"

static struct guard guard;

static void
read_name(const char *text, struct name *out)
{
	assert_int_equal(name_parse(text, strlen(text), out, NULL), ERR_NONE);
}

static const char *
fault(const char *name, enum item_reach reach)
{
	struct item item = { .trigger = TRIGGER_QNAME, .reach = reach };
	const char *what;

	read_name(name, &item.name);
	what = guard_fault(&guard, &item);
	return what != NULL ? what : "";
}

static void
test_what_is_everybodys(void **state)
{
	(void)state;
	guard_init(&guard, NULL, "", 0);
	assert_string_equal(fault("example.com", REACH_TREE), "");
	assert_string_equal(fault("com", REACH_EXACT),
			    "is the root, or right below it");
	assert_string_equal(fault(".", REACH_BELOW),
			    "is the root, or right below it");
	assert_string_equal(fault("co.uk", REACH_TREE), "is a public suffix");
	assert_string_equal(fault("co.uk", REACH_BELOW), "is a public suffix");
	assert_string_equal(fault("github.io", REACH_TREE),
			    "is a public suffix");
	assert_string_equal(fault("co.uk", REACH_EXACT), "");
	assert_string_equal(fault("bad.co.uk", REACH_TREE), "");
	assert_string_equal(fault("a.b.c.d.e.f.g.co.uk", REACH_TREE), "");
}

static void
test_what_lets_through_blocks_nothing(void **state)
{
	struct item item = { .trigger = TRIGGER_QNAME,
			     .reach = REACH_TREE,
			     .action = ACTION_PASSTHRU };

	(void)state;
	guard_init(&guard, NULL, "", 0);
	read_name("co.uk", &item.name);
	assert_null(guard_fault(&guard, &item));
	item.action = ACTION_GIVEN;
	assert_non_null(guard_fault(&guard, &item));
	item.exception = true;
	assert_null(guard_fault(&guard, &item));
	item.exception = false;
	item.action = ACTION_PASSTHRU;
	read_name(".", &item.name);
	item.reach = REACH_BELOW;
	assert_string_equal(guard_fault(&guard, &item),
			    "would let every name pass");
}

static bool
is_refused(const char *text)
{
	struct item item = { .trigger = TRIGGER_IP, .is_net = true };

	assert_int_equal(net_parse(text, strlen(text), &item.net, NULL),
			 ERR_NONE);
	return guard_fault(&guard, &item) != NULL;
}

static void
test_half_of_all_addresses(void **state)
{
	(void)state;
	guard_init(&guard, NULL, "", 0);
	assert_true(is_refused("0.0.0.0/1"));
	assert_true(is_refused("128.0.0.0/1"));
	assert_true(is_refused("192.0.0.0/2"));
	assert_true(is_refused("44.0.0.0/7"));
	assert_false(is_refused("45.0.0.0/8"));
	assert_false(is_refused("10.0.0.0/8"));
	assert_false(is_refused("224.0.0.0/3"));
	assert_false(is_refused("192.0.2.1"));
	assert_true(is_refused("::/1"));
	assert_true(is_refused("::/2"));
	assert_true(is_refused("2000::/3"));
	assert_true(is_refused("2000::/15"));
	assert_false(is_refused("2001::/16"));
	assert_false(is_refused("8000::/1"));
	assert_false(is_refused("4000::/3"));
	assert_false(is_refused("::/8"));
	assert_false(is_refused("2001:db8::1"));
}

static void
test_what_this_machine_needs(void **state)
{
	static const char lists[] =
	    "# ours\n"
	    "list a domains https://feeds.example.net:8443/a.txt\n"
	    "list b dns list.vendor.example server 192.0.2.1\n"
	    "list c domains https://192.0.2.7/c.txt";
	static const char never[] = "would block a name that is never to be "
				    "blocked";
	static struct options opt;
	struct name name;

	(void)state;
	read_name("bank.example", &name);
	opt.never_block_count = 1;
	opt.never_block[0].len = name.len;
	memcpy(opt.never_block[0].wire, name.wire, name.len);
	guard_init(&guard, &opt, lists, strlen(lists));
	assert_string_equal(fault("bank.example", REACH_TREE), never);
	assert_string_equal(fault("bank.example", REACH_EXACT), never);
	assert_string_equal(fault("bank.example", REACH_BELOW), "");
	assert_string_equal(fault("www.bank.example", REACH_TREE), "");
	assert_string_equal(fault("feeds.example.net", REACH_EXACT), never);
	assert_string_equal(fault("example.net", REACH_TREE), never);
	assert_string_equal(fault("example.net", REACH_BELOW), never);
	assert_string_equal(fault("example.net", REACH_EXACT), "");
	assert_string_equal(fault("list.vendor.example", REACH_TREE), never);
	assert_string_equal(fault("other.example", REACH_TREE), "");
}

/* ---- tables --------------------------------------------------------------
 */

static char found[64];

static enum err
hear(void *arg, const struct item *item)
{
	(void)arg;
	net_print(&item->net, found);
	return ERR_NONE;
}

static const char *
column(uint32_t number, const char *line)
{
	const struct item_sink sink = { hear, NULL };

	found[0] = '\0';
	if (column_read(number, line, strlen(line), &sink) != ERR_NONE)
		return "wrong";
	return found;
}

static void
test_a_column_of_a_table(void **state)
{
	static const char row[] =
	    "2026-01-01,\"192.0.2.7\", 198.51.100.0/24 ,\"a,b\",2001:db8::1";

	(void)state;
	assert_string_equal(column(1, "192.0.2.9,x"), "192.0.2.9/32");
	assert_string_equal(column(2, row), "192.0.2.7/32");
	assert_string_equal(column(3, row), "198.51.100.0/24");
	assert_string_equal(column(5, row), "2001:db8::1/128");
	assert_string_equal(column(4, row), "wrong");
	assert_string_equal(column(6, row), "wrong");
	assert_string_equal(column(2, "a,,b"), "wrong");
	assert_string_equal(column(2, "# first,second"), "");
	assert_string_equal(column(2, "  "), "");
	assert_string_equal(column(2, "when,address"), "wrong");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_everybodys),
		cmocka_unit_test(test_what_lets_through_blocks_nothing),
		cmocka_unit_test(test_half_of_all_addresses),
		cmocka_unit_test(test_what_this_machine_needs),
		cmocka_unit_test(test_a_column_of_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
