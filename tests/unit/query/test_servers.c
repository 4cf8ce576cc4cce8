/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Name servers as triggers: how they are found, how long that may take, and
 * what comes of it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "query/zones.h"

static const char acl[] = "10.0.0.0/8 ~> *\n";

#define SOA0   "; ADDITIONAL z0. SOA"
#define PASSED "NOERROR; www.bad.test. A 192.0.2.1"

/* A zone, its two servers, and names in it. */
static const struct known net[] = {
	{ "www.bad.test A", "www.bad.test A 192.0.2.1" },
	{ "www.bad.test NS", "bad.test SOA" },
	{ "x.www.bad.test A", "NXDOMAIN bad.test SOA" },
	{ "x.www.bad.test NS", "NXDOMAIN bad.test SOA" },
	{ "bad.test A", "bad.test A 192.0.2.1" },
	{ "bad.test NS",
	  "bad.test NS NS1.evil.test; bad.test NS ns2.other.test" },
	{ "ns1.evil.test A", "ns1.evil.test A 198.51.100.1" },
	{ "ns1.evil.test AAAA", "evil.test SOA" },
	{ "ns2.other.test A", "ns2.other.test A 198.51.100.2" },
	{ "ns2.other.test AAAA", "ns2.other.test AAAA 2001:db8::2" },
	{ "alias.test A", "alias.test CNAME www.bad.test; "
			  "www.bad.test A 192.0.2.1" },
	{ "alias.test NS", "alias.test CNAME www.bad.test; bad.test SOA" },
	{ "test NS", "test NS a.nic.test" },
	/* zones below one another */
	{ "x.low.mid.bad.test A", "x.low.mid.bad.test A 192.0.2.5" },
	{ "x.low.mid.bad.test NS", "low.mid.bad.test SOA" },
	{ "low.mid.bad.test NS", "low.mid.bad.test NS ns.kind.test" },
	{ "mid.bad.test NS", "mid.bad.test NS ns.mid.test" },
	{ "ns.kind.test A", "ns.kind.test A 198.51.100.7" },
	{ "ns.kind.test AAAA", "kind.test SOA" },
	{ "ns.mid.test A", "ns.mid.test A 198.51.100.8" },
	{ "ns.mid.test AAAA", "mid.test SOA" },
	{ NULL, NULL },
};

static int
begin(void **state)
{
	(void)state;
	play_wants.cache_mib = 1;
	play_begin(acl);
	play.warden = WARDEN_KNOWS;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	play_end();
	zones_end();
	return 0;
}

static void
list(const char *zone)
{
	const char *const one[ZONES_MOST] = { zone };

	zones_are(one);
}

static void
asked_and_told(const char *asks, const char *hears)
{
	const char *got;

	client_asks_text(asks);
	upstream_knows(net);
	got = heard();
	if (strcmp(got, hears) != 0)
		fail_msg("%s: %s, not %s", asks, got, hears);
}

static void
servers_are_found_by_name(void **state)
{
	(void)state;
	list("ns1.evil.test.rpz-nsdname CNAME .");
	asked_and_told("www.bad.test", "NXDOMAIN" SOA0);
	asked_and_told("bad.test", "NXDOMAIN" SOA0);
	asked_and_told("x.www.bad.test", "NXDOMAIN" SOA0);
	list("*.other.test.rpz-nsdname CNAME *.");
	asked_and_told("www.bad.test", "NOERROR" SOA0);
	list("evil.test.rpz-nsdname CNAME .");
	asked_and_told("www.bad.test", PASSED);
	/* they are asked for once */
	play.asked = 0;
	asked_and_told("www.bad.test", PASSED);
	assert_int_equal(play.asked, 0);
}

