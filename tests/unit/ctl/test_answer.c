/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of the control process, from made-up pages. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "ctl/answer.h"
#include "pages.h"

static const char acl[] = "10.0.0.0/8 -> www.example:TCP:443\n"
			  "10.0.0.0/8 -> *.example:UDP:53\n"
			  "10.0.0.0/8 -| bad.example\n"
			  "10.0.0.0/8 -| local.example = 192.0.2.9\n"
			  "10.0.0.0/8 ~> *\n"
			  "10.1.0.0/16 -> only.example:TCP:80\n"
			  "10.1.0.0/16 -> *.only.example:TCP:80\n"
			  "10.1.0.0/16 -| *\n"
			  "2001:db8::/32 -> six.example:TCP:443\n"
			  "192.0.2.7 -> g.example:TCP:1\n";

struct lab {
	struct pages pages;
	struct answer answer;
	bool begun;
};

static const char *
ask(struct lab *l, const char *line)
{
	if (l->begun)
		answer_free(&l->answer);
	answer_request(&l->answer, &l->pages.view, line, strlen(line));
	l->begun = true;
	return l->answer.text.buf;
}

static int
set_up(void **state)
{
	struct lab *l = calloc(1, sizeof(*l));

	*state = l;
	return l != NULL && pages_init(&l->pages, acl) ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct lab *l = *state;

	if (l->begun)
		answer_free(&l->answer);
	pages_fini(&l->pages);
	free(l);
	return 0;
}

static void
assert_has(const char *text, const char *line)
{
	if (strstr(text, line) == NULL)
		fail_msg("no \"%s\" in:\n%s", line, text);
}

static void
assert_lacks(const char *text, const char *line)
{
	if (strstr(text, line) != NULL)
		fail_msg("\"%s\" in:\n%s", line, text);
}

static void
healthy_status(void **state)
{
	struct lab *l = *state;
	const char *text;

	l->pages.state.child[0].restarts = 2;
	l->pages.state.child[0].measured_pid = 815;
	l->pages.state.child[0].resident_kib = 3212;
	l->pages.state.child[0].most_kib = 72848;
	l->pages.stats[0].queries_udp = 40;
	l->pages.stats[1].queries_udp = 2;
	l->pages.board.live = 7;
	text = ask(l, "status");
	assert_int_equal(strncmp(text, "ok\nversion 2.0.0\nstate ok\n", 25),
			 0);
	assert_has(text, "\npid 812\nuptime 65s\n");
	assert_has(text, "\nlandlock version=7 files=shut tcp=shut\n");
	assert_has(text, "\npolicy generation=3 rules=10 nets=4\n");
	assert_has(text, "\nlisten 192.0.2.1@53\n");
	assert_has(text, "\nchild worker 0 pid=815 restarts=2 ready\n");
	assert_has(text, "\nmemory worker 0 resident=3212KiB "
			 "most=72848KiB\n");
	assert_lacks(text, "memory warden");
	assert_has(text, "\nfirewall iptables chain=LAN-OUT sets=LAN-OUT "
			 "up\n");
	assert_has(text, "\nfirewall ipv4 rules placed references=1 "
			 "local=1\n");
	assert_has(text, "\nfirewall ipv6 off: no chain for this family\n");
	assert_has(text, "\ngrants_live 7\n");
	assert_has(text, "\nqueries_udp 42\n");
	assert_has(text, "\nrecords_lost 0\n");
}

static void
counters_have_one_name_each(void **state)
{
	struct lab *l = *state;
	const char *line = strstr(ask(l, "status"), "\ngrants_live ");
	char key[64];

	assert_non_null(line);
	for (; line[1] != '\0'; line = strchr(line + 1, '\n')) {
		size_t len = strcspn(line, " =");

		assert_true(len < sizeof(key) - 1);
		memcpy(key, line, len + 1);
		key[len + 1] = '\0';
		if (strstr(line + 1, key) != NULL)
			fail_msg("twice:%s", key);
	}
}

