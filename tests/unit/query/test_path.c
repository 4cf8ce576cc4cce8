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
			  "10.0.0.0/8 -> *.wild.test:UDP:443\n"
			  "10.0.0.0/8 ~> dns.test\n"
			  "10.0.0.0/8 -> both.test:TCP:80\n"
			  "10.0.0.0/8 ~> both.test\n"
			  "10.0.0.0/8 -| bad.test\n"
			  "10.0.0.0/8 -| fixed.test = 192.0.2.9\n"
			  "10.0.0.0/8 -| *.ads.test\n";

static int
begin(void **state)
{
	(void)state;
	play_begin(acl);
	return 0;
}

/* ---- what is allowed ---- */

static void
an_answer_waits_for_the_kernel(void **state)
{
	(void)state;
	client_says("a.test", TYPE_A);
	log_holds("10.0.0.2 -> [7] a.test.\n");
	upstream_is_asked("a.test", TYPE_A);
	client_hears_nothing();
	upstream_says_address("192.0.2.1", 20);
	warden_is_asked(1, "192.0.2.1", 80);
	assert_int_equal(play.item[0].port, 443);
	assert_int_equal(play.item[0].protocol, IPPROTO_TCP);
	assert_int_equal(play.item[0].flags, 0);
	client_hears_nothing();
	log_holds("");
	warden_says(GRANT_OK);
	client_hears(RCODE_NOERROR);
	assert_true(heard_address("192.0.2.1", 20));
	assert_true(play.answer.edns.present);
	assert_int_equal(heard_ede(), -1);
	log_holds("10.0.0.2 <- [7] a.test. [192.0.2.1]:TCP:443 TTL:20\n");
	assert_int_equal(play.house.queries.in_use, 0);
	assert_int_equal(play.stats.allowed, 1);
	assert_int_equal(play.stats.answers, 1);
}

static void
what_is_granted_already_waits_for_nobody(void **state)
{
	(void)state;
	play.warden = WARDEN_KNOWS;
	client_says("a.test", TYPE_A);
	upstream_says_address("192.0.2.1", 20);
	client_hears(RCODE_NOERROR);
	log_holds("10.0.0.2 -> [7] a.test.\n"
		  "10.0.0.2 <- [7] a.test. [192.0.2.1]:TCP:443 TTL:20\n");
}

static void
the_client_sees_its_own_case(void **state)
{
	(void)state;
	play.warden = WARDEN_KNOWS;
	client_says("A.TeSt", TYPE_A);
	upstream_says_address("192.0.2.1", 20);
	client_hears(RCODE_NOERROR);
	assert_memory_equal(play.heard + 12, "\001A\004TeSt", 8);
	log_holds("10.0.0.2 -> [7] A.TeSt.\n"
		  "10.0.0.2 <- [7] A.TeSt. [192.0.2.1]:TCP:443 TTL:20\n");
}

static void
every_port_is_granted(void **state)
{
	(void)state;
	play.origin.ifindex = 3;
	client_says("x.wild.test", TYPE_A);
	upstream_says_address("192.0.2.1", 300);
	warden_is_asked(2, "192.0.2.1", 360);
	assert_int_equal(play.item[0].ifindex, 3);
	assert_int_equal(play.item[0].protocol, IPPROTO_TCP);
	assert_int_equal(play.item[1].protocol, IPPROTO_UDP);
	assert_int_not_equal(play.item[0].rule, play.item[1].rule);
	warden_says(GRANT_OK);
	client_hears(RCODE_NOERROR);
	log_holds(
	    "10.0.0.2 -> [7] x.wild.test.\n"
	    "10.0.0.2 <- [7] x.wild.test. [192.0.2.1]:TCP:443 TTL:300\n"
	    "10.0.0.2 <- [7] x.wild.test. [192.0.2.1]:UDP:443 TTL:300\n");
}

static void
dns_only_opens_nothing(void **state)
{
	(void)state;
	client_says("dns.test", TYPE_A);
	upstream_says_address("127.0.0.2", 9000);
	warden_is_not_asked();
	client_hears(RCODE_NOERROR);
	assert_true(heard_address("127.0.0.2", 9000));
	log_holds("10.0.0.2 ~> [7] dns.test.\n10.0.0.2 <~ [7] \n");
	assert_int_equal(play.stats.dns_only, 1);
}

static void
dns_only_forwards_any_type(void **state)
{
	static const uint16_t types[] = { TYPE_TXT, TYPE_MX, TYPE_HTTPS,
					  TYPE_SRV, 65280 };

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		client_says("dns.test", types[i]);
		upstream_is_asked("dns.test", types[i]);
		assert_false(last_ask()->stream);
		static struct packet p;
		packet_answer(&p);
		upstream_says(&p);
		client_hears(RCODE_NOERROR);
		log_holds("10.0.0.2 ~> [7] dns.test.\n10.0.0.2 <~ [7] \n");
	}
	warden_is_not_asked();
}