static void
servers_are_found_by_address(void **state)
{
	(void)state;
	list("32.2.100.51.198.rpz-nsip CNAME .");
	asked_and_told("www.bad.test", "NXDOMAIN" SOA0);
	list("128.2.zz.db8.2001.rpz-nsip CNAME *.");
	asked_and_told("www.bad.test", "NOERROR" SOA0);
	list("32.3.100.51.198.rpz-nsip CNAME .");
	asked_and_told("www.bad.test", PASSED);
}

/* A zone with so many servers, whose names begin so; the last is evil. The
 * first of them have addresses. */
static const struct known *
crowd(unsigned servers, const char *begin_with)
{
	static char text[16384], asks[2 * SERVERS_MOST][64];
	static struct known known[4 + 2 * SERVERS_MOST] = {
		{ "www.bad.test A", "www.bad.test A 192.0.2.1" },
		{ "www.bad.test NS", "bad.test SOA" },
		{ "bad.test NS", text },
	};
	char *at = text;

	for (unsigned i = 0; i < servers; i++)
		at += sprintf(at, "bad.test NS n%u.%sgood.test; ", i,
			      begin_with);
	sprintf(at, "bad.test NS ns1.evil.test");
	for (unsigned i = 0; i < 2 * SERVERS_MOST; i++) {
		sprintf(asks[i], "n%u.good.test %s", i / 2,
			i % 2 ? "AAAA" : "A");
		known[3 + i] = (struct known){ asks[i], "good.test SOA" };
	}
	return known;
}

static void
expect_of_crowd(const struct known *known, const char *hears)
{
	client_asks_text("www.bad.test");
	upstream_knows(known);
	assert_string_equal(heard(), hears);
	time_passes(SERVERS_LONGEST_S * 1000);
}

/* Nobody hides behind others, nor behind long names. */
static void
a_crowd_of_servers(void **state)
{
	static const char ten[] = "abcdefghi.";
	char long_name[sizeof(ten) * 20] = "";

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		strcat(long_name, ten);
	list("ns1.evil.test.rpz-nsdname CNAME .");
	expect_of_crowd(crowd(40, ""), "NXDOMAIN" SOA0);
	expect_of_crowd(crowd(9, long_name), "NXDOMAIN" SOA0);
	expect_of_crowd(crowd(200, ""), PASSED);
	list("!ns-block ns1.evil.test.rpz-nsdname CNAME .");
	expect_of_crowd(crowd(200, ""), "REFUSED");
}

/* Of more than a few the addresses are not asked for. */
static void
a_crowd_and_its_addresses(void **state)
{
	(void)state;
	list("!ns-block 32.9.100.51.198.rpz-nsip CNAME .");
	expect_of_crowd(crowd(40, ""), "REFUSED");
	assert_int_equal(play.asked, 3 + 2 * SERVERS_MOST);
}

static void
addresses_are_not_asked_for_without_need(void **state)
{
	(void)state;
	list("ns1.evil.test.rpz-nsdname CNAME .");
	asked_and_told("www.bad.test", "NXDOMAIN" SOA0);
	assert_int_equal(play.asked, 3);
	list("x.test CNAME .");
	play.asked = 0;
	asked_and_told("bad.test", "NOERROR; bad.test. A 192.0.2.1");
	assert_int_equal(play.asked, 1);
	/* they are, as soon as there is one */
	list("32.1.100.51.198.rpz-nsip CNAME .");
	asked_and_told("www.bad.test", "NXDOMAIN" SOA0);
}

static void
of_an_alias_its_own_zone_counts(void **state)
{
	(void)state;
	list("ns1.evil.test.rpz-nsdname CNAME .");
	asked_and_told("alias.test",
		       "NXDOMAIN; alias.test. CNAME www.bad.test." SOA0);
	/* that of a name right below the root is not looked at */
	list("a.nic.test.rpz-nsdname CNAME .");
	asked_and_told("alias.test",
		       "NOERROR; alias.test. CNAME www.bad.test.; "
		       "www.bad.test. A 192.0.2.1");
}

