/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lists do to questions and answers, row by row. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "query/zones.h"

static const char acl[] = "10.0.0.0/8 ~> *\n";

static int
begin(void **state)
{
	(void)state;
	play_begin(acl);
	play.warden = WARDEN_KNOWS;
	return 0;
}

static int
end(void **state)
{
	play_end();
	zones_end();
	(void)state;
	return 0;
}

/* says: NULL where no upstream is asked. then: what it says of the name that
 * it is asked next. */
struct row {
	const char *zone[ZONES_MOST];
	const char *asks, *says, *hears, *then;
};

static void
play_rows(const struct row *row, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *r = &row[i];
		const char *got;

		zones_are(r->zone);
		play.asked = 0;
		client_asks_text(r->asks);
		if (r->says != NULL && upstream_has_question())
			upstream_says_text(r->says);
		if (r->then != NULL && upstream_has_question())
			upstream_says_text(r->then);
		got = heard();
		if (strcmp(got, r->hears) != 0 ||
		    play.asked !=
			(unsigned)(r->says != NULL) + (r->then != NULL))
			fail_msg("row %zu (%s): %s (asked %u), not %s", i,
				 r->asks, got, play.asked, r->hears);
		log_lines();
	}
}

#define PLAY(rows) play_rows(rows, sizeof(rows) / sizeof((rows)[0]))
#define SOA0	   "; ADDITIONAL z0. SOA"
#define SOA1	   "; ADDITIONAL z1. SOA"

/* ---- actions --------------------------------------------------------------
 */

static void
each_action_is_done(void **state)
{
	static const struct row rows[] = {
		{ { "bad.test CNAME ." },
		  "bad.test",
		  NULL,
		  "NXDOMAIN" SOA0,
		  NULL },
		{ { "bad.test CNAME *." },
		  "bad.test",
		  NULL,
		  "NOERROR" SOA0,
		  NULL },
		{ { "bad.test CNAME rpz-drop." },
		  "bad.test",
		  NULL,
		  "silence",
		  NULL },
		{ { "bad.test CNAME rpz-tcp-only." },
		  "bad.test",
		  NULL,
		  "TC NOERROR",
		  NULL },
		{ { "bad.test CNAME rpz-passthru." },
		  "bad.test",
		  "bad.test A 192.0.2.1",
		  "NOERROR; bad.test. A 192.0.2.1",
		  NULL },
		{ { "bad.test CNAME bad.test." },
		  "bad.test",
		  "bad.test A 192.0.2.1",
		  "NOERROR; bad.test. A 192.0.2.1",
		  NULL },
		{ { "!refused bad.test CNAME ." },
		  "bad.test",
		  NULL,
		  "REFUSED",
		  NULL },
		{ { "!null bad.test CNAME ." },
		  "bad.test",
		  NULL,
		  "NOERROR; bad.test. A 0.0.0.0" SOA0,
		  NULL },
		{ { "!null bad.test CNAME ." },
		  "bad.test AAAA",
		  NULL,
		  "NOERROR; bad.test. AAAA ::" SOA0,
		  NULL },
		{ { "!null bad.test CNAME ." },
		  "bad.test TXT",
		  NULL,
		  "NOERROR" SOA0,
		  NULL },
		{ { "!address 198.51.100.1 bad.test CNAME ." },
		  "bad.test",
		  NULL,
		  "NOERROR; bad.test. A 198.51.100.1" SOA0,
		  NULL },
		{ { "!address 198.51.100.1 bad.test CNAME ." },
		  "bad.test AAAA",
		  NULL,
		  "NOERROR" SOA0,
		  NULL },
		{ { "!log bad.test CNAME ." },
		  "bad.test",
		  "bad.test A 192.0.2.1",
		  "NOERROR; bad.test. A 192.0.2.1",
		  NULL },
		{ { "!nodata bad.test CNAME rpz-passthru." },
		  "bad.test",
		  NULL,
		  "NOERROR" SOA0,
		  NULL },
		{ { "!soa-none bad.test CNAME ." },
		  "bad.test",
		  NULL,
		  "NXDOMAIN",
		  NULL },
		{ { "!soa-authority bad.test CNAME ." },
		  "bad.test",
		  NULL,
		  "NXDOMAIN; AUTHORITY z0. SOA",
		  NULL },
		{ { "!soa-authority bad.test A 192.0.2.9" },
		  "bad.test",
		  NULL,
		  "NOERROR; bad.test. A 192.0.2.9; ADDITIONAL z0. SOA",
		  NULL },
	};

	(void)state;
	PLAY(rows);
}

