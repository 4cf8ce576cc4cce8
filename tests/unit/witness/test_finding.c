/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every cause that there is, and which of several names is told. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "ctl/pages.h"
#include "record/past.h"
#include "record/record.h"
#include "witness/finding.h"

static const char acl[] = "10.0.0.0/24 -> a.test:TCP:443\n"
			  "10.0.0.0/24 -> b.test:TCP:80,8080\n"
			  "10.0.0.2 ~> c.test\n"
			  "10.0.0.2 -| d.test\n"
			  "10.0.0.3 -> d.test:TCP:443\n"
			  "10.0.0.0/24 -> ping.test:ICMP\n";

enum { NOW = 100000 };

struct lab {
	struct pages pages;
	void *map;
	struct past past;
	struct evidence evidence;
	struct finding f;
	char said[512];
};

static int
begin(void **state)
{
	struct lab *l = calloc(1, sizeof(*l));
	size_t size = past_bytes(64);

	if (!l || !pages_init(&l->pages, acl))
		return -1;
	pages_ledger(&l->pages);
	l->map = calloc(1, size);
	if (!l->map || past_open(l->map, size, &l->past) != ERR_NONE)
		return -1;
	l->evidence = (struct evidence){
		.policy = &l->pages.view.policy,
		.own = &l->pages.own,
		.ledger = l->pages.view.ledger,
		.ledger_size = l->pages.view.ledger_size
	};
	past_look(l->map, size, &l->evidence.queries);
	*state = l;
	return 0;
}

static int
end(void **state)
{
	struct lab *l = *state;

	pages_fini(&l->pages);
	free(l->map);
	free(l);
	return 0;
}

static void
address(const char *text, struct addr *out)
{
	assert_int_equal(addr_parse(text, strlen(text), out), ERR_NONE);
}

/* The client was told 203.0.113.5 for that name so long before NOW. */
static void
remember(struct lab *l, enum record_kind kind, const char *client,
	 const char *name, int ago_s)
{
	struct record_item item = { .kind = (uint8_t)kind, .ttl_s = 20 };
	struct name n;

	assert_int_equal(name_parse(name, strlen(name), &n, NULL), ERR_NONE);
	record_name(&item, &n);
	address(client, &item.client);
	address("203.0.113.5", &item.address);
	past_note(&l->past, &item, 10, NOW - ago_s * 1000);
}

static const char *
find(struct lab *l, const char *client, uint8_t protocol, uint16_t port)
{
	struct attempt a = { .ifindex = INTERFACE_ANY,
			     .protocol = protocol,
			     .has_port = port != 0,
			     .port = port };
	struct text text;

	address(client, &a.client);
	address("203.0.113.5", &a.address);
	finding_of(&l->evidence, &a, NOW, &l->f);
	text_init(&text, l->said, sizeof(l->said));
	finding_print(&l->f, l->evidence.policy, NOW, &text);
	text_str(&text, " | ");
	finding_print_line(&l->f, &a, &text);
	return l->said;
}

static void
nothing_is_known(void **state)
{
	assert_string_equal(find(*state, "10.0.0.2", 6, 443),
			    "NEVER RESOLVED HERE (hard-coded address or "
			    "other resolver) | ");
	assert_string_equal(find(*state, "10.0.0.2", 17, 53),
			    "NEVER RESOLVED HERE (it is another resolver that "
			    "is asked: point the client here) | ");
}

static void
what_has_ended_is_told_with_its_end(void **state)
{
	struct lab *l = *state;

	remember(l, RECORD_GRANTED, "10.0.0.2", "a.test", 42);
	assert_string_equal(find(l, "10.0.0.2", 6, 443),
			    "EXPIRED 12 s ago | 10.0.0.2 -> a.test:TCP:443");
	assert_int_equal(policy_rule(l->evidence.policy, l->f.rule)->line, 1);
	assert_string_equal(find(l, "10.0.0.2", 6, 80),
			    "WRONG PORT (allowed: TCP:443) | "
			    "10.0.0.2 -> a.test:TCP:80");
	assert_string_equal(find(l, "10.0.0.2", 17, 443),
			    "WRONG PORT (allowed: TCP:443) | "
			    "10.0.0.2 -> a.test:UDP:443");
	/* no port was said: none is wrong */
	assert_string_equal(find(l, "10.0.0.2", 0, 0), "EXPIRED 12 s ago | ");
}

static void
what_should_stand_and_does_not(void **state)
{
	struct lab *l = *state;

	remember(l, RECORD_GRANTED, "10.0.0.2", "a.test", 1);
	find(l, "10.0.0.2", 6, 443);
	assert_int_equal(l->f.cause, CAUSE_REVOKED);
	remember(l, RECORD_RESOLVED, "10.0.0.4", "a.test", 1);
	find(l, "10.0.0.4", 6, 443);
	assert_int_equal(l->f.cause, CAUSE_UNASKED);
}