static void
both_arrows_forward_and_grant(void **state)
{
	static struct packet p;

	(void)state;
	play.warden = WARDEN_KNOWS;
	client_says("both.test", TYPE_TXT);
	packet_answer(&p);
	upstream_says(&p);
	client_hears(RCODE_NOERROR);
	warden_is_not_asked();
	log_holds("10.0.0.2 -> [7] both.test.\n10.0.0.2 <~ [7] \n");
	client_says("both.test", TYPE_A);
	upstream_says_address("192.0.2.1", 20);
	warden_is_asked(1, "192.0.2.1", 80);
	client_hears(RCODE_NOERROR);
	log_holds("10.0.0.2 -> [7] both.test.\n"
		  "10.0.0.2 <- [7] both.test. [192.0.2.1]:TCP:80 TTL:20\n");
}

static void
flags_and_do_go_upstream(void **state)
{
	struct client_query c = { .name = "a.test", .type = TYPE_A,
				  .flags = FLAG_CD | FLAG_AD | FLAG_Z,
				  .edns = 4096, .dnssec_ok = true };

	(void)state;
	play.warden = WARDEN_KNOWS;
	client_asks(&c);
	assert_true(last_ask()->dnssec_ok);
	assert_true(last_ask()->checking_disabled);
	upstream_says_address("192.0.2.1", 20);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.header.flags,
			 FLAG_QR | FLAG_RD | FLAG_RA | FLAG_CD);
	assert_int_equal(play.answer.edns.flags, EDNS_DO);
}

static void
a_query_without_rd_is_forwarded(void **state)
{
	struct client_query c = { .name = "a.test", .type = TYPE_A,
				  .flags = FLAG_RD };

	(void)state;
	play.warden = WARDEN_KNOWS;
	client_asks(&c);
	upstream_says_address("192.0.2.1", 20);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.header.flags, FLAG_QR | FLAG_RA);
	assert_false(play.answer.edns.present);
}

/* ---- what is not ---- */

static void
nobody_allowed_is_denied(void **state)
{
	(void)state;
	client_says("other.test", TYPE_A);
	upstream_is_not_asked();
	client_hears(RCODE_REFUSED);
	assert_int_equal(play.answer.header.qdcount, 1);
	assert_int_equal(heard_ede(), EDE_PROHIBITED);
	heard_text_is("no rule");
	heard_is_empty();
	log_holds("10.0.0.2 |> [7] other.test.\n");
	assert_int_equal(play.stats.denied, 1);
}

static void
a_block_blocks_every_type(void **state)
{
	static const uint16_t types[] = { TYPE_A, TYPE_AAAA, TYPE_TXT,
					  TYPE_ANY, TYPE_HTTPS };

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		client_says("BAD.test", types[i]);
		client_hears(RCODE_REFUSED);
		assert_int_equal(heard_ede(), EDE_BLOCKED);
		heard_text_is("blocked by acl:7");
		log_holds("10.0.0.2 |> [7] BAD.test.\n");
	}
	client_says("x.ADS.test", TYPE_A);
	client_hears(RCODE_REFUSED);
	upstream_is_not_asked();
	assert_int_equal(play.stats.blocked, 6);
}

static void
a_block_stands_against_a_dns_star(void **state)
{
	(void)state;
	play_policy("10.0.0.0/8 ~> *\n10.0.0.0/8 -| bad.test\n");
	client_says("bad.test", TYPE_A);
	client_hears(RCODE_REFUSED);
	upstream_is_not_asked();
	client_says("good.test", TYPE_A);
	upstream_is_asked("good.test", TYPE_A);
}

static void
a_blocked_name_is_answered_locally(void **state)
{
	(void)state;
	client_says("fixed.test", TYPE_A);
	client_hears(RCODE_NOERROR);
	assert_true(heard_address("192.0.2.9", 60));
	assert_int_equal(heard_ede(), -1);
	log_holds("10.0.0.2 |> [7] fixed.test. = 192.0.2.9\n");
	warden_is_not_asked();
	upstream_is_not_asked();
}

static void
a_local_answer_has_one_family(void **state)
{
	static const uint16_t types[] = { TYPE_AAAA, TYPE_TXT, TYPE_ANY };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		client_says("fixed.test", types[i]);
		client_hears(RCODE_NOERROR);
		heard_is_empty();
		assert_int_equal(heard_ede(), EDE_BLOCKED);
		log_holds("10.0.0.2 |> [7] fixed.test.\n");
	}
}

static void
a_local_answer_may_be_ipv6(void **state)
{
	(void)state;
	play_policy("10.0.0.0/8 -| six.test = 2001:db8::9\n");
	client_says("six.test", TYPE_AAAA);
	client_hears(RCODE_NOERROR);
	assert_true(heard_address("2001:db8::9", 60));
	log_holds("10.0.0.2 |> [7] six.test. = 2001:db8::9\n");
	client_says("six.test", TYPE_A);
	client_hears(RCODE_NOERROR);
	heard_is_empty();
}

static void
labels_are_not_text(void **state)
{
	(void)state;
	play_policy("10.0.0.0/8 -> *.wild.test:TCP:443\n");
	client_says("x\\.wild.test", TYPE_A);
	client_hears(RCODE_REFUSED);
	log_holds("10.0.0.2 |> [7] x\\046wild.test.\n");
	client_says("wild\\000.test", TYPE_A);
	client_hears(RCODE_REFUSED);
	log_holds("10.0.0.2 |> [7] wild\\000.test.\n");
	client_says("a\\255.test", TYPE_A);
	client_hears(RCODE_REFUSED);
	log_holds("10.0.0.2 |> [7] a\\255.test.\n");
}

