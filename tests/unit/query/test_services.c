/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "query/story.h"
#include "wire/svcb.h"

static const char acl[] = "10.0.0.0/8 -> a.test:TCP:443\n"
			  "10.0.0.0/8 -> a.test:UDP:443\n"
			  "10.0.0.0/8 -> web.test:TCP:80\n"
			  "10.0.0.0/8 -> high.test:TCP:8443\n"
			  "10.0.0.0/8 -> high.test:SCTP:443\n"
			  "10.0.0.0/8 -> quic.test:UDP:443\n"
			  "10.0.0.0/8 -> *.wild.test:TCP:443\n"
			  "10.0.0.0/8 ~> *.dns.test\n"
			  "10.0.0.0/8 -> *.both.test:TCP:443\n"
			  "10.0.0.0/8 ~> *.both.test\n"
			  "10.0.0.0/8 -| bad.test\n"
			  "127.0.0.0/8 -> a.test:TCP:443\n";

static struct packet p;
static struct writer w; /* RDATA under construction */
static uint8_t rdata[4096];

static int
begin(void **state)
{
	(void)state;
	play_begin(acl);
	play.warden = WARDEN_KNOWS;
	return 0;
}

static void
asks(const char *name, uint16_t type)
{
	client_says(name, type);
	log_lines();
	packet_answer(&p);
}

static void
record(uint16_t priority, const char *target)
{
	struct name n = play_name(target);

	w = writer_of(rdata, sizeof(rdata));
	writer_u16(&w, priority);
	writer_bytes(&w, n.wire, n.len);
}

static void
param(uint16_t key, const void *value, size_t len)
{
	writer_u16(&w, key);
	writer_u16(&w, (uint16_t)len);
	writer_bytes(&w, value, len);
}

/* Addresses of one family, separated by commas. */
static void
hint(const char *list)
{
	char text[1024], *save = NULL;
	uint8_t bytes[1024];
	size_t len = 0, size = strchr(list, ':') ? 16 : 4;

	snprintf(text, sizeof(text), "%s", list);
	for (char *one = strtok_r(text, ",", &save); one;
	     one = strtok_r(NULL, ",", &save)) {
		struct addr a = play_addr(one);

		memcpy(bytes + len, a.byte, size);
		len += size;
	}
	param(size == 4 ? SVCB_IPV4HINT : SVCB_IPV6HINT, bytes, len);
}

static void
port(uint16_t number)
{
	uint8_t value[] = { (uint8_t)(number >> 8), (uint8_t)number };

	param(SVCB_PORT, value, 2);
}

static void
has_record(uint16_t type, const char *owner, uint32_t ttl)
{
	struct packet_rr rr = { SECTION_ANSWER, owner, type, ttl };

	packet_rr(&p, &rr, rdata, w.at);
}

static void
has(const char *owner)
{
	has_record(TYPE_HTTPS, owner, 300);
}

/* The i-th record that the client heard. */
static struct svcb
heard(unsigned i)
{
	struct svcb s;

	assert_true(i < play.answer.rr_count);
	assert_int_equal(rr_service(&play.answer, &play.answer.rr[i], &s),
			 ERR_NONE);
	return s;
}

static bool
hints_are(const struct svcb *s, uint8_t family, const char *list)
{
	char text[1024] = "", one[ADDR_TEXT_SIZE];

	for (unsigned i = 0; i < svcb_hint_count(s, family); i++) {
		struct addr a;

		svcb_hint(s, family, i, &a);
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "%s%s", i > 0 ? "," : "", addr_print(&a, one));
	}
	return strcmp(text, list) == 0;
}

/* ---- hints ---- */