static void
of_two_names_the_nearer_is_told(void **state)
{
	struct lab *l = *state;

	remember(l, RECORD_GRANTED, "10.0.0.2", "b.test", 50);
	remember(l, RECORD_RESOLVED, "10.0.0.2", "c.test", 1);
	assert_string_equal(find(l, "10.0.0.2", 6, 8080),
			    "EXPIRED 20 s ago | "
			    "10.0.0.2 -> b.test:TCP:8080");
	assert_string_equal(find(l, "10.0.0.2", 6, 22),
			    "WRONG PORT (allowed: TCP:80, TCP:8080) | "
			    "10.0.0.2 -> b.test:TCP:22");
}

static void
names_that_open_nothing(void **state)
{
	struct lab *l = *state;

	remember(l, RECORD_RESOLVED, "10.0.0.2", "c.test", 1);
	find(l, "10.0.0.2", 6, 443);
	assert_int_equal(l->f.cause, CAUSE_DNS_ONLY);
	assert_non_null(strstr(l->said, "10.0.0.2 -> c.test:TCP:443"));
	remember(l, RECORD_RESOLVED, "10.0.0.5", "x.test", 1);
	find(l, "10.0.0.5", 6, 443);
	assert_int_equal(l->f.cause, CAUSE_NO_RULE);
}

static void
another_client_asked(void **state)
{
	struct lab *l = *state;

	remember(l, RECORD_GRANTED, "10.0.0.3", "d.test", 1);
	find(l, "10.0.0.2", 6, 443);
	assert_non_null(strstr(l->said, "BLOCKED BY /etc/acl:4 "));
	find(l, "10.0.0.9", 6, 443);
	assert_string_equal(l->said, "OTHER CLIENT (10.0.0.3 asked for it) | "
				     "10.0.0.9 -> d.test:TCP:443");
	remember(l, RECORD_GRANTED, "10.0.0.3", "a.test", 0);
	find(l, "10.0.0.9", 6, 443);
	assert_true(l->f.given);
	assert_string_equal(l->said,
			    "OTHER CLIENT (10.0.0.3 asked for it; the client "
			    "may, and has not) | 10.0.0.9 -> a.test:TCP:443");
}

static void
the_ledger_alone_knows_ports(void **state)
{
	struct lab *l = *state;
	const struct pages_grant g = { "10.0.0.2", "203.0.113.5", 443, 1,
				       NOW };
	struct ledger_element *e = pages_grant(&l->pages, 0, &g);

	e->end_ms = NOW + 7000;
	assert_string_equal(find(l, "10.0.0.2", 6, 443),
			    "OPEN for 7 s more (granted since, or a rule "
			    "before ours refuses it) | ");
	assert_string_equal(find(l, "10.0.0.2", 6, 80),
			    "WRONG PORT (allowed: TCP:443) | ");
	find(l, "10.0.0.3", 6, 443);
	assert_int_equal(l->f.cause, CAUSE_OTHER_CLIENT);
	e->end_ms = NOW - 1;
	find(l, "10.0.0.2", 6, 443);
	assert_int_equal(l->f.cause, CAUSE_NEVER);
}

static void
this_host_is_one_client(void **state)
{
	struct lab *l = *state;

	l->pages.own.count = 1;
	address("192.0.2.1", &l->pages.own.addr[0]);
	remember(l, RECORD_RESOLVED, "127.0.0.1", "a.test", 1);
	find(l, "192.0.2.1", 6, 443);
	assert_int_equal(l->f.cause, CAUSE_NO_RULE);
	assert_non_null(strstr(l->said, "localhost -> a.test:TCP:443"));
}

static void
some_lines_cannot_be_written(void **state)
{
	struct lab *l = *state;

	remember(l, RECORD_RESOLVED, "10.0.0.2", "c.test", 1);
	assert_non_null(strstr(find(l, "10.0.0.2", 1, 8 << 8),
			       "| 10.0.0.2 -> c.test:ICMP"));
	find(l, "10.0.0.2", 1, 3 << 8); /* unreachable is no echo */
	assert_string_equal(strchr(l->said, '|'), "| ");
	find(l, "10.0.0.2", 47, 1); /* GRE */
	assert_string_equal(strchr(l->said, '|'), "| ");
	remember(l, RECORD_RESOLVED, "10.0.0.7", "a\\010b.test", 1);
	find(l, "10.0.0.7", 6, 443);
	assert_string_equal(strchr(l->said, '|'), "| ");
	remember(l, RECORD_RESOLVED, "10.0.0.8", "*.test", 1);
	find(l, "10.0.0.8", 6, 443);
	assert_string_equal(strchr(l->said, '|'), "| ");
}

#define LAB_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(nothing_is_known),
		LAB_TEST(what_has_ended_is_told_with_its_end),
		LAB_TEST(what_should_stand_and_does_not),
		LAB_TEST(of_two_names_the_nearer_is_told),
		LAB_TEST(names_that_open_nothing),
		LAB_TEST(another_client_asked),
		LAB_TEST(the_ledger_alone_knows_ports),
		LAB_TEST(this_host_is_one_client),
		LAB_TEST(some_lines_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