static void
status_never_reports_health_it_lacks(void **state)
{
	struct lab *l = *state;
	struct pages *p = &l->pages;
	const char *text;

	p->board.references[SET_V4] = 0;
	text = ask(l, "status");
	assert_has(text, "\nstate degraded: ipv4 rules missing\n");
	assert_has(text, "\nfirewall ipv4 rules missing references=0");
	p->board.references[SET_V4] = 1;
	p->board.references[SET_V4_LOCAL] = 0;
	assert_has(ask(l, "status"), "degraded: ipv4 local rules missing\n");
	p->board.references[SET_V4_LOCAL] = 1;
	assert_has(ask(l, "status"), "\nstate ok\n");

	p->board.family6 = 1;
	assert_has(ask(l, "status"), "degraded: ipv6 rules missing\n");
	p->board.family6 = 0;
	p->board.firewall_up = 0;
	text = ask(l, "status");
	assert_has(text, "degraded: entries are missing and being put back; "
			 "nothing is granted until it is repaired\n");
	p->board.finding[SET_V4_LOCAL] = SET_EMPTIED;
	p->board.rules = RULES_NO_CHAIN;
	text = ask(l, "status");
	assert_has(text, "degraded: the chain is gone; ipv4 local set was "
			 "emptied; nothing is granted");
	p->board.finding[SET_V4_LOCAL] = SET_SOUND;
	p->board.rules = RULES_STAND;
	text = ask(l, "status");
	assert_has(text, "sets=LAN-OUT down\n");
	p->board.firewall_up = 1;
	p->board.family4 = 0;
	assert_has(ask(l, "status"), "degraded: rules exist for no family\n");
	p->board.family4 = 1;
	p->view.board = NULL;
	assert_has(ask(l, "status"), "firewall state is not known\n");
}

static void
status_tells_of_a_warden_that_is_held_up(void **state)
{
	struct lab *l = *state;
	struct board *b = &l->pages.board;

	b->beat_ms = clock_ms();
	assert_has(ask(l, "status"), "\nstate ok\n");
	b->beat_ms = clock_ms() - 2 * BOARD_OLD_MS;
	assert_has(ask(l, "status"), "degraded: the warden is held up, "
				     "firewall state is old\n");
}

static void
status_tells_of_full_sets(void **state)
{
	struct lab *l = *state;
	struct board *b = &l->pages.board;

	b->set_limit[SET_V4] = b->set_limit[SET_V6_LOCAL] = 48;
	b->set_live[SET_V4] = 47;
	assert_has(ask(l, "status"), "\nstate ok\n");
	b->set_live[SET_V4] = b->set_live[SET_V6_LOCAL] = 48;
	assert_has(ask(l, "status"),
		   "\nstate degraded: ipv4 set is full (48 of 48): new grants "
		   "are refused; ipv6 local set is full (48 of 48): new "
		   "grants are refused\n");
	b->set_live[SET_V4] = b->set_live[SET_V6_LOCAL] = 3;
	assert_has(ask(l, "status"), "\nstate ok\n");
	b->full_ms[SET_V4] = clock_ms();
	assert_has(ask(l, "status"), "ipv4 set is full (3 of 48)");
	b->full_ms[SET_V4] = clock_ms() - 5000;
	assert_has(ask(l, "status"), "\nstate ok\n");
}

static void
status_misses_children(void **state)
{
	struct lab *l = *state;
	struct pages *p = &l->pages;
	const char *text;

	p->state.child[1].pid = 0;
	text = ask(l, "status");
	assert_has(text, "degraded: warden 0 is not ready; no warden is "
			 "ready, firewall state is old\n");
	assert_has(text, "\nchild warden 0 pid=0 restarts=0 not running\n");
	p->state.child[1].pid = 814;
	p->state.child[0].ready = 0;
	text = ask(l, "status");
	assert_has(text, "worker 0 is not ready; no worker is ready\n");
	assert_has(text, "\nchild worker 0 pid=815 restarts=0 starting\n");
	p->state.child[0].ready = 1;
	p->state.generation = 4;
	text = ask(l, "status");
	assert_has(text, "control has another policy than is in force\n");
	assert_has(text, "\npolicy generation=4\n");
	p->state.generation = 3;
	p->state.bind_count = 0;
	assert_has(ask(l, "status"), "degraded: there is no listener\n");
}