static void
any_is_a_short_story(void **state)
{
	(void)state;
	client_says("a.test", TYPE_ANY);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.rr_count, 1);
	assert_int_equal(play.answer.rr[0].type, TYPE_HINFO);
	assert_int_equal(play.answer.rr[0].ttl, 3600);
	assert_int_equal(play.answer.rr[0].rdata_len, 9);
	assert_memory_equal(play.heard + play.answer.rr[0].rdata_at,
			    "\007RFC8482", 9);
	upstream_is_not_asked();
	log_holds("10.0.0.2 !> [7] Unexpected QTYPE ANY (expected A or "
		  "AAAA)\n");
}

static void
any_under_dns_only_goes_by_tcp(void **state)
{
	(void)state;
	client_says("dns.test", TYPE_ANY);
	upstream_is_asked("dns.test", TYPE_ANY);
	assert_true(last_ask()->stream);
}

static void
other_types_are_empty(void **state)
{
	(void)state;
	client_says("a.test", TYPE_TXT);
	client_hears(RCODE_NOERROR);
	heard_is_empty();
	assert_int_equal(heard_ede(), EDE_FILTERED);
	log_holds("10.0.0.2 !> [7] Unexpected QTYPE TXT (expected A or "
		  "AAAA)\n");
	client_says("a.test", TYPE_MX);
	client_hears(RCODE_NOERROR);
	heard_is_empty();
	upstream_is_not_asked();
	play.opt.strict_types = true;
	client_says("a.test", 65280);
	client_hears(RCODE_REFUSED);
	log_holds("10.0.0.2 !> [7] Unexpected QTYPE MX (expected A or "
		  "AAAA)\n"
		  "10.0.0.2 !> [7] Unexpected QTYPE TYPE65280 (expected A or "
		  "AAAA)\n");
}

/* ---- what is no query ---- */

static void
fragments_and_responses_are_dropped(void **state)
{
	uint8_t bytes[512];
	struct client_query c = { .name = "a.test", .type = TYPE_A,
				  .flags = FLAG_QR };
	size_t len = client_query_write(&c, bytes, sizeof(bytes));

	(void)state;
	for (size_t i = 0; i < HEADER_SIZE; i++) {
		client_sends(bytes, i);
		client_is_dropped();
	}
	client_sends(bytes, len);
	client_is_dropped();
	assert_int_equal(play.stats.dropped_short, HEADER_SIZE);
	assert_int_equal(play.stats.dropped_response, 1);
	assert_int_equal(play.house.queries.in_use, 0);
	log_holds("");
}

static void
other_opcodes_are_not_implemented(void **state)
{
	static const struct {
		uint16_t opcode;
		const char *log;
	} row[] = {
		{ 1, "10.0.0.2 !> [7] Unexpected OPCODE InverseQuery "
		     "(expected StandardQuery)\n" },
		{ 2, "10.0.0.2 !> [7] Unexpected OPCODE ServerStatusRequest "
		     "(expected StandardQuery)\n" },
		{ 4, "10.0.0.2 !> [7] Unexpected OPCODE Notify (expected "
		     "StandardQuery)\n" },
		{ 5, "10.0.0.2 !> [7] Unexpected OPCODE Update (expected "
		     "StandardQuery)\n" },
		{ 6, "10.0.0.2 !> [7] Unexpected OPCODE StatefulOperation "
		     "(expected StandardQuery)\n" },
	};

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct client_query c = {
			.name = "dns.test",
			.type = TYPE_SOA,
			.flags = (uint16_t)(row[i].opcode << 11)
		};

		client_asks(&c);
		client_hears(RCODE_NOTIMP);
		assert_int_equal(header_opcode(&play.answer.header),
				 row[i].opcode);
		log_holds(row[i].log);
	}
	upstream_is_not_asked();
}

static void
classes_and_meta_types_are_refused(void **state)
{
	static const uint16_t types[] = { TYPE_OPT,  TYPE_TKEY,	 TYPE_TSIG,
					  TYPE_IXFR, TYPE_AXFR,	 TYPE_MAILB,
					  TYPE_MAILA, 128, 200 };
	struct client_query c = { .name = "dns.test", .type = TYPE_TXT };

	(void)state;
	c.class = 3;
	client_asks(&c);
	client_hears(RCODE_REFUSED);
	log_holds("10.0.0.2 !> [7] Unexpected QCLASS CH (expected IN)\n");
	c.class = CLASS_ANY;
	client_asks(&c);
	client_hears(RCODE_REFUSED);
	log_holds("10.0.0.2 !> [7] Unexpected QCLASS ANY (expected IN)\n");
	c.class = 0;
	for (unsigned i = 0; i < 9; i++) {
		c.type = types[i];
		client_asks(&c);
		client_hears(RCODE_REFUSED);
	}
	log_lines();
	c.type = TYPE_AXFR;
	client_asks(&c);
	client_hears(RCODE_REFUSED);
	log_holds("10.0.0.2 !> [7] Unexpected QTYPE AXFR (not a type of "
		  "data)\n");
	upstream_is_not_asked();
}