static void
local_data_has_all_types(void **state)
{
	static const char data[] = "a.test A 192.0.2.1|a.test A 192.0.2.2|"
				   "a.test MX 10 mx.test.|*.w.test A 192.0.2.3";
	static const struct row rows[] = {
		{ { data },
		  "A.test",
		  NULL,
		  "NOERROR; A.test. A 192.0.2.1; A.test. A 192.0.2.2" SOA0,
		  NULL },
		{ { data },
		  "a.test MX",
		  NULL,
		  "NOERROR; a.test. MX" SOA0,
		  NULL },
		{ { data }, "a.test AAAA", NULL, "NOERROR" SOA0, NULL },
		{ { data },
		  "a.test ANY",
		  NULL,
		  "NOERROR; a.test. A 192.0.2.1; a.test. A 192.0.2.2; "
		  "a.test. MX" SOA0,
		  NULL },
		{ { data },
		  "x.w.test",
		  NULL,
		  "NOERROR; x.w.test. A 192.0.2.3" SOA0,
		  NULL },
		{ { data },
		  "x.test",
		  "x.test CNAME a.test; a.test A 192.0.2.7",
		  "NOERROR; x.test. CNAME a.test.; a.test. A 192.0.2.1; "
		  "a.test. A 192.0.2.2" SOA0,
		  NULL },
	};

	(void)state;
	PLAY(rows);
}

static void
a_list_leads_elsewhere(void **state)
{
	static const char wild[] = "*.a.test CNAME *.garden.test.";
	static const struct row rows[] = {
		{ { "a.test CNAME g.test." },
		  "a.test",
		  "g.test A 192.0.2.1",
		  "NOERROR; a.test. CNAME g.test.; g.test. A 192.0.2.1" SOA0,
		  NULL },
		{ { "a.test CNAME g.test." },
		  "a.test CNAME",
		  NULL,
		  "NOERROR; a.test. CNAME g.test." SOA0,
		  NULL },
		{ { "a.test CNAME g.test." },
		  "a.test",
		  "NXDOMAIN test SOA",
		  "NXDOMAIN; a.test. CNAME g.test." SOA0,
		  NULL },
		/* what it leads to is not held against lists */
		{ { "a.test CNAME g.test.|g.test CNAME .|"
		    "32.1.2.0.192.rpz-ip CNAME ." },
		  "a.test",
		  "g.test A 192.0.2.1",
		  "NOERROR; a.test. CNAME g.test.; g.test. A 192.0.2.1" SOA0,
		  NULL },
		{ { "a.test CNAME g.test." },
		  "a.test",
		  "g.test CNAME h.test; h.test A 192.0.2.1; x.test A 192.0.2.2",
		  "NOERROR; a.test. CNAME g.test.; g.test. CNAME h.test.; "
		  "h.test. A 192.0.2.1" SOA0,
		  NULL },
		{ { wild },
		  "x.y.a.test",
		  "x.y.a.test.garden.test A 192.0.2.1",
		  "NOERROR; x.y.a.test. CNAME x.y.a.test.garden.test.; "
		  "x.y.a.test.garden.test. A 192.0.2.1" SOA0,
		  NULL },
		{ { "!cname g.test a.test CNAME ." },
		  "a.test",
		  "g.test A 192.0.2.1",
		  "NOERROR; a.test. CNAME g.test.; g.test. A 192.0.2.1" SOA0,
		  NULL },
		{ { "!wild g.test a.test CNAME ." },
		  "a.test",
		  "a.test.g.test A 192.0.2.1",
		  "NOERROR; a.test. CNAME a.test.g.test.; "
		  "a.test.g.test. A 192.0.2.1" SOA0,
		  NULL },
		{ { "!cname g.test * CNAME ." },
		  "g.test",
		  "g.test A 192.0.2.1",
		  "NOERROR; g.test. A 192.0.2.1",
		  NULL },
		{ { "a.test CNAME g.test." },
		  "a.test",
		  "g.test CNAME a.test; a.test A 192.0.2.1",
		  "SERVFAIL",
		  NULL },
		{ { "a.test CNAME g.test." },
		  "a.test",
		  "SERVFAIL",
		  "SERVFAIL; a.test. CNAME g.test." SOA0,
		  NULL },
		{ { "b.test CNAME g.test." },
		  "a.test",
		  "a.test CNAME b.test; b.test A 192.0.2.1",
		  "NOERROR; a.test. CNAME b.test.; b.test. CNAME g.test.; "
		  "g.test. A 192.0.2.9" SOA0,
		  "g.test A 192.0.2.9" },
	};

	(void)state;
	PLAY(rows);
}