static void
a_hint_is_granted_before_it_is_heard_of(void **state)
{
	struct svcb s;

	(void)state;
	play.warden = WARDEN_WAITS;
	asks("a.test", TYPE_HTTPS);
	upstream_is_asked("a.test", TYPE_HTTPS);
	record(1, ".");
	param(SVCB_ALPN, "\2h2\2h3", 6);
	hint("192.0.2.1,192.0.2.2");
	has("a.test");
	upstream_says(&p);
	client_hears_nothing();
	warden_is_asked(4, "192.0.2.1", 360);
	warden_says(GRANT_OK);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.rr_count, 1);
	s = heard(0);
	assert_true(hints_are(&s, 4, "192.0.2.1,192.0.2.2"));
	assert_int_equal(play.answer.rr[0].ttl, 300);
	log_holds("10.0.0.2 <- [7] a.test. [192.0.2.1]:TCP:443 TTL:300\n"
		  "10.0.0.2 <- [7] a.test. [192.0.2.1]:UDP:443 TTL:300\n"
		  "10.0.0.2 <- [7] a.test. [192.0.2.2]:TCP:443 TTL:300\n"
		  "10.0.0.2 <- [7] a.test. [192.0.2.2]:UDP:443 TTL:300\n");
}

static void
a_refused_hint_is_not_heard_of(void **state)
{
	(void)state;
	play.warden = WARDEN_FAILS;
	play.warden_fails_with = GRANT_KERNEL;
	asks("a.test", TYPE_HTTPS);
	record(1, ".");
	hint("192.0.2.1");
	has("a.test");
	upstream_says(&p);
	client_hears(RCODE_SERVFAIL);
	heard_is_empty();
}

static void
hints_that_cannot_be_granted_are_removed(void **state)
{
	struct svcb s;

	(void)state;
	asks("x.wild.test", TYPE_HTTPS);
	record(1, ".");
	param(SVCB_ALPN, "\2h2", 3);
	hint("127.0.0.1,192.0.2.1,10.9.9.9,0.0.0.0,169.254.169.254");
	hint("2001:db8::1,::1");
	has("x.wild.test");
	upstream_says(&p);
	warden_is_asked(1, "192.0.2.1", 360);
	client_hears(RCODE_NOERROR);
	s = heard(0);
	assert_true(hints_are(&s, 4, "192.0.2.1"));
	assert_null(s.hint6.bytes);
	/* 127.0.0.1, 10.9.9.9, 0.0.0.0, 169.254.169.254 and ::1 */
	assert_int_equal(play.stats.addresses_stripped, 5);
}

static void
a_record_without_its_hints_is_still_one(void **state)
{
	struct svcb s;

	(void)state;
	asks("x.wild.test", TYPE_HTTPS);
	record(1, ".");
	param(SVCB_ALPN, "\2h2", 3);
	hint("10.9.9.9");
	has("x.wild.test");
	upstream_says(&p);
	warden_is_not_asked();
	client_hears(RCODE_NOERROR);
	s = heard(0);
	assert_null(s.hint4.bytes);
	assert_int_equal(s.params.len, 4 + 3);
	log_holds("10.0.0.2 <~ [7] \n");
}

static void
a_name_spelled_out_may_hint_at_a_private_address(void **state)
{
	(void)state;
	asks("a.test", TYPE_HTTPS);
	record(1, ".");
	hint("10.9.9.9");
	has("a.test");
	upstream_says(&p);
	warden_is_asked(2, "10.9.9.9", 360);
	client_hears(RCODE_NOERROR);
}

static void
this_host_is_hinted_at_both_families(void **state)
{
	struct svcb s;

	(void)state;
	play_from("127.0.0.1");
	asks("a.test", TYPE_HTTPS);
	record(1, ".");
	hint("192.0.2.1");
	hint("2001:db8::1");
	has("a.test");
	upstream_says(&p);
	warden_is_asked(2, "192.0.2.1", 360);
	client_hears(RCODE_NOERROR);
	s = heard(0);
	assert_true(hints_are(&s, 6, "2001:db8::1"));
}

static void
hints_are_counted_as_addresses(void **state)
{
	struct svcb s;

	(void)state;
	play.opt.max_addresses = 2;
	asks("x.wild.test", TYPE_HTTPS);
	record(1, ".");
	hint("192.0.2.1,192.0.2.2,192.0.2.3");
	has("x.wild.test");
	record(2, "b.test");
	hint("192.0.2.3,192.0.2.2");
	has("x.wild.test");
	upstream_says(&p);
	warden_is_asked(2, "192.0.2.1", 360);
	client_hears(RCODE_NOERROR);
	s = heard(0);
	assert_true(hints_are(&s, 4, "192.0.2.1,192.0.2.2"));
	s = heard(1);
	assert_true(hints_are(&s, 4, "192.0.2.2"));
}