/* The question as asked; `at` and `value` spoil it. */
static void
sends_spoiled(size_t at, uint8_t value)
{
	uint8_t bytes[512];
	struct client_query c = { .name = "a.test", .type = TYPE_A,
				  .edns = 1232 };
	size_t len = client_query_write(&c, bytes, sizeof(bytes));

	bytes[at] = value;
	client_sends(bytes, len);
}

static void
malformed_queries_are_formerr(void **state)
{
	(void)state;
	sends_spoiled(5, 0); /* QDCOUNT */
	client_hears(RCODE_FORMERR);
	log_holds("10.0.0.2 !> [7] Empty request\n");
	sends_spoiled(5, 2);
	client_hears(RCODE_FORMERR);
	log_holds("10.0.0.2 !> [7] Request decoding failed: 2 questions "
		  "(expected 1)\n");
	sends_spoiled(7, 1); /* ANCOUNT */
	client_hears(RCODE_FORMERR);
	log_holds("10.0.0.2 !> Request decoding failed: malformed message\n");
	sends_spoiled(12, 64); /* label length */
	client_hears(RCODE_FORMERR);
	assert_int_equal(play.answer.header.qdcount, 0);
	sends_spoiled(12, 0xc0); /* pointer */
	client_hears(RCODE_FORMERR);
	sends_spoiled(34, 9); /* OPT's length */
	client_hears(RCODE_FORMERR);
	sends_spoiled(11, 0); /* ARCOUNT: bytes left over */
	client_hears(RCODE_FORMERR);
	upstream_is_not_asked();
	assert_int_equal(play.stats.malformed, 7);
	assert_int_equal(play.house.queries.in_use, 0);
}

static void
another_edns_version_is_badvers(void **state)
{
	struct client_query c = { .name = "a.test", .type = TYPE_A,
				  .edns = 1232, .version = 1 };

	(void)state;
	client_asks(&c);
	client_hears(RCODE_BADVERS);
	assert_true(play.answer.edns.present);
	assert_int_equal(play.answer.edns.version, 0);
	log_holds("10.0.0.2 !> [7] Unsupported EDNS version 1\n");
}

/* ---- strangers ---- */

static void
a_stranger_hears_little(void **state)
{
	struct client_query c = { .name = "bad.test", .type = TYPE_A,
				  .edns = 1232 };
	uint8_t bytes[512];
	size_t len = client_query_write(&c, bytes, sizeof(bytes));

	(void)state;
	play_from("192.0.2.77");
	client_sends(bytes, len);
	client_hears(RCODE_REFUSED);
	assert_int_equal(heard_ede(), -1);
	assert_true(play.answer.edns.present);
	assert_true(play.heard_len <= len);
	log_holds("192.0.2.77 |> [7] bad.test.\n");
	sends_spoiled(12, 64);
	client_hears(RCODE_REFUSED);
	log_holds("192.0.2.77 !> Request decoding failed: malformed "
		  "message\n");
	assert_int_equal(play.stats.strangers, 2);
}

static void
strangers_are_told_five_times_a_second(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		play_from(i % 2 ? "192.0.2.77" : "192.0.2.78");
		client_says("a.test", TYPE_A);
		client_hears(RCODE_REFUSED);
	}
	for (unsigned i = 0; i < 100; i++) {
		client_says("a.test", TYPE_A);
		client_is_dropped();
	}
	assert_int_equal(play.stats.dropped_rate, 100);
	assert_int_equal(play.house.queries.in_use, 0);
	play.now_ms += 1000;
	client_says("a.test", TYPE_A);
	client_hears(RCODE_REFUSED);
	play_from("10.0.0.2");
	for (unsigned i = 0; i < 20; i++) {
		client_says("other.test", TYPE_A);
		client_hears(RCODE_REFUSED);
	}
}

/* Whichever workers the clients of a prefix meet. */
static void
workers_share_what_strangers_are_told(void **state)
{
	static const unsigned counts[] = { 1, 2, 3, 4, 5, 7, 64 };
	struct addr client;

	(void)state;
	addr_parse("192.0.2.77", 10, &client);
	for (unsigned n = 0; n < sizeof(counts) / sizeof(counts[0]); n++) {
		unsigned told[64] = { 0 };

		for (int64_t ms = 0; ms < 64000; ms += 1000) {
			unsigned all = 0;

			for (unsigned w = 0; w < counts[n]; w++) {
				struct strangers s;
				unsigned before = all;

				strangers_init(&s, &play.random, w, counts[n]);
				for (unsigned i = 0; i < 10; i++)
					all += strangers_may_tell(&s, &client,
								  ms + i);
				told[w] += all - before;
			}
			assert_int_equal(all, STRANGER_RATE);
		}
		for (unsigned w = 0; w < counts[n]; w++)
			assert_true(told[w] > 0);
	}
}

