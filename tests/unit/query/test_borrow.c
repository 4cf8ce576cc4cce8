/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "firewall/names.h"
#include "query/story.h"

static const char acl[] = "10.0.0.0/8 -> a.test:TCP:443\n"
			  "10.0.0.0/8 -> b.test:TCP:22\n"
			  "10.0.0.0/8 -> *.wild.test:TCP:443\n"
			  "10.0.0.0/8 ~> dns.test\n"
			  "10.0.0.0/8 ~> seen.test\n"
			  "10.0.0.0/8 -> own.test:TCP:80\n"
			  "10.0.0.0/8 -| bad.test\n";

static struct packet p;

static int
begin(void **state)
{
	(void)state;
	play_begin(acl);
	play.warden = WARDEN_KNOWS;
	return 0;
}

/* The client asks; the upstream's answer is begun. */
static void
asks(const char *name)
{
	play.letters = 0;
	client_says(name, TYPE_A);
	upstream_is_asked(name, TYPE_A);
	packet_answer(&p);
}

/* It is told that a name is an alias, and nothing else. */
static void
is_told(const char *name, const char *target)
{
	asks(name);
	packet_link(&p, TYPE_CNAME, name, target, 60);
	upstream_says(&p);
	client_hears(RCODE_NOERROR);
}

static void
is_told_address(const char *name, const char *address)
{
	asks(name);
	packet_address(&p, SECTION_ANSWER, name, address, 60);
	upstream_says(&p);
	client_hears(RCODE_NOERROR);
}

static void
is_refused(const char *name)
{
	unsigned before = play.asked;

	client_says(name, TYPE_A);
	client_hears(RCODE_REFUSED);
	assert_int_equal(play.asked, before);
}

static void
opens(const char *name, const char *address, unsigned port)
{
	is_told_address(name, address);
	warden_is_asked(1, address, 120);
	assert_int_equal(play.item[0].port, port);
}

static void
an_alias_has_the_ports_of_its_origin(void **state)
{
	(void)state;
	is_refused("cdn.test");
	is_told("a.test", "cdn.test");
	log_lines();
	opens("CDN.test", "192.0.2.1", 443);
	log_holds("10.0.0.2 -> [7] CDN.test.\n"
		  "10.0.0.2 <- [7] CDN.test. [192.0.2.1]:TCP:443 TTL:60\n");
}

static void
the_rule_of_the_origin_gives_the_port(void **state)
{
	struct name domain, want = play_name("a.test");
	struct policy_client client = { .addr = &play.item[0].client };
	const struct image_rule *rule;

	(void)state;
	is_told("a.test", "cdn.test");
	opens("cdn.test", "192.0.2.1", 443);
	rule = policy_rule(&play.house.policy, play.item[0].rule);
	policy_rule_name(&play.house.policy, rule, &domain);
	assert_true(name_equal(&domain, &want));
	assert_int_equal(policy_rule_gives(&play.house.policy,
					   play.item[0].rule, &client, 6, 443),
			 ERR_NONE);
}

/* Else the port of the one that is not told of would seem to be nobody's. */
static void
all_names_that_led_to_it_are_told(void **state)
{
	struct name a = play_name("a.test"), b = play_name("b.test");

	(void)state;
	is_told("b.test", "cdn.test");
	is_told("a.test", "cdn.test");
	is_told_address("CDN.test", "192.0.2.1");
	warden_is_asked(2, "192.0.2.1", 120);
	assert_int_equal(play.names.borrowed, 2);
	assert_true(names_are_sound(&play.names));
	assert_true(names_hold_name(&play.names, &a));
	assert_true(names_hold_name(&play.names, &b));
}

static void
only_this_client_only_this_name_only_addresses(void **state)
{
	(void)state;
	is_told("a.test", "cdn.test");
	is_refused("x.cdn.test");
	client_says("cdn.test", TYPE_TXT);
	client_hears(RCODE_NOERROR);
	heard_is_empty();
	play_from("10.0.0.3");
	is_refused("cdn.test");
	play_from("172.16.0.1");
	is_refused("cdn.test");
}