static void
the_shortest_ttl_counts(void **state)
{
	(void)state;
	asks("x.wild.test", TYPE_HTTPS);
	packet_link(&p, TYPE_CNAME, "x.wild.test", "c.test", 900);
	record(1, ".");
	hint("192.0.2.1");
	has_record(TYPE_HTTPS, "c.test", 600);
	record(2, ".");
	has_record(TYPE_HTTPS, "c.test", 20);
	upstream_says(&p);
	warden_is_asked(1, "192.0.2.1", 80);
	client_hears(RCODE_NOERROR);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(play.answer.rr[i].ttl, 20);
}

static void
only_the_type_asked_where_the_chain_ends(void **state)
{
	(void)state;
	asks("x.wild.test", TYPE_HTTPS);
	record(1, ".");
	hint("203.0.113.6");
	has_record(TYPE_SVCB, "x.wild.test", 300);
	has("y.test");
	packet_address(&p, SECTION_ANSWER, "x.wild.test", "203.0.113.6", 300);
	packet_address(&p, SECTION_ADDITIONAL, "x.wild.test", "203.0.113.6",
		       300);
	upstream_says(&p);
	warden_is_not_asked();
	client_hears(RCODE_NOERROR);
	heard_is_empty();
	asks("x.wild.test", TYPE_A);
	has("x.wild.test");
	upstream_says(&p);
	warden_is_not_asked();
	client_hears(RCODE_NOERROR);
	heard_is_empty();
}

static void
an_error_grants_no_hint(void **state)
{
	(void)state;
	client_says("x.wild.test", TYPE_HTTPS);
	packet_begin(&p, &last_ask()->q, FLAG_QR | FLAG_RD | RCODE_NXDOMAIN);
	record(1, ".");
	hint("192.0.2.1");
	has("x.wild.test");
	upstream_says(&p);
	warden_is_not_asked();
	client_hears(RCODE_NXDOMAIN);
	heard_is_empty();
}

static void
no_data_keeps_its_soa(void **state)
{
	(void)state;
	asks("a.test", TYPE_HTTPS);
	packet_soa(&p, "test", 60);
	upstream_says(&p);
	client_hears(RCODE_NOERROR);
	assert_int_equal(heard_count(SECTION_AUTHORITY, TYPE_SOA), 1);
	assert_int_equal(heard_ede(), -1);
}

/* ---- ports ---- */

