/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules that name lists: read, printed, and where they stand. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "kit.h"
#include "policy/table.h"

static unsigned asked;

/* The list "a" has every name whose first label holds an "a", and so on. */
static uint64_t
with_letter(const void *lists, const struct name *name, uint64_t among)
{
	uint64_t found = 0;

	(void)lists;
	asked++;
	for (unsigned i = 1; i <= name->wire[0]; i++)
		if (name->wire[i] >= 'a' && name->wire[i] <= 'z')
			found |= 1ull << (name->wire[i] - 'a');
	return found & among;
}

static void
open_lists(struct kit *k, const char *text)
{
	kit_open(k, text);
	k->policy.named.with_name = with_letter;
	for (uint32_t i = 0; i < k->policy.head->lists.count; i++) {
		const uint8_t *name = image_name(
		    k->policy.head, image_lists(k->policy.head)[i].name);

		k->policy.named.bit[i] = 1ull << (name[2] - 'a');
	}
	asked = 0;
}

static void
expect_verdict(struct kit *k, const char *name, enum verdict_kind kind,
	       unsigned line)
{
	struct verdict v;

	kit_match(k, "10.0.0.1", name, &v);
	assert_int_equal(v.kind, kind);
	if (line > 0)
		assert_int_equal(policy_rule(&k->policy, v.rule)->line, line);
}

static void
test_printed_as_read(void **state)
{
	struct kit k, again;
	char *once, *twice;

	(void)state;
	kit_open(&k, "10.0.0.0/8 -> @Up-dates.x_1:TCP:80,443\n"
		     "10.0.0.0/8 -> up-dates:TCP:80\n"
		     "10.0.0.0/8 ~> @b\n"
		     "10.0.0.0/8 -| @ads nxdomain\n"
		     "10.0.0.0/8 ~> *\n");
	once = kit_print(&k.policy);
	assert_string_equal(once, "10.0.0.0/8 -| @ads nxdomain\n"
				  "10.0.0.0/8 ~> @b\n"
				  "10.0.0.0/8 -> @up-dates.x_1:TCP:80\n"
				  "10.0.0.0/8 -> @up-dates.x_1:TCP:443\n"
				  "10.0.0.0/8 -> up-dates:TCP:80\n"
				  "10.0.0.0/8 ~> *\n");
	kit_open(&again, once);
	twice = kit_print(&again.policy);
	assert_string_equal(once, twice);
	free(once);
	free(twice);
	kit_close(&k);
	kit_close(&again);
}

static void
test_wrong_names(void **state)
{
	static const char *const bad[] = {
		"10.0.0.1 ~> @\n", "10.0.0.1 ~> @a/b\n", "10.0.0.1 ~> @*\n",
		"10.0.0.1 ~> @abcdefghijklmnopqrstuvwxyz0123456\n",
		"10.0.0.1 ~> @a\n10.0.0.1 -| @A\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct kit k;

		assert_int_equal(kit_compile(&k, bad[i]), ERR_SYNTAX);
		assert_non_null(strstr(k.said, "acl:"));
	}
}

static void
test_too_many(void **state)
{
	char text[4096] = "";
	struct kit k;

	(void)state;
	for (unsigned i = 0; i <= IMAGE_MAX_LISTS; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "10.0.0.1 ~> @l%u\n", i);
	assert_int_equal(kit_compile(&k, text), ERR_SYNTAX);
	assert_non_null(strstr(k.said, "acl:65:13: error: \"@l64\" is one "
				       "list too many"));
}

/* Behind the exact name, before every wildcard; blocks before allows. */
static void
test_where_a_list_stands(void **state)
{
	struct kit k;
	struct verdict v;

	(void)state;
	open_lists(&k, "10.0.0.0/8 -> @a:TCP:1\n"
		       "10.0.0.0/8 -| @b\n"
		       "10.0.0.0/8 ~> b.x\n"
		       "10.0.0.0/8 -| a.x\n"
		       "10.0.0.0/8 -| *.x\n"
		       "10.0.0.0/8 -| .aa.x\n"
		       "10.0.0.0/8 ~> .bb.x\n"
		       "10.0.0.0/8 ~> *\n");
	expect_verdict(&k, "b.x", VERDICT_ALLOWED, 3);
	expect_verdict(&k, "a.x", VERDICT_BLOCKED, 4);
	expect_verdict(&k, "aa.x", VERDICT_ALLOWED, 1);
	expect_verdict(&k, "bb.x", VERDICT_BLOCKED, 2);
	expect_verdict(&k, "ab.x", VERDICT_BLOCKED, 2);
	expect_verdict(&k, "c.x", VERDICT_BLOCKED, 5);
	expect_verdict(&k, "c.y", VERDICT_ALLOWED, 8);
	kit_match(&k, "10.0.0.1", "a.y", &v);
	assert_int_equal(v.kind, VERDICT_ALLOWED);
	assert_int_equal(v.port_count, 1);
	assert_false(v.exact || v.port[0].exact);
	assert_true(v.dns_only); /* `*` adds to it */
	assert_int_equal(v.opened, 1);
	kit_close(&k);
}