static void
status_without_firewall(void **state)
{
	struct lab *l = *state;
	const char *text;

	l->pages.opt.firewall = FIREWALL_NONE;
	l->pages.board.firewall_up = 0;
	l->pages.state.child[1].role = ROLE_WORKER;
	text = ask(l, "status");
	assert_has(text, "\nstate ok\n");
	assert_has(text, "\nfirewall none\n");
	assert_lacks(text, "firewall ipv4");
}

static void
state_page_is_not_an_index(void **state)
{
	struct lab *l = *state;
	struct pages *p = &l->pages;

	p->state.children = 0xffffffff;
	p->state.bind_count = 0xffffffff;
	p->state.child[0].role = 0xffffffff;
	assert_has(ask(l, "status"), "\nchild unknown 0 pid=815");
}

static void
paths_are_shown_printable(void **state)
{
	struct lab *l = *state;
	const char *text;

	strcpy(l->pages.opt.acl_file, "/etc/\x1b[2J\xc3\xa4");
	text = ask(l, "status");
	for (; *text != '\0'; text++)
		assert_true(*text == '\n' || (*text >= 32 && *text < 127));
}

static void
grants_sorted_by_client_and_end(void **state)
{
	struct lab *l = *state;
	const struct pages_grant g[] = {
		{ "10.0.0.3", "203.0.113.5", 443, 12, 20000 },
		{ "10.0.0.2", "203.0.113.5", 443, 12, 30000 },
		{ "2001:db8::2", "2001:db8:1::1", 443, 9, 10000 },
		{ NULL, "203.0.113.9", 80, 0, 5000 },
		{ "10.0.0.2", "203.0.113.6", 443, 12, 10000 },
		{ "10.0.0.2", "203.0.113.7", 443, 12, -1 },
	};

	pages_ledger(&l->pages);
	for (uint32_t i = 0; i < 6; i++)
		pages_grant(&l->pages, i * 7, &g[i]);
	/* One in change is skipped, not shown torn. */
	pages_grant(&l->pages, 50, &g[0])->version = 3;
	assert_string_equal(
	    ask(l, "grants"),
	    "ok\n"
	    "local 203.0.113.9 TCP:80 5s acl:unknown\n"
	    "10.0.0.2 203.0.113.6 TCP:443 10s acl:12\n"
	    "10.0.0.2 203.0.113.5 TCP:443 30s acl:12\n"
	    "10.0.0.3 203.0.113.5 TCP:443 20s acl:12\n"
	    "2001:db8::2 2001:db8:1::1 TCP:443 10s acl:9\n");
	assert_string_equal(ask(l, "grants 10.0.0.3"),
			    "ok\n10.0.0.3 203.0.113.5 TCP:443 20s acl:12\n");
	assert_string_equal(
	    ask(l, "grants local"),
	    "ok\nlocal 203.0.113.9 TCP:80 5s acl:unknown\n");
	assert_string_equal(
	    ask(l, "grants 10.0.0.2/31"),
	    "ok\n"
	    "10.0.0.2 203.0.113.6 TCP:443 10s acl:12\n"
	    "10.0.0.2 203.0.113.5 TCP:443 30s acl:12\n"
	    "10.0.0.3 203.0.113.5 TCP:443 20s acl:12\n");
	assert_string_equal(ask(l, "grants 10.9.9.9"), "ok\n");
}