static void
a_record_that_leads_to_a_shut_port_is_removed(void **state)
{
	static const struct {
		const char *name;
		uint16_t port; /* 0: none is given */
		bool passes;
	} rows[] = {
		{ "a.test", 0, true },	    { "a.test", 443, true },
		{ "a.test", 8443, false },  { "web.test", 0, false },
		{ "web.test", 80, true },   { "high.test", 0, false },
		{ "high.test", 8443, true },  { "quic.test", 0, false },
		{ "_8443._https.high.test", 0, true },
		{ "_8443._https.high.test", 443, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		asks(rows[i].name, TYPE_HTTPS);
		record(1, ".");
		if (rows[i].port > 0)
			port(rows[i].port);
		hint("192.0.2.1");
		has(rows[i].name);
		play.letters = 0;
		upstream_says(&p);
		client_hears(RCODE_NOERROR);
		assert_int_equal(play.answer.rr_count, rows[i].passes);
		assert_int_equal(play.letters, rows[i].passes ? 1 : 0);
		assert_int_equal(heard_ede(),
				 rows[i].passes ? -1 : EDE_FILTERED);
	}
	assert_non_null(strstr(log_lines(),
			       "<! [7] Answer had no service within the ports "
			       "allowed\n"));
}

static void
a_record_that_offers_only_what_is_shut_is_removed(void **state)
{
	static const struct {
		const char *name, *alpn; /* NULL: none is given */
		bool no_default, passes;
	} rows[] = {
		{ "quic.test", "\2h3", false, true },
		{ "quic.test", "\2h2\2h3", true, true },
		{ "quic.test", "\2h2", false, false },
		{ "x.wild.test", NULL, false, true },
		{ "x.wild.test", "\2h3", false, true },
		{ "x.wild.test", "\2h3", true, false },
		{ "x.wild.test", "\2h3\2h2", true, true },
		{ "x.wild.test", "\5h3-29\2h3", true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		asks(rows[i].name, TYPE_HTTPS);
		record(1, ".");
		if (rows[i].alpn)
			param(SVCB_ALPN, rows[i].alpn, strlen(rows[i].alpn));
		if (rows[i].no_default)
			param(SVCB_NO_DEFAULT_ALPN, "", 0);
		hint("192.0.2.1");
		has(rows[i].name);
		upstream_says(&p);
		client_hears(RCODE_NOERROR);
		assert_int_equal(play.answer.rr_count, rows[i].passes);
	}
}

static void
the_port_of_another_service_is_not_known(void **state)
{
	(void)state;
	asks("web.test", TYPE_SVCB);
	record(1, ".");
	hint("192.0.2.1");
	has_record(TYPE_SVCB, "web.test", 300);
	upstream_says(&p);
	warden_is_asked(1, "192.0.2.1", 360);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.rr_count, 1);
}

/* ---- names ---- */

static void
a_blocked_target_blocks(void **state)
{
	static const char *const names[] = { "a.test", "x.dns.test",
					     "x.both.test" };

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		asks(names[i % 3], TYPE_HTTPS);
		record(1, ".");
		hint("192.0.2.1");
		has(names[i % 3]);
		record(i < 3 ? 0 : 2, "BAD.test");
		has(names[i % 3]);
		upstream_says(&p);
		client_hears(RCODE_REFUSED);
		heard_is_empty();
		assert_int_equal(heard_ede(), EDE_BLOCKED);
		log_holds("10.0.0.2 <! [7] Answer leads to a blocked name\n");
	}
	warden_is_not_asked();
}

static void
alias_mode_is_passed_on_without_parameters(void **state)
{
	struct svcb s;
	struct name want = play_name("svc.test");

	(void)state;
	asks("a.test", TYPE_HTTPS);
	record(0, "svc.test");
	hint("192.0.2.1");
	has("a.test");
	upstream_says(&p);
	warden_is_not_asked();
	client_hears(RCODE_NOERROR);
	s = heard(0);
	assert_int_equal(s.priority, 0);
	assert_int_equal(s.params.len, 0);
	assert_true(name_equal(&s.target, &want));
}

static void
the_seventeenth_target_is_removed(void **state)
{
	char target[32];

	(void)state;
	asks("a.test", TYPE_HTTPS);
	for (unsigned i = 0; i < 17; i++) {
		snprintf(target, sizeof(target), "t%u.test", i);
		record(1, target);
		has("a.test");
	}
	upstream_says(&p);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.header.ancount, 16);
}

/* ---- malformed ones, ech, ~> ---- */

static void
a_malformed_record_rejects_the_set(void **state)
{
	(void)state;
	asks("a.test", TYPE_HTTPS);
	record(1, ".");
	hint("192.0.2.1");
	has("a.test");
	param(SVCB_IPV6HINT, "short", 5);
	has("a.test");
	upstream_says(&p);
	warden_is_not_asked();
	client_hears(RCODE_NOERROR);
	heard_is_empty();
	assert_int_equal(heard_ede(), EDE_OTHER);
	assert_int_equal(play.stats.answers_bad, 1);
	log_holds("10.0.0.2 <! [7] Response has a malformed HTTPS or SVCB "
		  "record\n");
}

