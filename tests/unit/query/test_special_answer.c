/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "query/story.h"

static const char acl[] = "10.0.0.0/8 ~> *\n"
			  "10.0.0.0/8 -> *:TCP:443\n"
			  "10.0.0.0/8 -> printer.local:TCP:631\n"
			  "10.0.0.0/8 -| .onion\n"
			  "10.1.0.0/16 -> a.test:TCP:443\n"
			  "10.1.0.0/16 -| *\n";

static struct packet p;

static int
begin(void **state)
{
	(void)state;
	play_begin(acl);
	play.warden = WARDEN_KNOWS;
	play.opt.special_names = true;
	play.opt.canary = true;
	return 0;
}

static void
does_not_exist(const char *name, const char *zone, int ede)
{
	struct name owner, want = play_name(zone);
	const struct message *m = &play.answer;

	client_says(name, TYPE_A);
	client_hears(RCODE_NXDOMAIN);
	assert_int_equal(m->rr_count, 1);
	assert_int_equal(m->rr[0].section, SECTION_AUTHORITY);
	assert_int_equal(m->rr[0].type, TYPE_SOA);
	assert_int_equal(m->rr[0].ttl, 3600);
	assert_int_equal(rr_owner(m, &m->rr[0], &owner), ERR_NONE);
	assert_true(name_equal(&owner, &want));
	assert_int_equal(heard_ede(), ede);
	upstream_is_not_asked();
}

static void
a_special_name_does_not_exist(void **state)
{
	(void)state;
	does_not_exist("X.Local", "local", EDE_SYNTHESIZED);
	log_holds("10.0.0.2 |> [7] X.Local.\n");
	does_not_exist("1.0.0.10.in-addr.arpa", "10.in-addr.arpa",
		       EDE_SYNTHESIZED);
	does_not_exist("use-application-dns.net", "use-application-dns.net",
		       EDE_FILTERED);
	play.opt.block_private_relay = true;
	does_not_exist("mask.icloud.com", "mask.icloud.com", EDE_BLOCKED);
	assert_int_equal(play.stats.special, 4);
	assert_int_equal(play.stats.allowed + play.stats.dns_only, 0);
}

static void
a_zone_holds_nothing(void **state)
{
	(void)state;
	client_says("_dns.resolver.arpa", TYPE_SVCB);
	client_hears(RCODE_NOERROR);
	assert_int_equal(heard_count(SECTION_AUTHORITY, TYPE_SOA), 1);
	assert_int_equal(play.answer.rr_count, 1);
	upstream_is_not_asked();
}

static void
this_host_is_never_granted(void **state)
{
	(void)state;
	client_says("localhost", TYPE_A);
	client_hears(RCODE_NOERROR);
	assert_true(heard_address("127.0.0.1", 3600));
	log_holds("10.0.0.2 |> [7] localhost. = 127.0.0.1\n");
	client_says("a.localhost", TYPE_AAAA);
	client_hears(RCODE_NOERROR);
	assert_true(heard_address("::1", 3600));
	client_says("localhost", TYPE_HTTPS);
	client_hears(RCODE_NOERROR);
	assert_int_equal(heard_count(SECTION_AUTHORITY, TYPE_SOA), 1);
	warden_is_not_asked();
	upstream_is_not_asked();
}

static void
what_is_spelled_out_is_forwarded(void **state)
{
	(void)state;
	client_says("printer.local", TYPE_A);
	upstream_is_asked("printer.local", TYPE_A);
	packet_answer(&p);
	packet_address(&p, SECTION_ANSWER, "printer.local", "10.9.9.9", 60);
	upstream_says(&p);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.letters, 1);
}

static void
the_policy_stands_before(void **state)
{
	(void)state;
	client_says("x.onion", TYPE_A);
	client_hears(RCODE_REFUSED);
	assert_int_equal(heard_ede(), EDE_BLOCKED);
	play_from("10.1.0.2");
	client_says("x.local", TYPE_A);
	client_hears(RCODE_REFUSED);
	assert_int_equal(play.stats.special, 0);
}

/* An alias is a name that was learnt, not one that a rule spells out. */
static void
an_alias_may_be_special(void **state)
{
	(void)state;
	play_policy("10.0.0.0/8 -> a.test:TCP:443\n");
	client_says("a.test", TYPE_A);
	packet_answer(&p);
	packet_link(&p, TYPE_CNAME, "a.test", "x.local", 60);
	upstream_says(&p);
	client_hears(RCODE_NOERROR);
	client_says("x.local", TYPE_A);
	client_hears(RCODE_NXDOMAIN);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, story_ends)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(a_special_name_does_not_exist),
		STORY(a_zone_holds_nothing),
		STORY(this_host_is_never_granted),
		STORY(what_is_spelled_out_is_forwarded),
		STORY(the_policy_stands_before),
		STORY(an_alias_may_be_special),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