static void
many_grants_are_in_order(void **state)
{
	struct lab *l = *state;
	char client[16];
	struct pages_grant g = { client, "203.0.113.5", 443, 1, 0 };
	const char *at;
	int last = -1, lines = 0, now, left;

	pages_ledger(&l->pages);
	for (uint32_t i = 0; i < 200; i++) {
		snprintf(client, sizeof(client), "10.0.0.%u", i * 77 % 200);
		g.left_ms = 1000 * (1 + i * 31 % 50);
		pages_grant(&l->pages, i, &g);
	}
	at = ask(l, "grants") + strlen("ok\n");
	for (; *at != '\0'; at = strchr(at, '\n') + 1, lines++) {
		assert_int_equal(sscanf(at, "10.0.0.%d 203.0.113.5 TCP:443 "
					"%ds", &now, &left), 2);
		assert_true(now > last);
		last = now;
	}
	assert_int_equal(lines, 200);
}

static void
grants_refused(void **state)
{
	struct lab *l = *state;

	assert_string_equal(ask(l, "grants"),
			    "error: there is no ledger: the firewall is "
			    "none\n");
	pages_ledger(&l->pages);
	assert_string_equal(ask(l, "grants router"),
			    "error: \"router\" is not a client; give an "
			    "address, a net, or local\n");
	/* What is mapped there may not be a ledger (yet). */
	memset(l->pages.ledger, 0, 64);
	assert_string_equal(ask(l, "grants"), "ok\n");
}

static void
explain_allowed(void **state)
{
	struct lab *l = *state;

	assert_string_equal(
	    ask(l, "explain 10.0.0.2 WWW.example"),
	    "ok\n"
	    "client 10.0.0.2\n"
	    "name WWW.example.\n"
	    "verdict allowed\n"
	    "opens TCP:443 UDP:53\n"
	    "answer A forwarded, addresses granted\n"
	    "answer AAAA forwarded, not granted: the client is of the other "
	    "family\n"
	    "rule /etc/acl:1: 10.0.0.0/8 -> www.example:TCP:443 # decides\n"
	    "rule /etc/acl:2: 10.0.0.0/8 -> *.example:UDP:53 # adds\n"
	    "rule /etc/acl:5: 10.0.0.0/8 ~> * # adds\n");
}

static void
explain_shadowed(void **state)
{
	struct lab *l = *state;

	assert_string_equal(
	    ask(l, "explain 10.1.0.2 only.example AAAA"),
	    "ok\n"
	    "client 10.1.0.2\n"
	    "name only.example.\n"
	    "verdict allowed\n"
	    "opens TCP:80\n"
	    "answer AAAA forwarded, addresses removed: the client is of the "
	    "other family\n"
	    "rule /etc/acl:6: 10.1.0.0/16 -> only.example:TCP:80 # decides\n"
	    "rule /etc/acl:8: 10.1.0.0/16 -| * # shadowed by /etc/acl:6, and "
	    "shadows all below\n"
	    "rule /etc/acl:2: 10.0.0.0/8 -> *.example:UDP:53 # shadowed by "
	    "/etc/acl:8\n"
	    "rule /etc/acl:5: 10.0.0.0/8 ~> * # shadowed by /etc/acl:8\n");
}

static void
explain_blocked(void **state)
{
	struct lab *l = *state;
	const char *text = ask(l, "explain 10.0.0.2 bad.example MX");

	assert_has(text, "\nverdict blocked\n"
			 "answer MX REFUSED, EDE 15 (Blocked)\n"
			 "rule /etc/acl:3: 10.0.0.0/8 -| bad.example # "
			 "decides\n");
	assert_has(text, "10.0.0.0/8 ~> * # shadowed by /etc/acl:3\n");
	text = ask(l, "explain 10.0.0.2 local.example");
	assert_has(text, "answer A 192.0.2.9, answered locally\n"
			 "answer AAAA NODATA, EDE 15 (Blocked)\n");
}

