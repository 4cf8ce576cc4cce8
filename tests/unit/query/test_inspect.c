/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "query/story.h"

static const char acl[] = "10.0.0.0/8 -> a.test:TCP:443\n"
			  "10.0.0.0/8 -> *.wild.test:TCP:443\n"
			  "10.0.0.0/8 ~> *.dns.test\n"
			  "10.0.0.0/8 ~> exact.dns.test\n"
			  "10.0.0.0/8 -> *.both.test:TCP:80\n"
			  "10.0.0.0/8 ~> *.both.test\n"
			  "10.0.0.0/8 -> x.mix.test:TCP:22\n"
			  "10.0.0.0/8 -> *.mix.test:TCP:443\n"
			  "10.0.0.0/8 -| bad.test\n"
			  "10.0.0.0/8 -| fixed.test = 192.0.2.9\n"
			  "2001:db8::/32 -> a.test:TCP:443\n"
			  "127.0.0.0/8 -> a.test:TCP:443\n";

static struct packet p;

static int
begin(void **state)
{
	(void)state;
	play_begin(acl);
	play.warden = WARDEN_KNOWS;
	return 0;
}

/* The client asks, the upstream's answer is begun. */
static void
asks(const char *name, uint16_t type)
{
	client_says(name, type);
	log_lines();
	packet_answer(&p);
}

static void
has(const char *owner, const char *address, uint32_t ttl)
{
	packet_address(&p, SECTION_ANSWER, owner, address, ttl);
}

static void
leads(const char *owner, const char *target, uint32_t ttl)
{
	packet_link(&p, TYPE_CNAME, owner, target, ttl);
}

/* ---- aliases ---- */

static void
an_alias_is_followed_in_any_order(void **state)
{
	(void)state;
	asks("a.test", TYPE_A);
	has("d.cdn.test", "192.0.2.1", 900);
	leads("b.cdn.test", "d.cdn.test", 20);
	leads("A.test", "B.cdn.test", 300);
	upstream_says(&p);
	warden_is_asked(1, "192.0.2.1", 80);
	assert_int_equal(play.item[0].port, 443);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.rr_count, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(play.answer.rr[i].ttl, 20);
	log_holds("10.0.0.2 <- [7] a.test. [192.0.2.1]:TCP:443 TTL:20\n");
}

static void
what_is_not_on_the_chain_is_left_out(void **state)
{
	(void)state;
	asks("a.test", TYPE_A);
	has("a.test", "203.0.113.5", 20);
	has("x.test", "203.0.113.6", 20);
	leads("y.test", "z.test", 20);
	has("z.test", "203.0.113.6", 20);
	packet_address(&p, SECTION_ANSWER, "a.test", "2001:db8::6", 20);
	packet_soa(&p, "test", 20);
	packet_address(&p, SECTION_AUTHORITY, "a.test", "203.0.113.6", 20);
	packet_address(&p, SECTION_ADDITIONAL, "a.test", "203.0.113.6", 20);
	upstream_says(&p);
	warden_is_asked(1, "203.0.113.5", 80);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.rr_count, 1);
	assert_true(heard_address("203.0.113.5", 20));
}

static void
a_blocked_name_on_the_way_blocks(void **state)
{
	static const char *const blocked[] = { "bad.test", "fixed.test" };
	static const char *const names[] = { "a.test", "x.dns.test",
					     "x.both.test" };

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		const char *name = names[i % 3], *via = blocked[i / 3];

		asks(name, TYPE_A);
		leads(name, via, 20);
		leads(via, "ok.test", 20);
		has("ok.test", "192.0.2.1", 20);
		upstream_says(&p);
		warden_is_not_asked();
		client_hears(RCODE_REFUSED);
		heard_is_empty();
		assert_int_equal(heard_ede(), EDE_BLOCKED);
		heard_text_is(i < 3 ? "blocked by acl:9" :
				      "blocked by acl:10");
		log_holds("10.0.0.2 <! [7] Answer leads to a blocked "
			  "name\n");
	}
}