static void
the_order_of_lists_and_servers(void **state)
{
	static const char *const earlier[ZONES_MOST] = {
		"www.bad.test CNAME .", "ns1.evil.test.rpz-nsdname CNAME *."
	};
	static const char *const later[ZONES_MOST] = {
		"ns1.evil.test.rpz-nsdname CNAME *.", "www.bad.test CNAME ."
	};

	(void)state;
	zones_are(earlier);
	asked_and_told("www.bad.test", "NXDOMAIN" SOA0);
	assert_int_equal(play.asked, 0);
	zones_are(later);
	asked_and_told("www.bad.test", "NOERROR" SOA0);
	list("ns1.evil.test.rpz-nsdname CNAME *.|"
	     "32.2.100.51.198.rpz-nsip CNAME .");
	asked_and_told("www.bad.test", "NOERROR" SOA0);
	list("ns1.evil.test.rpz-nsdname CNAME *.|"
	     "32.1.2.0.192.rpz-ip CNAME .");
	asked_and_told("www.bad.test", "NXDOMAIN" SOA0);
	/* of two servers the one that is last in canonical order */
	list("ns1.evil.test.rpz-nsdname CNAME *.|"
	     "ns2.other.test.rpz-nsdname CNAME .");
	asked_and_told("www.bad.test", "NXDOMAIN" SOA0);
	/* whatever entry it has */
	list("ns1.evil.test.rpz-nsdname CNAME *.|"
	     "*.other.test.rpz-nsdname CNAME .");
	asked_and_told("www.bad.test", "NXDOMAIN" SOA0);
	list("*.evil.test.rpz-nsdname CNAME *.|*.test.rpz-nsdname CNAME .");
	asked_and_told("www.bad.test", "NXDOMAIN" SOA0);
}

#define LOW "x.low.mid.bad.test"

/* Of as many zones as a list says, from that of the name upwards. */
static void
zones_above_have_servers_too(void **state)
{
	(void)state;
	list("ns1.evil.test.rpz-nsdname CNAME .");
	asked_and_told(LOW, "NOERROR; " LOW ". A 192.0.2.5");
	list("!ns-levels 2 ns1.evil.test.rpz-nsdname CNAME .|"
	     "a.nic.test.rpz-nsdname CNAME .");
	asked_and_told(LOW, "NOERROR; " LOW ". A 192.0.2.5");
	list("!ns-levels 3 ns1.evil.test.rpz-nsdname CNAME .");
	asked_and_told(LOW, "NXDOMAIN" SOA0);
	list("!ns-levels 127 32.2.100.51.198.rpz-nsip CNAME *.");
	asked_and_told(LOW, "NOERROR" SOA0);
	/* none right below the root */
	list("!ns-levels 127 a.nic.test.rpz-nsdname CNAME .");
	asked_and_told(LOW, "NOERROR; " LOW ". A 192.0.2.5");
	play.asked = 0;
	asked_and_told(LOW, "NOERROR; " LOW ". A 192.0.2.5");
	assert_int_equal(play.asked, 0);
}

static void
all_levels_are_judged_together(void **state)
{
	static const char *const two[ZONES_MOST] = {
		"!ns-levels 9 ns1.evil.test.rpz-nsdname CNAME *.",
		"ns.kind.test.rpz-nsdname CNAME ."
	};
	static const char *const turned[ZONES_MOST] = {
		"ns.kind.test.rpz-nsdname CNAME .",
		"!ns-levels 9 ns1.evil.test.rpz-nsdname CNAME *."
	};

	(void)state;
	zones_are(two);
	asked_and_told(LOW, "NOERROR" SOA0);
	zones_are(turned);
	asked_and_told(LOW, "NXDOMAIN" SOA0);
	/* a name above comes before an address below */
	list("!ns-levels 9 32.7.100.51.198.rpz-nsip CNAME .|"
	     "ns1.evil.test.rpz-nsdname CNAME *.");
	asked_and_told(LOW, "NOERROR" SOA0);
	/* and the longer net above before the shorter below */
	list("!ns-levels 9 30.4.100.51.198.rpz-nsip CNAME .|"
	     "32.8.100.51.198.rpz-nsip CNAME *.");
	asked_and_told(LOW, "NOERROR" SOA0);
}