static void
explain_denied_and_stranger(void **state)
{
	struct lab *l = *state;

	assert_string_equal(ask(l, "explain 2001:db8::5 a.example TXT"),
			    "ok\n"
			    "client 2001:db8::5\n"
			    "name a.example.\n"
			    "verdict denied: no rule matches\n"
			    "answer TXT REFUSED, EDE 18 (Prohibited)\n");
	assert_string_equal(ask(l, "explain 172.16.0.1 a.example A"),
			    "ok\n"
			    "client 172.16.0.1\n"
			    "name a.example.\n"
			    "verdict stranger: the client is in no net\n"
			    "answer A REFUSED, at a limited rate\n");
}

static void
explain_types(void **state)
{
	static const struct {
		const char *line, *answer;
	} rows[] = {
		{ "192.0.2.7 g.example MX", "MX NODATA, EDE 17 (Filtered)" },
		{ "192.0.2.7 g.example HTTPS",
		  "HTTPS forwarded, hints granted" },
		{ "192.0.2.7 g.example SVCB",
		  "SVCB forwarded, hints granted" },
		{ "192.0.2.7 g.example ANY", "ANY HINFO (RFC 8482)" },
		{ "192.0.2.7 g.example AXFR",
		  "AXFR REFUSED: not a type of data" },
		{ "10.0.0.2 x.test MX", "MX forwarded" },
		{ "10.0.0.2 x.test ANY", "ANY forwarded over TCP" },
		{ "10.0.0.2 x.test A", "A forwarded" },
		{ "10.0.0.2 x.test TYPE65280", "TYPE65280 forwarded" },
	};
	struct lab *l = *state;
	char line[64], want[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(line, sizeof(line), "explain %s", rows[i].line);
		snprintf(want, sizeof(want), "\nanswer %s\n", rows[i].answer);
		assert_has(ask(l, line), want);
	}
	l->pages.opt.strict_types = true;
	assert_has(ask(l, "explain 192.0.2.7 g.example MX"),
		   "answer MX REFUSED, EDE 17 (Filtered)\n");
	l->pages.opt.compat = COMPAT_RUST;
	assert_has(ask(l, "explain 192.0.2.7 g.example AAAA"),
		   "answer AAAA forwarded, not granted");
}

static void
explain_this_host(void **state)
{
	struct lab *l = *state;
	const char *text;

	l->pages.board.family6 = 1;
	l->pages.own.count = 1;
	addr_parse("192.0.2.7", 9, &l->pages.own.addr[0]);
	text = ask(l, "explain 192.0.2.7 g.example AAAA");
	assert_has(text, "\nclient 192.0.2.7 (this host)\n");
	assert_has(text, "\nanswer AAAA forwarded, addresses granted\n");
	l->pages.board.family6 = 0;
	assert_has(ask(l, "explain 192.0.2.7 g.example AAAA"),
		   "\nanswer AAAA forwarded, addresses removed: the firewall "
		   "has no rules for this family\n");
	l->pages.opt.firewall = FIREWALL_NONE;
	assert_has(ask(l, "explain 192.0.2.7 g.example A"),
		   "\nanswer A forwarded, not granted: the firewall is "
		   "none\n");
}

static void
explain_escapes_names(void **state)
{
	struct lab *l = *state;

	assert_has(ask(l, "explain 10.0.0.2 a\\027\\.b.test A"),
		   "\nname a\\027\\046b.test.\n");
}

static void
explain_refused(void **state)
{
	struct lab *l = *state;

	assert_string_equal(ask(l, "explain router a.example"),
			    "error: \"router\" is not an address of a "
			    "client, nor one with %INTERFACE behind it\n");
	assert_string_equal(ask(l, "explain 10.0.0.2 a..example"),
			    "error: \"a..example\" is not a domain name\n");
	assert_has(ask(l, "explain 10.0.0.2 a.example AAAAA"),
		   "error: \"AAAAA\" is not a record type");
	l->pages.view.policy.head = NULL;
	assert_string_equal(ask(l, "explain 10.0.0.2 a.example"),
			    "error: there is no policy\n");
}