static void
a_blocked_name_blocks_an_error_too(void **state)
{
	(void)state;
	client_says("x.dns.test", TYPE_A);
	packet_begin(&p, &last_ask()->q, FLAG_QR | RCODE_NXDOMAIN);
	leads("x.dns.test", "bad.test", 20);
	upstream_says(&p);
	client_hears(RCODE_REFUSED);
	heard_is_empty();
}

static void
a_chain_has_sixteen_links(void **state)
{
	char owner[32], target[32];

	(void)state;
	for (unsigned most = 16; most <= 17; most++) {
		asks("a.test", TYPE_A);
		leads("a.test", "c1.test", 20);
		for (unsigned i = 1; i < most; i++) {
			snprintf(owner, sizeof(owner), "c%u.test", i);
			snprintf(target, sizeof(target), "c%u.test", i + 1);
			leads(owner, target, 20);
		}
		snprintf(owner, sizeof(owner), "c%u.test", most);
		has(owner, "192.0.2.1", 20);
		upstream_says(&p);
		if (most == 16) {
			warden_is_asked(1, "192.0.2.1", 80);
			client_hears(RCODE_NOERROR);
			assert_int_equal(play.answer.rr_count, 17);
			log_lines();
		}
	}
	warden_is_not_asked();
	client_hears(RCODE_SERVFAIL);
	heard_is_empty();
	log_holds("10.0.0.2 <! [7] CNAME chain is longer than 16 or a "
		  "loop\n");
}

static void
a_loop_is_servfail(void **state)
{
	static const char *const names[] = { "a.test", "x.dns.test" };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		asks(names[i], TYPE_A);
		leads(names[i], "b.test", 20);
		leads("b.test", names[i], 20);
		has(names[i], "192.0.2.1", 20);
		upstream_says(&p);
		warden_is_not_asked();
		client_hears(RCODE_SERVFAIL);
		heard_is_empty();
	}
}

static void
two_ways_are_none(void **state)
{
	(void)state;
	asks("a.test", TYPE_A);
	leads("a.test", "b.test", 20);
	leads("a.test", "c.test", 20);
	has("b.test", "192.0.2.1", 20);
	upstream_says(&p);
	warden_is_not_asked();
	client_hears(RCODE_SERVFAIL);
	assert_int_equal(play.stats.answers_bad, 1);
}

static void
a_dname_leads_with_its_cname_or_alone(void **state)
{
	(void)state;
	for (unsigned alone = 0; alone < 2; alone++) {
		asks("x.wild.test", TYPE_A);
		packet_link(&p, TYPE_DNAME, "wild.test", "cdn.test", 100);
		if (!alone)
			leads("x.wild.test", "x.cdn.test", 100);
		has("x.cdn.test", "192.0.2.1", 200);
		upstream_says(&p);
		warden_is_asked(1, "192.0.2.1", 160);
		client_hears(RCODE_NOERROR);
		assert_int_equal(heard_count(SECTION_ANSWER, TYPE_DNAME), 1);
		assert_int_equal(play.answer.rr_count, alone ? 2 : 3);
	}
}

static void
a_dname_that_leads_elsewhere_is_left_out(void **state)
{
	(void)state;
	asks("x.wild.test", TYPE_A);
	packet_link(&p, TYPE_DNAME, "wild.test", "evil.test", 100);
	leads("x.wild.test", "x.cdn.test", 100);
	has("x.evil.test", "192.0.2.66", 200);
	has("x.cdn.test", "192.0.2.1", 200);
	upstream_says(&p);
	warden_is_asked(1, "192.0.2.1", 160);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.rr_count, 2);
	assert_int_equal(heard_count(SECTION_ANSWER, TYPE_DNAME), 0);
}