/* A query that has waited its time begins no other wait: what is lacking is
 * looked up behind it. */
static void
waiting_for_all_of_them_has_an_end(void **state)
{
	static const struct known part[] = {
		{ LOW " A", LOW " A 192.0.2.5" },
		{ NULL, NULL },
	};
	static const struct known lowest[] = {
		{ LOW " NS", "low.mid.bad.test SOA" },
		{ "low.mid.bad.test NS", "low.mid.bad.test NS ns.kind.test" },
		{ NULL, NULL },
	};

	(void)state;
	list("!ns-levels 9 ns1.evil.test.rpz-nsdname CNAME .");
	client_asks_text(LOW);
	upstream_knows(part);
	time_passes(SERVERS_WAIT_MS - 1);
	upstream_knows(lowest);
	assert_string_equal(heard(), "nothing yet");
	time_passes(SERVERS_WAIT_MS);
	assert_string_equal(heard(), "NOERROR; " LOW ". A 192.0.2.5");
	assert_int_equal(play.stats.servers_missing, 1);
	upstream_knows(net);
	asked_and_told(LOW, "NXDOMAIN" SOA0);
}

static void
some_questions_stay_open(const char *zone, const char *hears)
{
	static const struct known part[] = {
		{ "www.bad.test A", "www.bad.test A 192.0.2.1" },
		{ "www.bad.test NS", "bad.test SOA" },
		{ NULL, NULL },
	};

	list(zone);
	client_asks_text("www.bad.test");
	upstream_knows(part);
	assert_string_equal(heard(), "nothing yet");
	time_passes(SERVERS_WAIT_MS - 1);
	assert_string_equal(heard(), "nothing yet");
	time_passes(1);
	assert_string_equal(heard(), hears);
	assert_int_equal(play.stats.servers_missing, 1);
	/* who comes then does not wait again */
	client_asks_text("www.bad.test");
	assert_string_equal(heard(), hears);
	/* and when they are there, they count */
	upstream_knows(net);
	client_asks_text("www.bad.test");
	assert_string_equal(heard(), "NXDOMAIN" SOA0);
}

static void
what_is_not_found_in_time_passes(void **state)
{
	(void)state;
	some_questions_stay_open("ns1.evil.test.rpz-nsdname CNAME .", PASSED);
}

static void
or_it_is_blocked(void **state)
{
	(void)state;
	some_questions_stay_open("!ns-block ns1.evil.test.rpz-nsdname CNAME .",
				 "REFUSED");
}

static void
nobody_can_tell(void **state)
{
	static const struct known broken[] = {
		{ "www.bad.test A", "www.bad.test A 192.0.2.1" },
		{ "www.bad.test NS", "SERVFAIL" },
		{ NULL, NULL },
	};

	(void)state;
	list("ns1.evil.test.rpz-nsdname CNAME .");
	client_asks_text("www.bad.test");
	upstream_knows(broken);
	assert_string_equal(heard(), PASSED);
	/* it is asked again after some time */
	time_passes(SERVERS_FAILED_S * 1000);
	asked_and_told("www.bad.test", "NXDOMAIN" SOA0);
}

static void
all_who_wait_share_one_search(void **state)
{
	unsigned answers = 0;

	(void)state;
	list("ns1.evil.test.rpz-nsdname CNAME .");
	for (unsigned i = 0; i < 20; i++) {
		play.id = (uint16_t)i;
		client_asks_text("www.bad.test");
	}
	upstream_knows(net);
	answers = play.answers;
	assert_int_equal(answers, 20);
	assert_int_equal(play.asked, 3);
	assert_int_equal(message_rcode(&play.answer), 0);
	play.answers = 1;
	assert_string_equal(heard(), "NXDOMAIN" SOA0);
}

