/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The canonical form, and that it is read back as the same policy. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

static void
expect_print(const char *acl, const char *want)
{
	struct kit k;
	char *got;

	kit_open(&k, acl);
	got = kit_print(&k.policy);
	assert_string_equal(got, want);
	free(got);
	kit_close(&k);
}

static void
test_each_arrow(void **state)
{
	(void)state;
	expect_print("10.0.0.0/8->*.Example.COM.:tcp:443",
		     "10.0.0.0/8 -> *.example.com:TCP:443\n");
	expect_print("10.0.0.1/32 -> a:udp:53", "10.0.0.1 -> a:UDP:53\n");
	expect_print("2001:DB8:0:0::1/128 ~> .x", "2001:db8::1 ~> .x\n");
	expect_print("::/0~>*", "::/0 ~> *\n");
	expect_print("0.0.0.0/0 -| x.", "0.0.0.0/0 -| x\n");
	expect_print("::1 -| x=192.0.2.1", "::1 -| x = 192.0.2.1\n");
	expect_print("::1 -| x=2001:DB8::1", "::1 -| x = 2001:db8::1\n");
	expect_print("::1 -| x=2001:DB8::1,192.0.2.1",
		     "::1 -| x = 192.0.2.1,2001:db8::1\n");
	expect_print("::1 -| x=::ffff:192.0.2.1", "::1 -| x = 192.0.2.1\n");
}

/* What the grammar would take for something else stays escaped. */
static void
test_escapes(void **state)
{
	(void)state;
	expect_print("::1 ~> \\042.x", "::1 ~> \\042.x\n");
	expect_print("::1 ~> *.\\042.x", "::1 ~> *.\\042.x\n");
	expect_print("::1 ~> \\046.a\\:b.c\\#d.\\@e.\\092.\\255\\000",
		     "::1 ~> \\046.a\\058b.c\\035d.\\064e.\\092.\\255\\000\n");
	expect_print("::1 ~> 0/25.2.0.192._x-y", "::1 ~> 0/25.2.0.192._x-y\n");
}

static void
test_order(void **state)
{
	(void)state;
	expect_print("::/0 ~> a\n0.0.0.0/0 ~> *\n10.2.0.0/16 ~> a\n"
		     "10.1.0.0/16 ~> *\n10.1.0.0/16 ~> .b.a\n"
		     "10.1.0.0/16 ~> c.b.a\n10.1.0.0/16 ~> *.b.a\n"
		     "10.1.0.0/16 ~> b.a\n10.1.0.0/16 ~> ab.a\n"
		     "10.1.0.0/16 ~> a\n10.1.2.3 -> b:UDP:1\n"
		     "10.1.2.3 -> b:TCP:10\n10.1.2.3 -> b:TCP:9\n"
		     "10.1.2.3 ~> b\n10.1.2.3 -| a\n",
		     "10.1.2.3 -| a\n10.1.2.3 ~> b\n10.1.2.3 -> b:TCP:9\n"
		     "10.1.2.3 -> b:TCP:10\n10.1.2.3 -> b:UDP:1\n"
		     "10.1.0.0/16 ~> a\n10.1.0.0/16 ~> ab.a\n"
		     "10.1.0.0/16 ~> b.a\n10.1.0.0/16 ~> *.b.a\n"
		     "10.1.0.0/16 ~> .b.a\n10.1.0.0/16 ~> c.b.a\n"
		     "10.1.0.0/16 ~> *\n10.2.0.0/16 ~> a\n0.0.0.0/0 ~> *\n"
		     "::/0 ~> a\n");
}

/* Labels that hold NUL bytes can sort alike; they are two names still. */
static void
test_names_that_sort_alike(void **state)
{
	static const char want[] = "::1 ~> b.a\n::1 ~> a\\000b\n";
	struct kit k;

	(void)state;
	kit_open(&k, "::1 ~> a\\000b\n::1 ~> b.a\n::1 ~> a\\000b\n"
		     "::1 ~> b.a\n");
	assert_int_equal(policy_rule_count(&k.policy), 2);
	char *got = kit_print(&k.policy);
	assert_int_equal(strlen(got), strlen(want));
	free(got);
	kit_close(&k);
}