static void
a_blocked_name_behind_a_dname_blocks(void **state)
{
	(void)state;
	play_policy("10.0.0.0/8 -> *:TCP:443\n10.0.0.0/8 -| *.bad.test\n");
	asks("x.wild.test", TYPE_A);
	packet_link(&p, TYPE_DNAME, "wild.test", "bad.test", 100);
	has("x.bad.test", "192.0.2.1", 200);
	upstream_says(&p);
	warden_is_not_asked();
	client_hears(RCODE_REFUSED);
}

/* ---- times ---- */

static void
a_ttl_becomes_a_rule_time(void **state)
{
	static const struct {
		uint32_t ttl, low, high, grace, kernel, client;
	} row[] = {
		{ 300, 5, 86400, 60, 360, 300 },
		{ 0, 5, 86400, 60, 65, 0 },
		{ 0, 0, 86400, 0, 1, 0 },
		{ 1, 0, 86400, 0, 1, 1 },
		{ 0xffffffff, 5, 86400, 60, 65, 0 },
		{ 0x80000000, 5, 86400, 60, 65, 0 },
		{ 604800, 5, 3600, 60, 3660, 3600 },
		{ 0x7fffffff, 5, 2147483, 60, 2147483, 2147483 },
		{ 0x7fffffff, 5, 0x7fffffff, 0, 2147483, 2147483 },
		{ 3, 5, 86400, 60, 65, 3 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		play.opt.min_rule_time_s = row[i].low;
		play.opt.max_rule_time_s = row[i].high;
		play.opt.grace_s = row[i].grace;
		asks("a.test", TYPE_A);
		has("a.test", "192.0.2.1", row[i].ttl);
		upstream_says(&p);
		warden_is_asked(1, "192.0.2.1", row[i].kernel);
		client_hears(RCODE_NOERROR);
		assert_true(heard_address("192.0.2.1", row[i].client));
	}
}

static void
the_shortest_ttl_of_the_set_counts(void **state)
{
	(void)state;
	asks("a.test", TYPE_A);
	has("a.test", "192.0.2.1", 900);
	has("a.test", "192.0.2.2", 30);
	upstream_says(&p);
	warden_is_asked(2, "192.0.2.1", 90);
	client_hears(RCODE_NOERROR);
	assert_true(heard_address("192.0.2.1", 30));
}

static void
dns_only_keeps_its_ttl(void **state)
{
	(void)state;
	play.opt.max_rule_time_s = 60;
	asks("x.dns.test", TYPE_A);
	has("x.dns.test", "192.0.2.1", 900);
	upstream_says(&p);
	client_hears(RCODE_NOERROR);
	assert_true(heard_address("192.0.2.1", 900));
	asks("x.both.test", TYPE_A);
	has("x.both.test", "192.0.2.1", 900);
	upstream_says(&p);
	client_hears(RCODE_NOERROR);
	assert_true(heard_address("192.0.2.1", 60));
}

/* ---- the guard ---- */

static void
guarded_addresses_are_stripped(void **state)
{
	static const char *const guarded[] = {
		"127.0.0.1", "0.0.0.0",	  "169.254.169.254", "224.0.0.1",
		"255.255.255.255", "10.1.0.1", "192.168.1.1",
		"100.64.0.1"
	};

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		asks("x.wild.test", TYPE_A);
		has("x.wild.test", guarded[i], 20);
		upstream_says(&p);
		warden_is_not_asked();
		client_hears(RCODE_REFUSED);
		heard_is_empty();
		assert_int_equal(heard_ede(), EDE_FILTERED);
		log_holds("10.0.0.2 <! [7] rebind: Answer had only guarded "
			  "addresses\n");
	}
	assert_int_equal(play.stats.addresses_stripped, 8);
	asks("x.wild.test", TYPE_A);
	has("x.wild.test", "127.0.0.1", 20);
	has("x.wild.test", "192.0.2.1", 20);
	upstream_says(&p);
	warden_is_asked(1, "192.0.2.1", 80);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.rr_count, 1);
}