static void
a_client_over_its_rate_is_dropped(void **state)
{
	(void)state;
	shares_fini(&play.house.shares);
	assert_int_equal(shares_init(&play.house.shares, &play.random, 100,
				     10),
			 ERR_NONE);
	for (unsigned i = 0; i < 10; i++) {
		client_says("other.test", TYPE_A);
		client_hears(RCODE_REFUSED);
	}
	client_says("other.test", TYPE_A);
	client_is_dropped();
	assert_int_equal(play.stats.dropped_client_rate, 1);
	play_from("10.0.0.3");
	client_says("other.test", TYPE_A);
	client_hears(RCODE_REFUSED);
	play_from("10.0.0.2");
	play.now_ms += 100; /* a tenth of a second is one query */
	client_says("other.test", TYPE_A);
	client_hears(RCODE_REFUSED);
	client_says("other.test", TYPE_A);
	client_is_dropped();
}

static unsigned
may_ask(const struct addr *client, unsigned times)
{
	unsigned asked = 0;

	for (unsigned i = 0; i < times; i++)
		asked += shares_may_ask(&play.house.shares, client,
					play.now_ms);
	return asked;
}

static void
who_floods_is_held_while_the_kernel_drops(void **state)
{
	const struct addr *client = &play.origin.client.addr;
	struct addr other = *client;

	(void)state;
	other.byte[3]++;
	assert_int_equal(may_ask(client, 20000), 20000);
	shares_overflow(&play.house.shares, play.now_ms);
	/* it has had its share before */
	assert_int_equal(may_ask(client, 20000), 0);
	assert_int_equal(may_ask(&other, 20000), SHARE_BURST);
	play.now_ms += 10;
	assert_int_equal(may_ask(client, 20000), SHARE_WHEN_BEHIND / 100);
	play.now_ms += SHARE_HOLD_MS;
	assert_int_equal(may_ask(client, 20000), 20000);
}

static void
who_goes_on_when_refused_is_known(void **state)
{
	const struct addr *client = &play.origin.client.addr;
	struct shares *s = &play.house.shares;
	struct addr other = *client;

	(void)state;
	may_ask(client, SHARE_BURST);
	shares_overflow(s, play.now_ms);
	/* a hundred others are refused now and then */
	for (unsigned i = 0; i < SHARE_HEAVY_AFTER + 1000; i++) {
		if (i % 10 == 0)
			play.now_ms++;
		other.byte[2] = (uint8_t)(1 + i % 100);
		may_ask(&other, i < 100 ? SHARE_BURST : 1);
		may_ask(client, 2);
	}
	assert_true(addr_equal(&s->heavy[0].client, client));
	assert_true(s->heavy[0].refused >= SHARE_HEAVY_AFTER);
	assert_in_range(s->heavy[0].a_second, SHARE_WHEN_BEHIND + 1000,
			SHARE_WHEN_BEHIND + 40000);
	for (unsigned i = 1; i < SHARE_HEAVY; i++)
		assert_true(s->heavy[i].refused < SHARE_HEAVY_AFTER);
}

static void
who_floods_alone_has_all_that_can_be_done(void **state)
{
	const struct addr *client = &play.origin.client.addr;
	struct addr other = *client;

	(void)state;
	other.byte[3]++;
	shares_behind(&play.house.shares, play.now_ms);
	assert_int_equal(may_ask(client, 20000), 20000);
	assert_int_equal(may_ask(&other, 1), 1);
	assert_int_equal(may_ask(client, 20000), 0);
	play.now_ms += 10;
	assert_int_equal(may_ask(client, 20000), SHARE_WHEN_BEHIND / 100);
	play.now_ms += SHARE_BEHIND_MS;
	assert_int_equal(may_ask(client, 20000), 20000);
}

static void
a_flood_that_goes_on_is_held_longer(void **state)
{
	struct shares *s = &play.house.shares;
	int64_t at = play.now_ms;

	(void)state;
	for (int64_t ms = SHARE_HOLD_MS; ms <= SHARE_HOLD_MOST_MS; ms *= 2) {
		shares_overflow(s, at);
		assert_int_equal(s->overflow.until_ms, at + ms);
		shares_overflow(s, at + 10);
		assert_int_equal(s->overflow.until_ms, at + 10 + ms);
		at = s->overflow.until_ms + 5;
	}
	shares_overflow(s, at);
	assert_int_equal(s->overflow.until_ms, at + SHARE_HOLD_MOST_MS);
	at = s->overflow.until_ms + 2 * SHARE_HOLD_MOST_MS;
	shares_overflow(s, at);
	assert_int_equal(s->overflow.until_ms, at + SHARE_HOLD_MS);
}

static void
a_client_has_not_all_slots(void **state)
{
	uint32_t place;

	(void)state;
	for (unsigned i = 0; i < QUERY_CLIENT_MOST; i++)
		assert_true(shares_take(&play.house.shares,
					&play.origin.client.addr, &place));
	client_says("other.test", TYPE_A);
	client_is_dropped();
	assert_int_equal(play.stats.dropped_client_share, 1);
	assert_int_equal(play.house.queries.in_use, 0);
	play_from("10.0.0.3");
	client_says("other.test", TYPE_A);
	client_hears(RCODE_REFUSED);
	for (unsigned i = 0; i < QUERY_CLIENT_MOST; i++)
		shares_give(&play.house.shares, place);
	play_from("10.0.0.2");
	client_says("other.test", TYPE_A);
	client_hears(RCODE_REFUSED);
}