static void
a_target_that_is_too_long_is_said(void **state)
{
	enum { LONG = 63 };
	char label[LONG + 1], zone[ZONE_TEXT], asks[NAME_TEXT_SIZE];
	const char *const zones[ZONES_MOST] = { zone };

	(void)state;
	memset(label, 'x', LONG);
	label[LONG] = '\0';
	snprintf(zone, sizeof(zone), "*.a.test CNAME *.%s.%s.", label, label);
	snprintf(asks, sizeof(asks), "%s.%s.a.test", label, label);
	zones_are(zones);
	client_asks_text(asks);
	assert_string_equal(heard(), "YXDOMAIN" SOA0);
}

/* ---- precedence -----------------------------------------------------------
 */

static void
the_first_name_of_the_chain_decides(void **state)
{
	static const char chain[] = "a.test CNAME b.test; b.test CNAME c.test; "
				    "c.test A 192.0.2.1";
	static const struct row rows[] = {
		{ { "c.test CNAME .|32.1.2.0.192.rpz-ip CNAME .",
		    "b.test CNAME *." },
		  "a.test",
		  chain,
		  "NOERROR; a.test. CNAME b.test." SOA1,
		  NULL },
		{ { "c.test CNAME ." },
		  "a.test",
		  chain,
		  "NXDOMAIN; a.test. CNAME b.test.; b.test. CNAME c.test." SOA0,
		  NULL },
		{ { "32.1.2.0.192.rpz-ip CNAME .",
		    "b.test CNAME rpz-passthru." },
		  "a.test",
		  chain,
		  "NOERROR; a.test. CNAME b.test.; b.test. CNAME c.test.; "
		  "c.test. A 192.0.2.1",
		  NULL },
		{ { "32.1.2.0.192.rpz-ip CNAME .",
		    "a.test CNAME rpz-passthru." },
		  "a.test",
		  chain,
		  "NOERROR; a.test. CNAME b.test.; b.test. CNAME c.test.; "
		  "c.test. A 192.0.2.1",
		  NULL },
		{ { "32.1.2.0.192.rpz-ip CNAME .",
		    "c.test CNAME rpz-passthru." },
		  "a.test",
		  chain,
		  "NXDOMAIN; a.test. CNAME b.test.; b.test. CNAME c.test." SOA0,
		  NULL },
		{ { "c.test CNAME ." },
		  "a.test",
		  "NXDOMAIN a.test CNAME c.test; test SOA",
		  "NXDOMAIN; a.test. CNAME c.test." SOA0,
		  NULL },
		{ { "b.test CNAME rpz-tcp-only." },
		  "a.test",
		  "NXDOMAIN a.test CNAME b.test; test SOA",
		  "TC NXDOMAIN",
		  NULL },
	};

	(void)state;
	PLAY(rows);
}