static void
our_own_address_is_nobodys_goal(void **state)
{
	(void)state;
	play.own.count = 1;
	play.own.addr[0] = play_addr("198.51.100.1");
	asks("a.test", TYPE_A);
	has("a.test", "198.51.100.1", 20);
	upstream_says(&p);
	warden_is_not_asked();
	client_hears(RCODE_REFUSED);
}

static void
a_name_spelled_out_may_be_private(void **state)
{
	(void)state;
	asks("a.test", TYPE_A);
	has("a.test", "192.168.1.1", 20);
	upstream_says(&p);
	warden_is_asked(1, "192.168.1.1", 80);
	client_hears(RCODE_NOERROR);
	asks("a.test", TYPE_A);
	has("a.test", "127.0.0.1", 20);
	upstream_says(&p);
	warden_is_not_asked();
	client_hears(RCODE_REFUSED);
}

static void
the_guard_asks_port_by_port(void **state)
{
	(void)state;
	asks("x.mix.test", TYPE_A);
	has("x.mix.test", "192.168.1.1", 20);
	has("x.mix.test", "192.0.2.1", 20);
	upstream_says(&p);
	warden_is_asked(3, "192.168.1.1", 80);
	assert_int_equal(play.item[0].port, 22);
	assert_int_equal(play.item[1].port, 22);
	assert_int_equal(play.item[2].port, 443);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.rr_count, 2);
	log_holds("10.0.0.2 <- [7] x.mix.test. [192.168.1.1]:TCP:22 TTL:20\n"
		  "10.0.0.2 <- [7] x.mix.test. [192.0.2.1]:TCP:22 TTL:20\n"
		  "10.0.0.2 <- [7] x.mix.test. [192.0.2.1]:TCP:443 TTL:20\n");
}

static void
both_arrows_only_withhold_the_grant(void **state)
{
	(void)state;
	asks("x.both.test", TYPE_A);
	has("x.both.test", "127.0.0.1", 20);
	has("x.both.test", "192.0.2.1", 20);
	has("else.test", "192.0.2.2", 20);
	upstream_says(&p);
	warden_is_asked(1, "192.0.2.1", 80);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.rr_count, 3);
	log_lines();
	asks("x.both.test", TYPE_A);
	has("x.both.test", "127.0.0.1", 20);
	upstream_says(&p);
	warden_is_not_asked();
	client_hears(RCODE_NOERROR);
	log_holds("10.0.0.2 <~ [7] \n");
}

static void
dns_only_may_be_guarded_too(void **state)
{
	(void)state;
	play.opt.guard_dns_only = true;
	asks("x.dns.test", TYPE_A);
	has("x.dns.test", "127.0.0.1", 20);
	has("x.dns.test", "192.168.0.1", 20);
	has("x.dns.test", "192.0.2.1", 20);
	packet_address(&p, SECTION_ADDITIONAL, "y.test", "127.0.0.1", 20);
	upstream_says(&p);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.rr_count, 1);
	assert_true(heard_address("192.0.2.1", 20));
	asks("x.dns.test", TYPE_A);
	has("x.dns.test", "127.0.0.1", 20);
	upstream_says(&p);
	client_hears(RCODE_REFUSED);
	assert_int_equal(heard_ede(), EDE_FILTERED);
	log_holds("10.0.0.2 <! [7] rebind: Answer had only guarded "
		  "addresses\n");
	asks("exact.dns.test", TYPE_A);
	has("exact.dns.test", "192.168.0.1", 20);
	upstream_says(&p);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.rr_count, 1);
	warden_is_not_asked();
}

/* ---- families ---- */