/* Who asks for many names does not keep others from theirs. */
static void
one_client_begins_so_many_searches(void **state)
{
	(void)state;
	list("ns1.evil.test.rpz-nsdname CNAME .");
	play_from("10.0.0.2");
	for (unsigned i = 0; i < SERVERS_SEARCHES; i++) {
		char name[32], answer[64];
		const struct known one[] = { { name, answer }, { NULL, NULL } };

		snprintf(name, sizeof(name), "n%u.bad.test A", i);
		snprintf(answer, sizeof(answer), "%s 192.0.2.1", name);
		client_asks_text(name);
		upstream_knows(one);
	}
	assert_int_equal(play.house.servers->searches.in_use, SERVERS_OF_ONE);
	play.answers = 0;
	play_from("10.0.0.3");
	asked_and_told("www.bad.test", "NXDOMAIN" SOA0);
}

/* A connection that ends takes its query along; the search goes on. */
static void
who_has_gone_no_longer_waits(void **state)
{
	static const struct known part[] = {
		{ "www.bad.test A", "www.bad.test A 192.0.2.1" },
		{ NULL, NULL },
	};
	int listener;

	(void)state;
	list("ns1.evil.test.rpz-nsdname CNAME .");
	play.origin.listener = &listener;
	play.origin.key = 1;
	client_asks_text("www.bad.test");
	upstream_knows(part);
	query_forget_origin(&play.house, &listener, 1);
	assert_int_equal(play.house.queries.in_use, 0);
	upstream_knows(net);
	assert_string_equal(heard(), "nothing yet");
	assert_int_equal(play.house.servers->searches.in_use, 0);
}

/* Without a cache the answer is asked for again, and no more than once. */
static void
there_need_be_no_cache(void **state)
{
	(void)state;
	play_end();
	play_wants.cache_mib = 0;
	play_begin(acl);
	list("32.1.100.51.198.rpz-nsip CNAME .");
	asked_and_told("www.bad.test", "NXDOMAIN" SOA0);
	assert_int_equal(play.asked, 8);
	list("32.9.100.51.198.rpz-nsip CNAME .");
	asked_and_told("www.bad.test", PASSED);
	assert_int_equal(play.asked, 9);
}

/* What was found is forgotten after an hour at the latest. */
static void
servers_change(void **state)
{
	static const struct known changed[] = {
		{ "www.bad.test A", "www.bad.test A 192.0.2.1" },
		{ "www.bad.test NS", "bad.test SOA" },
		{ "bad.test NS", "bad.test NS ns.good.test" },
		{ NULL, NULL },
	};

	(void)state;
	list("ns1.evil.test.rpz-nsdname CNAME .");
	asked_and_told("www.bad.test", "NXDOMAIN" SOA0);
	time_passes(101 * 1000);
	client_asks_text("www.bad.test");
	upstream_knows(changed);
	assert_string_equal(heard(), PASSED);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(servers_are_found_by_name),
		STORY(servers_are_found_by_address),
		STORY(a_crowd_of_servers),
		STORY(a_crowd_and_its_addresses),
		STORY(addresses_are_not_asked_for_without_need),
		STORY(of_an_alias_its_own_zone_counts),
		STORY(the_order_of_lists_and_servers),
		STORY(zones_above_have_servers_too),
		STORY(all_levels_are_judged_together),
		STORY(waiting_for_all_of_them_has_an_end),
		STORY(what_is_not_found_in_time_passes),
		STORY(or_it_is_blocked),
		STORY(nobody_can_tell),
		STORY(all_who_wait_share_one_search),
		STORY(one_client_begins_so_many_searches),
		STORY(who_has_gone_no_longer_waits),
		STORY(there_need_be_no_cache),
		STORY(servers_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