static void
the_first_list_decides(void **state)
{
	static const struct row rows[] = {
		{ { "a.test CNAME *.", "a.test CNAME ." },
		  "a.test",
		  NULL,
		  "NOERROR" SOA0,
		  NULL },
		{ { "*.test CNAME *.", "a.test CNAME ." },
		  "a.test",
		  NULL,
		  "NOERROR" SOA0,
		  NULL },
		{ { "a.test CNAME *.", "32.1.2.0.192.rpz-ip CNAME ." },
		  "a.test",
		  NULL,
		  "NOERROR" SOA0,
		  NULL },
		/* the question waits for the addresses of an earlier list */
		{ { "32.1.2.0.192.rpz-ip CNAME .", "a.test CNAME *." },
		  "a.test",
		  "a.test A 192.0.2.1",
		  "NXDOMAIN" SOA0,
		  NULL },
		{ { "32.1.2.0.192.rpz-ip CNAME .", "a.test CNAME *." },
		  "a.test",
		  "a.test A 192.0.2.2",
		  "NOERROR" SOA1,
		  NULL },
		{ { "32.1.2.0.192.rpz-ip CNAME .", "a.test CNAME *." },
		  "a.test",
		  "SERVFAIL",
		  "NOERROR" SOA1,
		  NULL },
		/* but for a type that has none */
		{ { "32.1.2.0.192.rpz-ip CNAME .", "a.test CNAME *." },
		  "a.test TXT",
		  NULL,
		  "NOERROR" SOA1,
		  NULL },
		/* nor for a list that only logs */
		{ { "!log 32.1.2.0.192.rpz-ip CNAME .", "a.test CNAME *." },
		  "a.test",
		  NULL,
		  "NOERROR" SOA1,
		  NULL },
		{ { "32.1.2.0.192.rpz-ip CNAME rpz-passthru.",
		    "a.test CNAME *." },
		  "a.test",
		  "a.test A 192.0.2.1",
		  "NOERROR; a.test. A 192.0.2.1",
		  NULL },
		{ { "a.test CNAME rpz-passthru.",
		    "32.1.2.0.192.rpz-ip CNAME ." },
		  "a.test",
		  "a.test A 192.0.2.1",
		  "NOERROR; a.test. A 192.0.2.1",
		  NULL },
		{ { "32.1.2.0.192.rpz-ip CNAME .",
		    "a.test CNAME rpz-passthru." },
		  "a.test",
		  "a.test A 192.0.2.1",
		  "NXDOMAIN" SOA0,
		  NULL },
		{ { "!log a.test CNAME .", "a.test CNAME *." },
		  "a.test",
		  NULL,
		  "NOERROR" SOA1,
		  NULL },
		{ { "!passthru a.test CNAME .", "a.test CNAME ." },
		  "a.test",
		  "a.test A 192.0.2.1",
		  "NOERROR; a.test. A 192.0.2.1",
		  NULL },
	};

	(void)state;
	PLAY(rows);
}

static void
in_one_list_the_first_trigger_decides(void **state)
{
	static const struct row rows[] = {
		{ { "32.2.0.0.10.rpz-client-ip CNAME *.|a.test CNAME ." },
		  "a.test",
		  NULL,
		  "NOERROR" SOA0,
		  NULL },
		{ { "a.test CNAME .", "32.2.0.0.10.rpz-client-ip CNAME *." },
		  "a.test",
		  NULL,
		  "NXDOMAIN" SOA0,
		  NULL },
		{ { "8.0.0.0.10.rpz-client-ip CNAME .|"
		    "32.2.0.0.10.rpz-client-ip CNAME rpz-passthru." },
		  "x.test",
		  "x.test A 192.0.2.1",
		  "NOERROR; x.test. A 192.0.2.1",
		  NULL },
		{ { "a.test CNAME *.|32.1.2.0.192.rpz-ip CNAME ." },
		  "a.test",
		  NULL,
		  "NOERROR" SOA0,
		  NULL },
		{ { "24.0.2.0.192.rpz-ip CNAME *.|32.7.2.0.192.rpz-ip CNAME "
		    "." },
		  "a.test",
		  "a.test A 192.0.2.1; a.test A 192.0.2.7",
		  "NXDOMAIN" SOA0,
		  NULL },
		{ { "32.9.2.0.192.rpz-ip CNAME *.|32.7.2.0.192.rpz-ip CNAME "
		    "." },
		  "a.test",
		  "a.test A 192.0.2.9; a.test A 192.0.2.7",
		  "NXDOMAIN" SOA0,
		  NULL },
		{ { "32.9.2.0.192.rpz-ip CNAME *.",
		    "32.7.2.0.192.rpz-ip CNAME ." },
		  "a.test",
		  "a.test A 192.0.2.7; a.test A 192.0.2.9",
		  "NOERROR" SOA0,
		  NULL },
		{ { "x.a.test CNAME *.|*.a.test CNAME ." },
		  "x.a.test",
		  NULL,
		  "NOERROR" SOA0,
		  NULL },
		{ { "*.a.test CNAME .|*.b.a.test CNAME *." },
		  "x.b.a.test",
		  NULL,
		  "NOERROR" SOA0,
		  NULL },
		{ { "*.a.test CNAME .|b.a.test CNAME *." },
		  "x.b.a.test",
		  "x.b.a.test A 192.0.2.1",
		  "NOERROR; x.b.a.test. A 192.0.2.1",
		  NULL },
	};

	(void)state;
	PLAY(rows);
}