static void
another_family_is_empty(void **state)
{
	(void)state;
	asks("a.test", TYPE_AAAA);
	has("a.test", "2001:db8:1::1", 20);
	upstream_says(&p);
	warden_is_not_asked();
	client_hears(RCODE_NOERROR);
	heard_is_empty();
	assert_int_equal(heard_ede(), EDE_FILTERED);
	log_holds("10.0.0.2 <! [7] Answer had no address of the client's "
		  "family\n");
	play_from("2001:db8::2");
	asks("a.test", TYPE_A);
	has("a.test", "192.0.2.1", 20);
	upstream_says(&p);
	warden_is_not_asked();
	client_hears(RCODE_NOERROR);
	heard_is_empty();
	asks("a.test", TYPE_AAAA);
	has("a.test", "2001:db8:1::1", 20);
	upstream_says(&p);
	warden_is_asked(1, "2001:db8:1::1", 80);
	client_hears(RCODE_NOERROR);
	log_holds(
	    "2001:db8::2 <- [7] a.test. [2001:db8:1::1]:TCP:443 TTL:20\n");
}

static void
the_rust_program_passed_it_on(void **state)
{
	(void)state;
	play.opt.compat = COMPAT_RUST;
	asks("a.test", TYPE_AAAA);
	has("a.test", "2001:db8:1::1", 20);
	upstream_says(&p);
	warden_is_not_asked();
	client_hears(RCODE_NOERROR);
	assert_true(heard_address("2001:db8:1::1", 20));
	log_holds("10.0.0.2 <~ [7] \n");
}

static void
both_arrows_pass_the_other_family_on(void **state)
{
	(void)state;
	asks("x.both.test", TYPE_AAAA);
	has("x.both.test", "2001:db8:1::1", 20);
	upstream_says(&p);
	warden_is_not_asked();
	client_hears(RCODE_NOERROR);
	assert_true(heard_address("2001:db8:1::1", 20));
}

static void
this_host_reaches_both_families(void **state)
{
	(void)state;
	play_from("127.0.0.1");
	asks("a.test", TYPE_AAAA);
	has("a.test", "2001:db8:1::1", 20);
	upstream_says(&p);
	warden_is_asked(1, "2001:db8:1::1", 80);
	assert_int_equal(play.item[0].flags, GRANT_LOCAL);
	client_hears(RCODE_NOERROR);
	play_from("10.0.0.2");
	play.own.count = 1;
	play.own.addr[0] = play_addr("10.0.0.2");
	asks("a.test", TYPE_AAAA);
	has("a.test", "2001:db8:1::1", 20);
	upstream_says(&p);
	warden_is_asked(1, "2001:db8:1::1", 80);
	assert_int_equal(play.item[0].flags, GRANT_LOCAL);
	client_hears(RCODE_NOERROR);
}

static void
a_family_without_rules_is_empty(void **state)
{
	(void)state;
	play.board.family4 = 1;
	play_from("127.0.0.1");
	asks("a.test", TYPE_AAAA);
	has("a.test", "2001:db8:1::1", 20);
	upstream_says(&p);
	warden_is_not_asked();
	client_hears(RCODE_NOERROR);
	heard_is_empty();
	asks("a.test", TYPE_A);
	has("a.test", "192.0.2.1", 20);
	upstream_says(&p);
	warden_is_asked(1, "192.0.2.1", 80);
	client_hears(RCODE_NOERROR);
}

/* ---- amounts ---- */

static void
the_thirty_third_address_is_left_out(void **state)
{
	char address[32];

	(void)state;
	play.origin.stream = true;
	asks("x.wild.test", TYPE_A);
	for (unsigned i = 0; i < 33; i++) {
		snprintf(address, sizeof(address), "192.0.2.%u", i + 1);
		has("x.wild.test", address, 20);
	}
	upstream_says(&p);
	warden_is_asked(32, "192.0.2.1", 80);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.rr_count, 32);
	assert_false(heard_address("192.0.2.33", 20));
}

static void
an_address_given_twice_counts_once(void **state)
{
	(void)state;
	asks("a.test", TYPE_A);
	has("a.test", "192.0.2.1", 20);
	has("a.test", "192.0.2.1", 20);
	upstream_says(&p);
	warden_is_asked(1, "192.0.2.1", 80);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.rr_count, 1);
}