static void
ech_is_stripped_under_every_arrow(void **state)
{
	static const char *const names[] = { "a.test", "x.dns.test",
					     "x.both.test" };

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		struct svcb s;

		play.opt.strip_ech = i >= 3;
		asks(names[i % 3], TYPE_HTTPS);
		record(1, ".");
		param(SVCB_ALPN, "\2h2", 3);
		param(SVCB_ECH, "secret", 6);
		has(names[i % 3]);
		upstream_says(&p);
		client_hears(RCODE_NOERROR);
		s = heard(0);
		assert_int_equal(s.params.len, i >= 3 ? 7 : 17);
	}
	asks("a.test", TYPE_HTTPS);
	record(1, ".");
	param(SVCB_MANDATORY, "\0\5", 2);
	hint("192.0.2.1");
	param(SVCB_ECH, "secret", 6);
	has("a.test");
	upstream_says(&p);
	warden_is_not_asked();
	client_hears(RCODE_NOERROR);
	heard_is_empty();
}

static void
dns_only_passes_records_as_they_came(void **state)
{
	struct svcb s;

	(void)state;
	asks("x.dns.test", TYPE_HTTPS);
	record(1, ".");
	port(9);
	hint("127.0.0.1,192.0.2.1");
	has("x.dns.test");
	upstream_says(&p);
	warden_is_not_asked();
	client_hears(RCODE_NOERROR);
	s = heard(0);
	assert_true(hints_are(&s, 4, "127.0.0.1,192.0.2.1"));
	asks("x.dns.test", TYPE_HTTPS);
	param(SVCB_IPV6HINT, "short", 5);
	has("x.dns.test");
	upstream_says(&p);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.rr_count, 1);
}

static void
dns_only_may_be_guarded(void **state)
{
	struct svcb s;

	(void)state;
	play.opt.guard_dns_only = true;
	asks("x.dns.test", TYPE_HTTPS);
	record(1, ".");
	hint("127.0.0.1,192.0.2.1,10.0.0.9");
	hint("::1,2001:db8::1");
	has("x.dns.test");
	param(SVCB_IPV6HINT, "short", 5);
	has("x.dns.test");
	upstream_says(&p);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.rr_count, 1);
	s = heard(0);
	assert_true(hints_are(&s, 4, "192.0.2.1"));
	assert_true(hints_are(&s, 6, "2001:db8::1"));
}

static void
both_arrows_grant_and_pass(void **state)
{
	struct svcb s;

	(void)state;
	asks("x.both.test", TYPE_HTTPS);
	record(1, ".");
	port(9);
	hint("192.0.2.1,127.0.0.1,10.0.0.9");
	hint("2001:db8::1");
	has("x.both.test");
	upstream_says(&p);
	warden_is_asked(1, "192.0.2.1", 360);
	client_hears(RCODE_NOERROR);
	s = heard(0);
	assert_true(hints_are(&s, 4, "192.0.2.1,127.0.0.1,10.0.0.9"));
	assert_true(hints_are(&s, 6, "2001:db8::1"));
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, story_ends)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(a_hint_is_granted_before_it_is_heard_of),
		STORY(a_refused_hint_is_not_heard_of),
		STORY(hints_that_cannot_be_granted_are_removed),
		STORY(a_record_without_its_hints_is_still_one),
		STORY(a_name_spelled_out_may_hint_at_a_private_address),
		STORY(this_host_is_hinted_at_both_families),
		STORY(hints_are_counted_as_addresses),
		STORY(the_shortest_ttl_counts),
		STORY(only_the_type_asked_where_the_chain_ends),
		STORY(an_error_grants_no_hint),
		STORY(no_data_keeps_its_soa),
		STORY(a_record_that_leads_to_a_shut_port_is_removed),
		STORY(a_record_that_offers_only_what_is_shut_is_removed),
		STORY(the_port_of_another_service_is_not_known),
		STORY(a_blocked_target_blocks),
		STORY(alias_mode_is_passed_on_without_parameters),
		STORY(the_seventeenth_target_is_removed),
		STORY(a_malformed_record_rejects_the_set),
		STORY(ech_is_stripped_under_every_arrow),
		STORY(dns_only_passes_records_as_they_came),
		STORY(dns_only_may_be_guarded),
		STORY(both_arrows_grant_and_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