static void
lists_are_for_whom_they_say(void **state)
{
	static const struct row rows[] = {
		{ { "!net 10.0.0.2/32 a.test CNAME ." },
		  "a.test",
		  NULL,
		  "NXDOMAIN" SOA0,
		  NULL },
		{ { "!net 10.0.0.3/32 a.test CNAME ." },
		  "a.test",
		  "a.test A 192.0.2.1",
		  "NOERROR; a.test. A 192.0.2.1",
		  NULL },
		{ { "!net 10.0.0.3/32 32.1.2.0.192.rpz-ip CNAME .",
		    "a.test CNAME *." },
		  "a.test",
		  NULL,
		  "NOERROR" SOA1,
		  NULL },
	};

	(void)state;
	PLAY(rows);
}

/* ---- around it ------------------------------------------------------------
 */

static void
by_tcp_who_was_sent_there_is_answered(void **state)
{
	static const char *const zone[ZONES_MOST] = {
		"a.test CNAME rpz-tcp-only.", "a.test CNAME ."
	};

	(void)state;
	zones_are(zone);
	play.origin.stream = true;
	client_says("a.test", TYPE_A);
	upstream_says_text("a.test A 192.0.2.1");
	assert_string_equal(heard(), "NOERROR; a.test. A 192.0.2.1");
}

static int
heard_ede_for(const char *zone)
{
	const char *const zones[ZONES_MOST] = { zone };

	zones_are(zones);
	client_says("a.test", TYPE_A);
	heard();
	return heard_ede();
}

static void
the_error_code_fits_what_was_done(void **state)
{
	(void)state;
	assert_int_equal(heard_ede_for("a.test CNAME ."), EDE_BLOCKED);
	heard_text_is("list z0");
	assert_int_equal(heard_ede_for("a.test A 192.0.2.1"), EDE_FORGED);
	assert_int_equal(heard_ede_for("8.0.0.0.10.rpz-client-ip CNAME ."),
			 EDE_PROHIBITED);
	assert_int_equal(heard_ede_for("!ede 16 a.test CNAME ."), EDE_CENSORED);
	assert_int_equal(heard_ede_for("!ede 65535 a.test CNAME ."), -1);
	assert_int_equal(heard_ede_for("!nick Malware a.test CNAME ."),
			 EDE_BLOCKED);
	heard_text_is("Malware");
}

static void
times_are_capped(void **state)
{
	static const char *const zone[ZONES_MOST] = {
		"a.test 3600 A 192.0.2.1|b.test 20 A 192.0.2.2"
	};

	(void)state;
	zones_are(zone);
	client_says("a.test", TYPE_A);
	heard();
	assert_true(heard_address("192.0.2.1", 300));
	client_says("b.test", TYPE_A);
	heard();
	assert_true(heard_address("192.0.2.2", 20));
	/* MINIMUM of the SOA */
	assert_int_equal(play.answer.rr[1].ttl, 30);
}