static void
explain_is_cut_at_a_line(void **state)
{
	enum { RULES = 20000 };
	struct lab *l = *state;
	char *many = malloc(RULES * 80), *at = many;
	const char *text;

	for (unsigned i = 0; i < RULES; i++)
		at += sprintf(at, "10.0.0.0/8 -> a-long-enough-name.example:"
				  "TCP:%u\n", i + 1);
	pages_fini(&l->pages);
	assert_true(pages_init(&l->pages, many));
	free(many);
	text = ask(l, "explain 10.0.0.2 a-long-enough-name.example");
	assert_true(strlen(text) <= ANSWER_ROOM + 32);
	assert_string_equal(strrchr(text, '#') + strcspn(strrchr(text, '#'),
							 "\n"),
			    "\n... and more\n");
}

static void
commands_of_the_tool(void **state)
{
	struct lab *l = *state;

	assert_string_equal(ask(l, "query a.example"),
			    "error: query is done by dns-firewallctl "
			    "itself\n");
	assert_has(ask(l, "panic"), "error: unknown command \"panic\"; ");
}

static void
reload_waits_for_word(void **state)
{
	static struct reloaded_letter letter = { .ok = RELOAD_DONE,
						.generation = 4 };
	struct lab *l = *state;

	ask(l, "reload");
	assert_int_equal(l->answer.wish, WISH_RELOAD);
	answer_reloaded(&l->answer, &letter);
	assert_string_equal(l->answer.text.buf,
			    "ok\npolicy generation 4 is in force\n");
	answer_free(&l->answer);

	letter.ok = RELOAD_LATE;
	answer_reloaded(&l->answer, &letter);
	assert_string_equal(l->answer.text.buf,
			    "error: policy generation 4 is not yet in force "
			    "everywhere\n");
	answer_free(&l->answer);

	letter.ok = RELOAD_REFUSED;
	letter.generation = 3;
	memcpy(letter.text, "acl:1:2: error: a\nacl:2:1: \x1b\xff", 29);
	letter.text_len = 29;
	answer_reloaded(&l->answer, &letter);
	assert_string_equal(l->answer.text.buf,
			    "error: the new policy is refused, generation 3 "
			    "stays in force\n"
			    "acl:1:2: error: a\nacl:2:1: \\027\\255\n");
	answer_free(&l->answer);

	/* A length past the letter's end reads nothing past it. */
	memset(letter.text, 0xff, sizeof(letter.text));
	letter.text_len = 0xffffffff;
	answer_reloaded(&l->answer, &letter);
	assert_false(l->answer.text.cut);
	assert_string_equal(l->answer.text.buf + l->answer.text.len - 5,
			    "\\255\n");
}

#define LAB_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(healthy_status),
		LAB_TEST(counters_have_one_name_each),
		LAB_TEST(status_never_reports_health_it_lacks),
		LAB_TEST(status_tells_of_a_warden_that_is_held_up),
		LAB_TEST(status_tells_of_full_sets),
		LAB_TEST(status_misses_children),
		LAB_TEST(status_without_firewall),
		LAB_TEST(state_page_is_not_an_index),
		LAB_TEST(paths_are_shown_printable),
		LAB_TEST(grants_sorted_by_client_and_end),
		LAB_TEST(many_grants_are_in_order),
		LAB_TEST(grants_refused),
		LAB_TEST(explain_allowed),
		LAB_TEST(explain_shadowed),
		LAB_TEST(explain_blocked),
		LAB_TEST(explain_denied_and_stranger),
		LAB_TEST(explain_types),
		LAB_TEST(explain_this_host),
		LAB_TEST(explain_escapes_names),
		LAB_TEST(explain_refused),
		LAB_TEST(explain_is_cut_at_a_line),
		LAB_TEST(commands_of_the_tool),
		LAB_TEST(reload_waits_for_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
