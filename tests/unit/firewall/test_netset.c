/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of nets, held against sets of small numbers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "firewall/netset.h"

static void
add(struct netset *s, const char *text)
{
	struct net n;

	assert_int_equal(net_parse(text, strlen(text), &n, NULL), ERR_NONE);
	assert_int_equal(netset_add(s, &n), ERR_NONE);
}

static void
expect(const struct netset *s, const char *wanted)
{
	char buf[4096] = "";

	for (size_t i = 0; i < s->count; i++) {
		char text[NET_TEXT_SIZE];

		strcat(buf, net_print(&s->at[i], text));
		strcat(buf, " ");
	}
	assert_string_equal(buf, wanted);
}

static void
test_nets_inside_others_go(void **state)
{
	struct netset s = { 0 };

	(void)state;
	add(&s, "192.0.2.128/25");
	add(&s, "2001:db8::/32");
	add(&s, "192.0.2.0/24");
	add(&s, "192.0.2.0/32");
	add(&s, "10.0.0.0/8");
	add(&s, "2001:db8:1::/48");
	add(&s, "10.0.0.0/8");
	netset_settle(&s);
	expect(&s, "10.0.0.0/8 192.0.2.0/24 2001:db8::/32 ");
	netset_fini(&s);
}

static void
test_what_is_cut_out(void **state)
{
	struct netset s = { 0 }, out = { 0 };

	(void)state;
	add(&s, "10.0.0.0/29");
	add(&s, "10.1.0.0/16");
	add(&s, "10.2.0.0/16");
	add(&s, "::/1");
	add(&s, "2001:db8::1/128");
	netset_settle(&s);
	add(&out, "10.0.0.3/32");
	add(&out, "10.1.0.0/16");
	add(&out, "10.2.0.0/17");
	add(&out, "::/2");
	netset_settle(&out);
	assert_int_equal(netset_cut(&s, &out), ERR_NONE);
	expect(&s, "10.0.0.0/31 10.0.0.2/32 10.0.0.4/30 10.2.128.0/17 "
		   "4000::/2 ");
	assert_int_equal(netset_cut(&s, &s), ERR_NONE);
	expect(&s, "");
	netset_fini(&s);
	netset_fini(&out);
}

/* Of 256 addresses, a byte each. */
static void
mark(const struct netset *s, uint8_t map[256])
{
	memset(map, 0, 256);
	for (size_t i = 0; i < s->count; i++)
		for (unsigned a = 0; a < 256; a++) {
			uint8_t byte[4] = { 192, 0, 2, (uint8_t)a };
			struct addr addr;

			addr_from_v4(byte, &addr);
			map[a] = (uint8_t)(map[a] +
					   addr_in_net(&addr, &s->at[i]));
		}
}

static void
fill(struct netset *s)
{
	for (int i = rand() % 20; i > 0; i--) {
		struct net n = { .addr = { .family = 4,
					   .byte = { 192, 0, 2,
						     (uint8_t)rand() } },
				 .bits = (uint8_t)(25 + rand() % 8) };

		addr_mask(&n.addr, n.bits);
		assert_int_equal(netset_add(s, &n), ERR_NONE);
	}
}

static void
test_against_plain_maps(void **state)
{
	(void)state;
	srand(7);
	for (int turn = 0; turn < 2000; turn++) {
		struct netset s = { 0 }, out = { 0 };
		uint8_t before[256], less[256], after[256];

		fill(&s);
		fill(&out);
		mark(&s, before);
		netset_settle(&s);
		netset_settle(&out);
		mark(&out, less);
		assert_int_equal(netset_cut(&s, &out), ERR_NONE);
		mark(&s, after);
		for (unsigned a = 0; a < 256; a++)
			assert_int_equal(after[a],
					 before[a] > 0 && less[a] == 0);
		netset_fini(&s);
		netset_fini(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nets_inside_others_go),
		cmocka_unit_test(test_what_is_cut_out),
		cmocka_unit_test(test_against_plain_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