/* The longer net decides, and what it allows is not shut by a shorter. */
static void
test_whose_addresses_are_shut(void **state)
{
	struct kit k;
	struct verdict v;

	(void)state;
	open_lists(&k, "10.0.0.0/8 -| @b\n"
		       "10.0.0.0/8 ~> exact.x\n"
		       "10.0.0.0/8 ~> *\n"
		       "10.0.0.1 -| @c\n"
		       "10.0.0.1 ~> *.y\n");
	kit_match(&k, "10.0.0.1", "z.x", &v);
	assert_int_equal(v.shut, 1 << 1 | 1 << 2);
	kit_match(&k, "10.0.0.1", "z.y", &v);
	assert_int_equal(v.shut, 1 << 2);
	kit_match(&k, "10.0.0.1", "exact.x", &v);
	assert_int_equal(v.kind, VERDICT_BLOCKED); /* it has a "c" */
	kit_match(&k, "10.0.0.2", "exact.x", &v);
	assert_int_equal(v.shut, 0);
	kit_match(&k, "10.0.0.2", "z.x", &v);
	assert_int_equal(v.shut, 1 << 1);
	kit_close(&k);
}

static void
test_lists_are_asked_once_and_only_where_named(void **state)
{
	struct kit k;
	struct verdict v;

	(void)state;
	open_lists(&k, "10.0.0.0/8 ~> @a\n10.0.0.1 -| @b\n11.0.0.1 ~> *\n");
	kit_match(&k, "10.0.0.1", "z.x", &v);
	assert_int_equal(asked, 1);
	kit_match(&k, "11.0.0.1", "z.x", &v);
	assert_int_equal(asked, 1);
	assert_int_equal(v.shut, 0);
	kit_close(&k);
}

/* Without lists behind the policy its rules of lists mean nothing. */
static void
test_lists_that_are_not_there(void **state)
{
	struct kit k;

	(void)state;
	kit_open(&k, "10.0.0.0/8 ~> @a\n10.0.0.0/8 -| @b\n");
	expect_verdict(&k, "ab.x", VERDICT_DENIED, 0);
	kit_close(&k);
}

static void
test_the_rule_of_a_list(void **state)
{
	struct addr a = kit_addr("10.0.0.1");
	struct kit k;
	uint32_t rule;

	(void)state;
	open_lists(&k, "10.0.0.0/8 -| @a\n10.0.0.0/8 ~> @b\n10.0.0.1 -| @c\n");
	rule = policy_rule_of_list(&k.policy, asker(&a), 1);
	assert_int_equal(policy_rule(&k.policy, rule)->line, 1);
	assert_int_equal(policy_rule_of_list(&k.policy, asker(&a), 2),
			 IMAGE_NONE);
	rule = policy_rule_of_list(&k.policy, asker(&a), 1 << 2);
	assert_int_equal(policy_rule(&k.policy, rule)->line, 3);
	kit_close(&k);
}

/* Whatever one byte of the image becomes, its readers stay inside it. */
static void
test_images_that_are_torn(void **state)
{
	struct kit k;
	uint8_t *bytes;

	(void)state;
	kit_open(&k, "10.0.0.0/8 -> @a:TCP:1\n10.0.0.0/8 -| @b\n");
	bytes = k.image;
	for (size_t i = 0; i < k.size; i++) {
		uint8_t was = bytes[i];
		struct policy p;

		bytes[i] = (uint8_t)(was ^ 0x41);
		if (policy_view(k.image, k.size, 1, &p) == ERR_NONE) {
			struct addr a = kit_addr("10.0.0.1");
			struct name n = kit_name("ab.x");
			struct verdict v;

			p.named.with_name = with_letter;
			policy_match(&p, asker(&a), &n, &v);
			free(kit_print(&p));
		}
		bytes[i] = was;
	}
	kit_close(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_printed_as_read),
		cmocka_unit_test(test_wrong_names),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_where_a_list_stands),
		cmocka_unit_test(test_whose_addresses_are_shut),
		cmocka_unit_test(
		    test_lists_are_asked_once_and_only_where_named),
		cmocka_unit_test(test_lists_that_are_not_there),
		cmocka_unit_test(test_the_rule_of_a_list),
		cmocka_unit_test(test_images_that_are_torn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