static void
a_prefix_of_strangers_is_56_bits_of_ipv6(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		play_from(i % 2 ? "2001:db8:0:1::1" : "2001:db8:0:2::1");
		client_says("a.test", TYPE_A);
	}
	assert_int_equal(play.answers, 5);
	assert_int_equal(play.drops, 5);
}

/* ---- when things go wrong ---- */

static void
an_upstream_that_fails_is_servfail(void **state)
{
	static const struct {
		enum upstream_end end;
		int ede;
		const char *log;
	} row[] = {
		{ UPSTREAM_SILENT, EDE_NO_REACHABLE,
		  "10.0.0.2 <! [7] Receiving response from upstream timed "
		  "out\n" },
		{ UPSTREAM_FAILED, EDE_NETWORK_ERROR,
		  "10.0.0.2 <! [7] Sending request to upstream failed\n" },
		{ UPSTREAM_FORGED, EDE_NETWORK_ERROR,
		  "10.0.0.2 <! [7] Response from upstream looked forged and "
		  "TCP failed (see --query-case)\n" },
		{ UPSTREAM_TORN, EDE_NETWORK_ERROR,
		  "10.0.0.2 <! [7] Response decoding failed: malformed "
		  "message\n" },
	};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		client_says("a.test", TYPE_A);
		log_lines();
		upstream_ends(row[i].end, NULL);
		client_hears(RCODE_SERVFAIL);
		heard_is_empty();
		assert_int_equal(heard_ede(), row[i].ede);
		log_holds(row[i].log);
	}
	warden_is_not_asked();
	play.upstream_is_full = true;
	client_says("a.test", TYPE_A);
	client_hears(RCODE_SERVFAIL);
	log_holds("10.0.0.2 -> [7] a.test.\n"
		  "10.0.0.2 <! [7] Too many questions in flight to "
		  "upstream\n");
}

static void
a_grant_that_fails_is_servfail(void **state)
{
	static const struct {
		enum grant_status status;
		int ede;
	} row[] = { { GRANT_REFUSED, EDE_OTHER },
		    { GRANT_FULL, EDE_OTHER },
		    { GRANT_KERNEL, EDE_OTHER },
		    { GRANT_NO_FAMILY, EDE_NOT_READY },
		    { GRANT_DOWN, EDE_NOT_READY },
		    { (enum grant_status)99, EDE_NOT_READY } };

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		client_says("x.wild.test", TYPE_A);
		log_lines();
		upstream_says_address("192.0.2.1", 20);
		warden_says(row[i].status);
		client_hears(RCODE_SERVFAIL);
		heard_is_empty();
		assert_int_equal(heard_ede(), row[i].ede);
		log_holds("10.0.0.2 <! [7] x.wild.test. [192.0.2.1]:TCP:443 "
			  "TTL:20 Firewall configuration failed\n"
			  "10.0.0.2 <! [7] x.wild.test. [192.0.2.1]:UDP:443 "
			  "TTL:20 Firewall configuration failed\n");
	}
	assert_int_equal(play.stats.grants_failed, 6);
}

static void
a_grant_may_fail_at_once(void **state)
{
	(void)state;
	play.warden = WARDEN_FAILS;
	play.warden_fails_with = GRANT_DOWN;
	client_says("a.test", TYPE_A);
	upstream_says_address("192.0.2.1", 20);
	client_hears(RCODE_SERVFAIL);
	heard_is_empty();
}

static void
over_the_rate_is_servfail(void **state)
{
	(void)state;
	client_says("a.test", TYPE_A);
	log_lines();
	upstream_says_address("192.0.2.1", 20);
	warden_says(GRANT_RATE);
	client_hears(RCODE_SERVFAIL);
	assert_int_equal(heard_ede(), EDE_OTHER);
	log_holds("10.0.0.2 <! [7] Too many new grants a second "
		  "(--max-new-grants)\n");
}

static void
no_client_waits_four_seconds(void **state)
{
	(void)state;
	client_says("a.test", TYPE_A);
	time_passes(3400);
	upstream_says_address("192.0.2.1", 20);
	time_passes(450);
	client_hears_nothing();
	time_passes(100);
	client_hears(RCODE_SERVFAIL);
	heard_is_empty();
	assert_int_equal(heard_ede(), EDE_NOT_READY);
	assert_null(play.wait);
	log_holds("10.0.0.2 -> [7] a.test.\n"
		  "10.0.0.2 <! [7] a.test. [192.0.2.1]:TCP:443 TTL:20 "
		  "Firewall configuration failed\n");
	client_says("a.test", TYPE_A);
	time_passes(3949);
	client_hears(RCODE_SERVFAIL);
	/* The question goes on: its answer is for who comes later. */
	assert_true(upstream_has_question());
	log_holds("10.0.0.2 -> [7] a.test.\n"
		  "10.0.0.2 <! [7] Receiving response from upstream timed "
		  "out\n");
	assert_int_equal(play.house.queries.in_use, 0);
	time_passes(200);
	assert_int_equal(next_due(), -1);
}

