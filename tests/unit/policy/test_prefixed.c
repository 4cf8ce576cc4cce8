/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "policy/kit.h"
#include "policy/prefixed.h"

static struct verdict v;

static void
match(const char *acl, const char *text)
{
	struct name name = kit_name(text);
	struct addr a = kit_addr("10.0.0.1");
	struct policy_client client = { &a, INTERFACE_ANY };
	struct kit k;

	kit_open(&k, acl);
	policy_match_prefixed(&k.policy, &client, &name, &v);
	kit_close(&k);
}

static bool
gives(uint8_t protocol, uint16_t port, bool exact)
{
	for (unsigned i = 0; i < v.port_count; i++)
		if (v.port[i].protocol == protocol && v.port[i].port == port)
			return v.port[i].exact == exact;
	return false;
}

static void
it_is_allowed_what_the_plain_name_is(void **state)
{
	(void)state;
	match("10.0.0.0/8 -> x.test:TCP:8443\n", "_8443._https.X.test");
	assert_int_equal(v.kind, VERDICT_ALLOWED);
	assert_int_equal(v.port_count, 1);
	assert_true(gives(IPPROTO_TCP, 8443, true));
	assert_false(v.dns_only);
	match("10.0.0.0/8 ~> x.test\n", "_8443._https.x.test");
	assert_int_equal(v.kind, VERDICT_ALLOWED);
	assert_true(v.dns_only);
	match("10.0.0.0/8 -> x.test:TCP:8443\n", "_8443._http.x.test");
	assert_int_equal(v.kind, VERDICT_DENIED);
	match("10.0.0.0/8 -> x.test:TCP:8443\n", "_8443._https.y.test");
	assert_int_equal(v.kind, VERDICT_DENIED);
	match("10.2.0.0/16 -> x.test:TCP:8443\n", "_8443._https.x.test");
	assert_int_equal(v.kind, VERDICT_STRANGER);
}

static void
both_add_up(void **state)
{
	(void)state;
	match("10.0.0.0/8 -> x.test:TCP:8443\n"
	      "10.0.0.0/8 -> *.test:TCP:443\n10.0.0.0/8 ~> *\n",
	      "_8443._https.x.test");
	assert_int_equal(v.kind, VERDICT_ALLOWED);
	assert_true(v.dns_only);
	assert_int_equal(v.port_count, 2);
	assert_true(gives(IPPROTO_TCP, 443, false));
	assert_true(gives(IPPROTO_TCP, 8443, true));
	/* the rule that spells the name out reaches further */
	match("10.0.0.0/8 -> x.test:TCP:443\n"
	      "10.0.0.0/8 -> *.test:TCP:443\n",
	      "_8443._https.x.test");
	assert_int_equal(v.port_count, 1);
	assert_true(gives(IPPROTO_TCP, 443, true));
}

static void
a_block_of_either_is_a_block(void **state)
{
	(void)state;
	match("10.0.0.0/8 -| x.test\n10.0.0.0/8 ~> *\n", "_8443._https.x.test");
	assert_int_equal(v.kind, VERDICT_BLOCKED);
	match("10.0.0.0/8 -> x.test:TCP:443\n"
	      "10.0.0.0/8 -| _8443._https.x.test\n",
	      "_8443._https.x.test");
	assert_int_equal(v.kind, VERDICT_BLOCKED);
	match("10.0.0.0/8 -| x.test\n", "_8443._https.x.test");
	assert_int_equal(v.kind, VERDICT_BLOCKED);
}

/* Two verdicts of so many ports that not all find room. */
static void
ports_are_cut_and_it_is_said(void **state)
{
	struct verdict from = { .kind = VERDICT_ALLOWED };

	(void)state;
	v = (struct verdict){ .kind = VERDICT_ALLOWED };
	for (unsigned i = 0; i < 200; i++) {
		v.port[v.port_count++] =
		    (struct verdict_port){ .port = (uint16_t)(i + 1),
					   .protocol = IPPROTO_TCP };
		from.port[from.port_count++] =
		    (struct verdict_port){ .port = (uint16_t)(i + 101),
					   .protocol = IPPROTO_TCP };
	}
	verdict_add_ports(&v, &from);
	assert_int_equal(v.port_count, VERDICT_MAX_PORTS);
	assert_true(v.ports_cut);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_allowed_what_the_plain_name_is),
		cmocka_unit_test(both_add_up),
		cmocka_unit_test(a_block_of_either_is_a_block),
		cmocka_unit_test(ports_are_cut_and_it_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