static void
a_chain_is_asked_link_by_link(void **state)
{
	char name[32], next[32];

	(void)state;
	is_told("a.test", "l1.test");
	for (unsigned i = 1; i < 16; i++) {
		snprintf(name, sizeof(name), "l%u.test", i);
		snprintf(next, sizeof(next), "l%u.test", i + 1);
		is_told(name, next);
	}
	is_told("l16.test", "l17.test");
	opens("l16.test", "192.0.2.1", 443);
	is_refused("l17.test");
}

static void
links_add_up_over_longer_answers(void **state)
{
	char name[32], next[32];

	(void)state;
	for (unsigned part = 0; part < 2; part++) {
		snprintf(name, sizeof(name), "l%u.test", part * 8);
		asks(part == 0 ? "a.test" : name);
		for (unsigned i = 0; i < 10; i++) {
			snprintf(name, sizeof(name), "l%u.test", part * 8 + i);
			snprintf(next, sizeof(next), "l%u.test",
				 part * 8 + i + 1);
			packet_link(&p, TYPE_CNAME,
				    part + i == 0 ? "a.test" : name, next, 60);
		}
		upstream_says(&p);
		client_hears(RCODE_NOERROR);
	}
	opens("l16.test", "192.0.2.1", 443);
	is_refused("l17.test");
}

static void
it_ends_with_the_rule_time(void **state)
{
	(void)state;
	is_told("a.test", "cdn.test");
	time_passes(59900);
	opens("cdn.test", "192.0.2.1", 443);
	time_passes(200);
	is_refused("cdn.test");
}

static void
a_reload_counts(void **state)
{
	(void)state;
	is_told("a.test", "cdn.test");
	play_policy("10.0.0.0/8 -> a.test:TCP:8443\n");
	opens("cdn.test", "192.0.2.1", 8443);
	play_policy("10.0.0.0/8 ~> a.test\n");
	is_refused("cdn.test");
	play_policy("10.0.0.0/8 -| a.test\n");
	is_refused("cdn.test");
	play_policy("10.0.0.0/8 -> a.test:TCP:443\n10.0.0.0/8 -| *.test\n"
		    "10.0.0.0/8 -| cdn.test\n");
	client_says("cdn.test", TYPE_A);
	client_hears(RCODE_REFUSED);
	assert_int_equal(heard_ede(), EDE_BLOCKED);
}

static void
ports_add_up(void **state)
{
	(void)state;
	is_told("a.test", "cdn.test");
	is_told("b.test", "cdn.test");
	is_told_address("cdn.test", "192.0.2.1");
	warden_is_asked(2, "192.0.2.1", 120);
	assert_int_equal(play.item[0].port + play.item[1].port, 443 + 22);
	is_told("a.test", "own.test");
	is_told_address("own.test", "192.0.2.2");
	warden_is_asked(2, "192.0.2.2", 120);
	assert_int_equal(play.item[0].port + play.item[1].port, 443 + 80);
}

static void
a_name_that_may_be_asked_anyway_is_granted_too(void **state)
{
	(void)state;
	is_told_address("seen.test", "192.0.2.1");
	warden_is_not_asked();
	is_told("a.test", "seen.test");
	opens("seen.test", "192.0.2.1", 443);
	client_says("seen.test", TYPE_TXT);
	upstream_is_asked("seen.test", TYPE_TXT);
}