static void
what_a_list_says_is_never_granted(void **state)
{
	static const char *const zone[ZONES_MOST] = {
		"a.test A 192.0.2.1|b.test CNAME g.test."
	};

	(void)state;
	play_policy("10.0.0.0/8 -> *.test:TCP:443\n");
	zones_are(zone);
	client_says("a.test", TYPE_A);
	assert_string_equal(heard(), "NOERROR; a.test. A 192.0.2.1" SOA0);
	client_says("b.test", TYPE_A);
	upstream_says_text("g.test A 192.0.2.9");
	assert_string_equal(heard(), "NOERROR; b.test. CNAME g.test.; "
				     "g.test. A 192.0.2.9" SOA0);
	warden_is_not_asked();
}

static void
an_address_of_a_later_list_is_not_granted(void **state)
{
	static const char *const zone[ZONES_MOST] = {
		"32.1.2.0.192.rpz-ip CNAME rpz-passthru.",
		"32.2.2.0.192.rpz-ip CNAME .|32.1.2.0.192.rpz-ip CNAME ."
	};

	(void)state;
	play_policy("10.0.0.0/8 -> *.test:TCP:443\n");
	zones_are(zone);
	client_says("a.test", TYPE_A);
	upstream_says_text("a.test A 192.0.2.1; a.test A 192.0.2.2");
	assert_string_equal(heard(), "NOERROR; a.test. A 192.0.2.1");
	warden_is_asked(1, "192.0.2.1", 160);
}

static void
a_rule_that_spells_it_out_comes_first(void **state)
{
	static const char *const zone[ZONES_MOST] = {
		"a.test CNAME .|c.test CNAME .|8.0.0.0.10.rpz-client-ip CNAME "
		".|"
		"32.1.2.0.192.rpz-ip CNAME ."
	};

	(void)state;
	play_policy("10.0.0.0/8 ~> a.test\n10.0.0.0/8 ~> *\n"
		    "10.0.0.0/8 -| b.test\n");
	zones_are(zone);
	client_says("a.test", TYPE_A);
	upstream_says_text("a.test CNAME c.test; c.test A 192.0.2.1");
	assert_string_equal(heard(), "NOERROR; a.test. CNAME c.test.; "
				     "c.test. A 192.0.2.1");
	client_says("b.test", TYPE_A);
	assert_string_equal(heard(), "REFUSED");
	client_says("d.test", TYPE_A);
	assert_string_equal(heard(), "NXDOMAIN" SOA0);
}

/* The answer that comes is for the name of the old lists. */
static void
a_new_policy_while_another_name_is_asked(void **state)
{
	static const char *const old[ZONES_MOST] = { "a.test CNAME g.test." };
	static const char *const new[ZONES_MOST] = { "x.test CNAME ." };

	(void)state;
	zones_are(old);
	client_says("a.test", TYPE_A);
	upstream_is_asked("g.test", TYPE_A);
	zones_are(new);
	play_policy("10.0.0.0/8 ~> *\n");
	upstream_says_text("g.test A 192.0.2.9");
	assert_string_equal(heard(), "nothing yet");
	upstream_is_asked("a.test", TYPE_A);
	upstream_says_text("a.test A 192.0.2.1");
	assert_string_equal(heard(), "NOERROR; a.test. A 192.0.2.1");
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(each_action_is_done),
		STORY(local_data_has_all_types),
		STORY(a_list_leads_elsewhere),
		STORY(a_target_that_is_too_long_is_said),
		STORY(the_first_name_of_the_chain_decides),
		STORY(the_first_list_decides),
		STORY(in_one_list_the_first_trigger_decides),
		STORY(lists_are_for_whom_they_say),
		STORY(by_tcp_who_was_sent_there_is_answered),
		STORY(the_error_code_fits_what_was_done),
		STORY(times_are_capped),
		STORY(what_a_list_says_is_never_granted),
		STORY(an_address_of_a_later_list_is_not_granted),
		STORY(a_rule_that_spells_it_out_comes_first),
		STORY(a_new_policy_while_another_name_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