/* ---- what else an upstream may say ---- */

static void
an_error_is_passed_on(void **state)
{
	(void)state;
	client_says("a.test", TYPE_A);
	log_lines();
	packet_begin(&p, &last_ask()->q, FLAG_QR | FLAG_AA | RCODE_NXDOMAIN);
	leads("a.test", "b.test", 20);
	has("b.test", "192.0.2.1", 20);
	packet_soa(&p, "test", 900);
	upstream_says(&p);
	warden_is_not_asked();
	client_hears(RCODE_NXDOMAIN);
	assert_int_equal(play.answer.rr_count, 2);
	assert_int_equal(heard_count(SECTION_ANSWER, TYPE_CNAME), 1);
	assert_int_equal(heard_count(SECTION_AUTHORITY, TYPE_SOA), 1);
	log_holds("10.0.0.2 <! [7] Upstream returned error (OPCODE "
		  "StandardQuery, RCODE NameError)\n");
	client_says("x.dns.test", TYPE_TXT);
	packet_begin(&p, &last_ask()->q, FLAG_QR | RCODE_SERVFAIL);
	upstream_says(&p);
	client_hears(RCODE_SERVFAIL);
	log_holds("10.0.0.2 ~> [7] x.dns.test.\n"
		  "10.0.0.2 <! [7] Upstream returned error (OPCODE "
		  "StandardQuery, RCODE ServerFailure)\n");
}

static void
an_extended_code_is_between_upstream_and_us(void **state)
{
	(void)state;
	asks("a.test", TYPE_A);
	p.count[SECTION_ADDITIONAL]++;
	writer_u8(&p.w, 0);
	writer_u16(&p.w, TYPE_OPT);
	writer_u16(&p.w, 1232);
	writer_u32(&p.w, 0x01000000); /* BADCOOKIE is 23 */
	writer_u16(&p.w, 0);
	p.bytes[3] |= 7;
	upstream_says(&p);
	client_hears(RCODE_SERVFAIL);
	log_holds("10.0.0.2 <! [7] Upstream returned error (OPCODE "
		  "StandardQuery, RCODE BadCookie)\n");
}

static void
no_data_keeps_its_soa(void **state)
{
	(void)state;
	asks("a.test", TYPE_A);
	packet_soa(&p, "test", 900);
	packet_address(&p, SECTION_ADDITIONAL, "ns.test", "192.0.2.1", 20);
	upstream_says(&p);
	warden_is_not_asked();
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.rr_count, 1);
	assert_int_equal(heard_count(SECTION_AUTHORITY, TYPE_SOA), 1);
	assert_int_equal(play.answer.rr[0].ttl, 900);
	log_holds("10.0.0.2 <~ [7] \n");
}

static void
an_extended_error_is_passed_on(void **state)
{
	(void)state;
	asks("x.dns.test", TYPE_A);
	p.count[SECTION_ADDITIONAL]++;
	writer_u8(&p.w, 0);
	writer_u16(&p.w, TYPE_OPT);
	writer_u16(&p.w, 1232);
	writer_u32(&p.w, 0);
	writer_u16(&p.w, 9);
	writer_u16(&p.w, OPTION_EDE);
	writer_u16(&p.w, 5);
	writer_u16(&p.w, EDE_STALE);
	writer_bytes(&p.w, "o\nk", 3);
	upstream_says(&p);
	client_hears(RCODE_NOERROR);
	assert_int_equal(heard_ede(), EDE_STALE);
	heard_text_is("o\\010k");
}