static uint32_t
next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Any byte in any label, written with escapes. */
static void
random_domain(uint32_t *seed, struct text *out)
{
	static const char *const head[] = { "", "*.", "." };
	uint32_t labels = 1 + next(seed) % 4;

	text_str(out, head[next(seed) % 3]);
	while (labels-- > 0) {
		uint32_t len = 1 + next(seed) % 4;

		while (len-- > 0)
			text_printf(out, "\\%03u", next(seed) % 256);
		text_char(out, '.');
	}
}

static void
random_line(uint32_t *seed, struct text *out)
{
	uint32_t arrow = next(seed) % 3;

	if (next(seed) % 2)
		text_printf(out, "10.%u.0.0/%u", next(seed) % 256,
			    next(seed) % 33);
	else
		text_printf(out, "2001:db8:%x::/%u", next(seed) % 65536,
			    next(seed) % 129);
	text_str(out, arrow == 0 ? "->" : arrow == 1 ? "~>" : "-|");
	random_domain(seed, out);
	if (arrow == 0)
		text_printf(out, ":tcp:%u", 1 + next(seed) % 65535);
	if (arrow == 2 && next(seed) % 2)
		text_printf(out, "=192.0.2.%u", next(seed) % 256);
	text_char(out, '\n');
}

static void
expect_fixed_point(const char *acl)
{
	struct kit first, again;
	char *once, *twice;

	assert_int_equal(kit_compile(&first, acl), ERR_NONE);
	assert_int_equal(policy_view(first.image, first.size, 0, &first.policy),
			 ERR_NONE);
	once = kit_print(&first.policy);
	kit_open(&again, once);
	twice = kit_print(&again.policy);
	assert_string_equal(once, twice);
	assert_int_equal(policy_rule_count(&first.policy),
			 policy_rule_count(&again.policy));
	for (uint32_t i = 0; i < policy_rule_count(&first.policy); i++)
		assert_true(policy_rule(&first.policy, i)->identity ==
			    policy_rule(&again.policy, i)->identity);
	free(once);
	free(twice);
	kit_close(&first);
	kit_close(&again);
}

static void
test_print_is_a_fixed_point(void **state)
{
	uint32_t seed = 1;
	char acl[4096];

	(void)state;
	for (int round = 0; round < 1000; round++) {
		struct text text;

		text_init(&text, acl, sizeof(acl));
		for (uint32_t lines = next(&seed) % 12; lines > 0; lines--)
			random_line(&seed, &text);
		assert_false(text.cut);
		expect_fixed_point(acl);
	}
}

/* The longest rule fits what print.h says it fits. */
static void
test_longest_rule(void **state)
{
	char acl[2048] = "1111:1111:1111:1111:1111:1111:1111:1110/127 -| *.";
	size_t at = strlen(acl);
	struct kit k;
	char *got;

	(void)state;
	/* labels of 63, 63, 63 and 61 bytes */
	for (int i = 0; i < 250; i++)
		at += (size_t)snprintf(acl + at, sizeof(acl) - at, "%s\\255",
				       i > 0 && i % 63 == 0 ? "." : "");
	strcat(acl, " = 255.255.255.255,"
		    "1111:1111:1111:1111:1111:1111:1111:1111");
	kit_open(&k, acl);
	got = kit_print(&k.policy);
	assert_int_equal(strlen(got), strlen(acl) + 1);
	assert_true(strlen(got) < RULE_TEXT_SIZE);
	free(got);
	kit_close(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_arrow),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_names_that_sort_alike),
		cmocka_unit_test(test_print_is_a_fixed_point),
		cmocka_unit_test(test_longest_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