static void
a_connection_that_is_gone_takes_its_queries_along(void **state)
{
	int here;

	(void)state;
	play.origin.listener = &here;
	play.origin.key = 5;
	client_says("a.test", TYPE_A);
	play.origin.key = 6;
	client_says("x.wild.test", TYPE_A);
	query_forget_origin(&play.house, &here, 4);
	assert_int_equal(play.house.queries.in_use, 2);
	query_forget_origin(&play.house, &here, 5);
	assert_int_equal(play.house.queries.in_use, 1);
	assert_true(play.ask[0].open);
	upstream_says_address("192.0.2.1", 20);
	assert_non_null(play.wait);
	query_forget_origin(&play.house, &here, 6);
	assert_null(play.wait);
	assert_int_equal(play.house.queries.in_use, 0);
	client_hears_nothing();
}

static void
too_many_queries_are_dropped(void **state)
{
	(void)state;
	while (play.house.queries.in_use < QUERY_POOL)
		pool_take(&play.house.queries);
	client_says("a.test", TYPE_A);
	client_is_dropped();
	assert_int_equal(play.stats.dropped_full, 1);
}

/* ---- another policy ---- */

static void
a_policy_that_changes_while_we_ask_is_obeyed(void **state)
{
	(void)state;
	client_says("a.test", TYPE_A);
	play_policy("10.0.0.0/8 -| a.test\n");
	upstream_says_address("192.0.2.1", 20);
	warden_is_not_asked();
	client_hears(RCODE_REFUSED);
	heard_is_empty();
	log_holds("10.0.0.2 -> [7] a.test.\n10.0.0.2 |> [7] a.test.\n");
}

static void
a_policy_that_changes_grants_its_own_ports(void **state)
{
	(void)state;
	client_says("a.test", TYPE_A);
	play_policy("10.0.0.0/8 -> a.test:UDP:53\n");
	upstream_says_address("192.0.2.1", 20);
	warden_is_asked(1, "192.0.2.1", 80);
	assert_int_equal(play.item[0].port, 53);
	warden_says(GRANT_OK);
	client_hears(RCODE_NOERROR);
	log_holds("10.0.0.2 -> [7] a.test.\n"
		  "10.0.0.2 <- [7] a.test. [192.0.2.1]:UDP:53 TTL:20\n");
}

static void
stale_is_asked_again_under_the_new_policy(void **state)
{
	(void)state;
	client_says("a.test", TYPE_A);
	upstream_says_address("192.0.2.1", 20);
	warden_is_asked(1, "192.0.2.1", 80);
	play_policy("10.0.0.0/8 -> a.test:UDP:53\n");
	warden_says(GRANT_STALE);
	upstream_is_asked("a.test", TYPE_A);
	upstream_says_address("192.0.2.1", 20);
	warden_is_asked(1, "192.0.2.1", 80);
	assert_int_equal(play.item[0].port, 53);
	client_hears_nothing();
	warden_says(GRANT_OK);
	client_hears(RCODE_NOERROR);
	log_holds("10.0.0.2 -> [7] a.test.\n"
		  "10.0.0.2 <- [7] a.test. [192.0.2.1]:UDP:53 TTL:20\n");
}

static void
stale_waits_for_a_policy_that_is_on_its_way(void **state)
{
	(void)state;
	client_says("a.test", TYPE_A);
	upstream_says_address("192.0.2.1", 20);
	warden_says(GRANT_STALE);
	assert_false(upstream_has_question());
	client_hears_nothing();
	play_policy("10.0.0.0/8 -| a.test = 192.0.2.4\n");
	time_passes(QUERY_TICK_MS);
	client_hears(RCODE_NOERROR);
	assert_true(heard_address("192.0.2.4", 60));
	assert_int_equal(play.house.again, 0);
	log_holds("10.0.0.2 -> [7] a.test.\n"
		  "10.0.0.2 |> [7] a.test. = 192.0.2.4\n");
}

static void
stale_for_ever_ends(void **state)
{
	(void)state;
	play.warden = WARDEN_FAILS;
	play.warden_fails_with = GRANT_STALE;
	client_says("a.test", TYPE_A);
	for (unsigned i = 0; i < 78; i++) {
		assert_true(upstream_has_question());
		upstream_says_address("192.0.2.1", 20);
		client_hears_nothing();
		time_passes(QUERY_TICK_MS);
	}
	client_hears(RCODE_SERVFAIL);
	heard_is_empty();
	assert_int_equal(play.house.again, 0);
	assert_int_equal(play.house.queries.in_use, 0);
}

/* ---- sizes ---- */

static void
upstream_says_many(unsigned count)
{
	static struct packet p;
	char owner[NAME_TEXT_SIZE], address[32];
	struct text t;

	text_init(&t, owner, sizeof(owner));
	name_print(&last_ask()->q.name, &t);
	packet_answer(&p);
	for (unsigned i = 0; i < count; i++) {
		snprintf(address, sizeof(address), "192.0.2.%u", i + 1);
		packet_address(&p, SECTION_ANSWER, owner, address, 20);
	}
	upstream_says(&p);
}