static void
proofs_go_to_those_who_ask(void **state)
{
	static const uint8_t sig[40] = { 0, 1 };
	const struct packet_rr on = { SECTION_ANSWER, "a.test", TYPE_RRSIG,
				      20 };
	const struct packet_rr off = { SECTION_ANSWER, "b.test", TYPE_RRSIG,
				       20 };
	const struct packet_rr nsec = { SECTION_AUTHORITY, "b.test",
					TYPE_NSEC3, 20 };
	struct client_query c = { .name = "a.test", .type = TYPE_A,
				  .edns = 1232 };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		c.dnssec_ok = i == 1;
		client_asks(&c);
		packet_answer(&p);
		has("a.test", "192.0.2.1", 20);
		packet_rr(&p, &on, sig, sizeof(sig));
		packet_rr(&p, &off, sig, sizeof(sig));
		packet_rr(&p, &nsec, sig, sizeof(sig));
		upstream_says(&p);
		client_hears(RCODE_NOERROR);
		assert_int_equal(play.answer.rr_count, i == 1 ? 3 : 1);
	}
}

static void
authority_is_not_believed_under_dns_only_either(void **state)
{
	(void)state;
	asks("x.both.test", TYPE_A);
	packet_address(&p, SECTION_AUTHORITY, "x.both.test", "192.0.2.1",
		       20);
	packet_address(&p, SECTION_ADDITIONAL, "x.both.test", "192.0.2.1",
		       20);
	upstream_says(&p);
	warden_is_not_asked();
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.rr_count, 2);
}

static void
a_malformed_address_is_not_passed_on(void **state)
{
	const struct packet_rr rr = { SECTION_ANSWER, "a.test", TYPE_A, 20 };

	(void)state;
	asks("a.test", TYPE_A);
	packet_rr(&p, &rr, "\300\000\002\001\001", 5);
	has("a.test", "192.0.2.2", 20);
	upstream_says(&p);
	warden_is_asked(1, "192.0.2.2", 80);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.rr_count, 1);
}

static void
records_of_another_class_are_not_passed_on(void **state)
{
	(void)state;
	asks("x.dns.test", TYPE_A);
	has("x.dns.test", "192.0.2.1", 20);
	p.bytes[p.w.at - 11] = 3; /* CH */
	upstream_says(&p);
	client_hears(RCODE_NOERROR);
	heard_is_empty();
}

#define STORY(f) cmocka_unit_test_setup_teardown(f, begin, story_ends)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(an_alias_is_followed_in_any_order),
		STORY(what_is_not_on_the_chain_is_left_out),
		STORY(a_blocked_name_on_the_way_blocks),
		STORY(a_blocked_name_blocks_an_error_too),
		STORY(a_chain_has_sixteen_links),
		STORY(a_loop_is_servfail),
		STORY(two_ways_are_none),
		STORY(a_dname_leads_with_its_cname_or_alone),
		STORY(a_dname_that_leads_elsewhere_is_left_out),
		STORY(a_blocked_name_behind_a_dname_blocks),
		STORY(a_ttl_becomes_a_rule_time),
		STORY(the_shortest_ttl_of_the_set_counts),
		STORY(dns_only_keeps_its_ttl),
		STORY(guarded_addresses_are_stripped),
		STORY(our_own_address_is_nobodys_goal),
		STORY(a_name_spelled_out_may_be_private),
		STORY(the_guard_asks_port_by_port),
		STORY(both_arrows_only_withhold_the_grant),
		STORY(dns_only_may_be_guarded_too),
		STORY(another_family_is_empty),
		STORY(the_rust_program_passed_it_on),
		STORY(both_arrows_pass_the_other_family_on),
		STORY(this_host_reaches_both_families),
		STORY(a_family_without_rules_is_empty),
		STORY(the_thirty_third_address_is_left_out),
		STORY(an_address_given_twice_counts_once),
		STORY(an_error_is_passed_on),
		STORY(an_extended_code_is_between_upstream_and_us),
		STORY(no_data_keeps_its_soa),
		STORY(an_extended_error_is_passed_on),
		STORY(proofs_go_to_those_who_ask),
		STORY(authority_is_not_believed_under_dns_only_either),
		STORY(a_malformed_address_is_not_passed_on),
		STORY(records_of_another_class_are_not_passed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