static void
only_grants_lead_on(void **state)
{
	(void)state;
	is_told("dns.test", "cdn.test");
	is_refused("cdn.test");
	/* an error, a blocked chain, a failed grant */
	client_says("a.test", TYPE_A);
	packet_begin(&p, &last_ask()->q, FLAG_QR | RCODE_NXDOMAIN);
	packet_link(&p, TYPE_CNAME, "a.test", "cdn.test", 60);
	upstream_says(&p);
	client_hears(RCODE_NXDOMAIN);
	is_refused("cdn.test");
	client_says("b.test", TYPE_A);
	packet_answer(&p);
	packet_link(&p, TYPE_CNAME, "b.test", "cdn.test", 60);
	packet_link(&p, TYPE_CNAME, "cdn.test", "bad.test", 60);
	upstream_says(&p);
	client_hears(RCODE_REFUSED);
	is_refused("cdn.test");
	play.warden = WARDEN_WAITS;
	asks("x.wild.test");
	packet_link(&p, TYPE_CNAME, "x.wild.test", "cdn.test", 60);
	packet_address(&p, SECTION_ANSWER, "cdn.test", "192.0.2.1", 60);
	upstream_says(&p);
	client_says("cdn.test", TYPE_A); /* not yet */
	assert_int_equal(play.answers, 1);
	play.answers = 0;
	assert_true(answer_is_whole());
	assert_int_equal(message_rcode(&play.answer), RCODE_REFUSED);
	warden_says(GRANT_KERNEL);
	client_hears(RCODE_SERVFAIL);
	is_refused("cdn.test");
}

static void
a_local_zone_is_that_of_the_origin(void **state)
{
	static const char zone[] = "\3lan";

	(void)state;
	play.opt.local_zone_count = 1;
	play.opt.local_zone[0].len = sizeof(zone);
	memcpy(play.opt.local_zone[0].wire, zone, sizeof(zone));
	is_told("x.wild.test", "nas.lan");
	asks("nas.lan");
	packet_address(&p, SECTION_ANSWER, "nas.lan", "10.9.9.9", 60);
	upstream_says(&p);
	client_hears(RCODE_REFUSED);
	warden_is_not_asked();
	/* a name that is spelled out may */
	is_told("a.test", "nas2.lan");
	opens("nas2.lan", "10.9.9.9", 443);
	/* and so may one whose origin is local itself */
	play_policy("10.0.0.0/8 -> *.lan:TCP:443\n");
	is_told("w.lan", "far.test");
	opens("far.test", "10.9.9.9", 443);
}

static void
a_service_leads_on(void **state)
{
	struct packet_rr rr = { SECTION_ANSWER, "a.test", TYPE_HTTPS, 60 };
	static const uint8_t alias[] = { 0, 0,	 3,   's', 'v', 'c',
					 4, 't', 'e', 's', 't', 0 };
	static const uint8_t record[] = { 0, 1,	  4,   'h', 'o', 's', 't',
					  4, 't', 'e', 's', 't', 0 };

	(void)state;
	client_says("a.test", TYPE_HTTPS);
	packet_answer(&p);
	packet_rr(&p, &rr, alias, sizeof(alias));
	upstream_says(&p);
	client_hears(RCODE_NOERROR);
	client_says("svc.test", TYPE_HTTPS);
	upstream_is_asked("svc.test", TYPE_HTTPS);
	packet_answer(&p);
	rr.owner = "svc.test";
	packet_rr(&p, &rr, record, sizeof(record));
	upstream_says(&p);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.rr_count, 1);
	opens("host.test", "192.0.2.1", 443);
	opens("svc.test", "192.0.2.2", 443);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, story_ends)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(an_alias_has_the_ports_of_its_origin),
		STORY(the_rule_of_the_origin_gives_the_port),
		STORY(all_names_that_led_to_it_are_told),
		STORY(only_this_client_only_this_name_only_addresses),
		STORY(a_chain_is_asked_link_by_link),
		STORY(links_add_up_over_longer_answers),
		STORY(it_ends_with_the_rule_time),
		STORY(a_reload_counts),
		STORY(ports_add_up),
		STORY(a_name_that_may_be_asked_anyway_is_granted_too),
		STORY(only_grants_lead_on),
		STORY(a_local_zone_is_that_of_the_origin),
		STORY(a_service_leads_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