static const char long_name[] =
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.wild.test";

static void
a_small_client_gets_less_but_all_is_granted(void **state)
{
	struct client_query c = { .name = long_name, .type = TYPE_A };

	(void)state;
	client_asks(&c);
	upstream_says_many(32);
	warden_is_asked(64, "192.0.2.1", 80);
	warden_says(GRANT_OK);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.header.flags & FLAG_TC, FLAG_TC);
	assert_true(play.heard_len <= 512);
	play.origin.stream = true;
	client_asks(&c);
	upstream_says_many(32);
	warden_is_asked(64, "192.0.2.1", 80);
	warden_says(GRANT_OK);
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.header.flags & FLAG_TC, 0);
	assert_int_equal(heard_count(SECTION_ANSWER, TYPE_A), 32);
}

/* An answer of about 4,000 bytes that no alias leads to. */
static void
upstream_says_much(void)
{
	static struct packet p;
	static const uint8_t text[251] = { 250 };
	const struct packet_rr rr = { SECTION_ANSWER, "dns.test", TYPE_TXT,
				      20 };

	packet_answer(&p);
	for (unsigned i = 0; i < 16; i++)
		packet_rr(&p, &rr, text, sizeof(text));
	upstream_says(&p);
}

static void
large_answers_go_whole_by_tcp_only(void **state)
{
	(void)state;
	client_says("dns.test", TYPE_TXT);
	upstream_says_much();
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.header.flags & FLAG_TC, FLAG_TC);
	assert_true(play.heard_len <= EDNS_UDP_SIZE);
	play.origin.stream = true;
	client_says("dns.test", TYPE_TXT);
	upstream_says_much();
	client_hears(RCODE_NOERROR);
	assert_int_equal(play.answer.header.flags & FLAG_TC, 0);
	assert_int_equal(heard_count(SECTION_ANSWER, TYPE_TXT), 16);
	assert_int_equal(play.house.wide.in_use, 0);
}

static void
too_many_large_answers_are_servfail(void **state)
{
	(void)state;
	play.origin.stream = true;
	while (play.house.wide.in_use < QUERY_WIDE_POOL)
		pool_take(&play.house.wide);
	client_says("dns.test", TYPE_TXT);
	log_lines();
	upstream_says_much();
	client_hears(RCODE_SERVFAIL);
	heard_is_empty();
	log_holds("10.0.0.2 <! [7] Too many large answers at one time\n");
}

#define STORY(f) cmocka_unit_test_setup_teardown(f, begin, story_ends)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(an_answer_waits_for_the_kernel),
		STORY(what_is_granted_already_waits_for_nobody),
		STORY(the_client_sees_its_own_case),
		STORY(every_port_is_granted),
		STORY(dns_only_opens_nothing),
		STORY(dns_only_forwards_any_type),
		STORY(both_arrows_forward_and_grant),
		STORY(flags_and_do_go_upstream),
		STORY(a_query_without_rd_is_forwarded),
		STORY(nobody_allowed_is_denied),
		STORY(a_block_blocks_every_type),
		STORY(a_block_stands_against_a_dns_star),
		STORY(a_blocked_name_is_answered_locally),
		STORY(a_local_answer_has_one_family),
		STORY(a_local_answer_may_be_ipv6),
		STORY(labels_are_not_text),
		STORY(any_is_a_short_story),
		STORY(any_under_dns_only_goes_by_tcp),
		STORY(other_types_are_empty),
		STORY(fragments_and_responses_are_dropped),
		STORY(other_opcodes_are_not_implemented),
		STORY(classes_and_meta_types_are_refused),
		STORY(malformed_queries_are_formerr),
		STORY(another_edns_version_is_badvers),
		STORY(a_stranger_hears_little),
		STORY(strangers_are_told_five_times_a_second),
		STORY(workers_share_what_strangers_are_told),
		STORY(a_client_over_its_rate_is_dropped),
		STORY(who_floods_is_held_while_the_kernel_drops),
		STORY(who_goes_on_when_refused_is_known),
		STORY(who_floods_alone_has_all_that_can_be_done),
		STORY(a_flood_that_goes_on_is_held_longer),
		STORY(a_client_has_not_all_slots),
		STORY(a_prefix_of_strangers_is_56_bits_of_ipv6),
		STORY(an_upstream_that_fails_is_servfail),
		STORY(a_grant_that_fails_is_servfail),
		STORY(a_grant_may_fail_at_once),
		STORY(over_the_rate_is_servfail),
		STORY(no_client_waits_four_seconds),
		STORY(a_connection_that_is_gone_takes_its_queries_along),
		STORY(too_many_queries_are_dropped),
		STORY(a_policy_that_changes_while_we_ask_is_obeyed),
		STORY(a_policy_that_changes_grants_its_own_ports),
		STORY(stale_is_asked_again_under_the_new_policy),
		STORY(stale_waits_for_a_policy_that_is_on_its_way),
		STORY(stale_for_ever_ends),
		STORY(a_small_client_gets_less_but_all_is_granted),
		STORY(large_answers_go_whole_by_tcp_only),
		STORY(too_many_large_answers_are_servfail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
