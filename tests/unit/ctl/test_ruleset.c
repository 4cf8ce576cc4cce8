/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets as nft and iptables-save print them, and the way through them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/iptables_text.h"
#include "ctl/nft_text.h"
#include "ctl/way.h"

#define HEAD                                                             \
	"table inet filter { # handle 1\n"                               \
	"\tset DNS-ipv4-allow { # handle 3\n"                            \
	"\t\ttype ipv4_addr . inet_proto . inet_service . ipv4_addr\n"   \
	"\t\tflags timeout\n\t}\n\n"                                     \
	"\tchain DNS { # handle 1\n"                                     \
	"\t\tmeta l4proto != icmp ip saddr . meta l4proto . th dport . " \
	"ip daddr @DNS-ipv4-allow accept comment \"ours\" # handle 10\n" \
	"\t}\n\n"
#define FORWARD                          \
	"\tchain forward { # handle 2\n" \
	"\t\ttype filter hook forward priority filter; policy accept;\n"
#define TAIL "\t}\n}\n"

static int
set_up(void **state)
{
	*state = malloc(sizeof(struct ruleset));
	return *state == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	free(*state);
	return 0;
}

static void
read_text(struct ruleset *r, const char *text,
	  void (*read)(FILE *, struct ruleset *))
{
	char copy[4096];
	FILE *from;

	snprintf(copy, sizeof(copy), "%s", text);
	from = fmemopen(copy, strlen(copy), "r");
	assert_non_null(from);
	ruleset_clear(r);
	read(from, r);
	fclose(from);
}

/* The rules behind HEAD, with these in the hook's chain. */
static struct way
way_through(struct ruleset *r, const char *rules)
{
	struct way w = { .rules = r, .ours = "DNS", .family = 4 };
	char text[4096];

	snprintf(text, sizeof(text), HEAD "%s" TAIL, rules);
	read_text(r, text, nft_text_read);
	assert_true(way_find(&w, HOOK_FORWARD));
	return w;
}

static enum fate
fate_of(const struct way *w)
{
	const struct rule *by;

	return way_fate(w, &by);
}

/* The one rule that stands in the chain. */
static const struct rule *
one_rule(struct ruleset *r, const char *words)
{
	char text[2048];

	snprintf(text, sizeof(text),
		 "table inet filter {\n\tchain c {\n\t\t%s # handle 77\n" TAIL,
		 words);
	read_text(r, text, nft_text_read);
	assert_int_equal(r->rules, 1);
	assert_int_equal(r->rule[0].handle, 77);
	assert_string_equal(r->rule[0].text, words);
	assert_string_equal(r->rule[0].chain, "c");
	return &r->rule[0];
}

static void
chains_and_their_hooks(void **state)
{
	struct ruleset *r = *state;

	read_text(r,
		  "table ip6 a { # handle 1\n"
		  "\tchain in { # handle 1\n"
		  "\t\ttype filter hook input priority 0; policy drop;\n\t}\n"
		  "\tchain way { # handle 2\n"
		  "\t\ttype filter hook forward priority -10; policy drop;\n"
		  "\t}\n}\n"
		  "table inet b {\n\tchain out {\n"
		  "\t\ttype filter hook output priority filter; policy "
		  "accept;\n\t}\n\tchain nat {\n"
		  "\t\ttype nat hook output priority 0; policy accept;\n\t}\n"
		  "}\n",
		  nft_text_read);
	assert_int_equal(r->chains, 4);
	assert_int_equal(r->rules, 0);
	assert_string_equal(ruleset_hook(r, HOOK_FORWARD)->name, "way");
	assert_string_equal(ruleset_hook(r, HOOK_FORWARD)->table, "ip6 a");
	assert_true(ruleset_hook(r, HOOK_FORWARD)->drops);
	assert_string_equal(ruleset_hook(r, HOOK_OUTPUT)->name, "out");
	assert_false(ruleset_hook(r, HOOK_OUTPUT)->drops);
	assert_int_equal(ruleset_chain(r, "in")->hook, HOOK_NONE);
	assert_null(ruleset_chain(r, "other"));
}

static void
words_of_a_rule(void **state)
{
	const struct rule *r = one_rule(*state, "counter packets 4 bytes 9 "
						"log prefix \"a } drop\" "
						"group 2 accept");

	assert_int_equal(r->end, RULE_ACCEPTS);
	assert_false(r->narrow);
	r = one_rule(*state, "iifname \"lan0\" oifname != \"up0\" reject with "
			     "icmpx admin-prohibited");
	assert_int_equal(r->end, RULE_REFUSES);
	assert_string_equal(r->in, "lan0");
	assert_string_equal(r->out, "! up0");
	assert_false(r->narrow);
	r = one_rule(*state, "meta nfproto ipv6 goto other comment \"drop\"");
	assert_int_equal(r->end, RULE_LEAVES);
	assert_string_equal(r->to, "other");
	assert_int_equal(r->family, 6);
	assert_false(r->narrow);
	r = one_rule(*state, "ip saddr 10.1.0.0/24 drop");
	assert_int_equal(r->family, 4);
	assert_true(r->narrow);
	r = one_rule(*state, "limit rate 10/second accept");
	assert_true(r->narrow && r->reach.is_strange);
	r = one_rule(*state, "ct state established,related accept");
	assert_true(r->established);
	assert_true(r->narrow);
	r = one_rule(*state, "ct state != established accept");
	assert_false(r->established);
	assert_true(r->begins && !r->narrow);
	r = one_rule(*state, "ct state != new accept");
	assert_true(r->narrow && !r->begins);
	r = one_rule(*state, "ct state { new, established } accept");
	assert_true(r->established && r->begins && !r->narrow);
	r = one_rule(*state, "meta skuid 100 udp dport 53 accept");
	assert_true(r->own);
	r = one_rule(*state, "counter");
	assert_int_equal(r->end, RULE_GOES_ON);
}

static void
a_map_is_a_rule_for_each(void **state)
{
	struct ruleset *r = *state;

	read_text(r,
		  "table inet t {\n\tchain c {\n"
		  "\t\tct state vmap { invalid : drop, established : accept, "
		  "related : accept } # handle 5\n"
		  "\t\tiifname vmap { \"lan0\" : jump lan, \"up0\" : drop } "
		  "# handle 6\n"
		  "\t\ttcp dport vmap @ports # handle 7\n" TAIL,
		  nft_text_read);
	assert_int_equal(r->rules, 6);
	assert_int_equal(r->rule[0].end, RULE_REFUSES);
	assert_true(r->rule[1].established);
	assert_int_equal(r->rule[1].end, RULE_ACCEPTS);
	assert_int_equal(r->rule[3].end, RULE_JUMPS);
	assert_string_equal(r->rule[3].to, "lan");
	assert_string_equal(r->rule[3].in, "lan0");
	assert_false(r->rule[3].narrow);
	assert_int_equal(r->rule[3].handle, 6);
	assert_int_equal(r->rule[4].end, RULE_REFUSES);
	assert_int_equal(r->rule[5].end, RULE_GOES_ON);
}

static void
what_opens_a_resolver(void **state)
{
	static const struct {
		const char *words;
		bool open;
	} rows[] = {
		{ "udp dport 53 accept", true },
		{ "tcp dport { 80, 443, 800-900 } accept", true },
		{ "udp dport 50-60 counter accept", true },
		{ "meta l4proto { tcp, udp } th dport 53 accept", true },
		{ "tcp dport 443 accept", false },
		{ "tcp dport 54-852 accept", false },
		{ "udp dport != 80 accept", true },
		{ "ip daddr 8.8.8.8 accept", true },
		{ "ip daddr 8.8.0.0/16 tcp dport 443 accept", true },
		{ "ip daddr 8.8.0.0/16 tcp dport 22 accept", false },
		{ "ip daddr { 10.0.0.0/8, 9.9.9.0-9.9.9.255 } accept", true },
		{ "ip daddr 10.0.0.0/8 accept", false },
		{ "ip daddr 10.0.0.53 udp dport 53 accept", true },
		{ "ip6 daddr 2001:4860::/32 accept", true },
		{ "ip daddr @trusted accept", false },
		{ "ip saddr 10.1.0.9 accept", true },
		{ "meta l4proto udp accept", true },
		{ "icmp type echo-request accept", false },
		{ "meta l4proto ipv6-icmp accept", false },
		{ "ct mark 0x00000001 accept", false },
		{ "ct state new udp dport 53 accept", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct rule *r = one_rule(*state, rows[i].words);

		if (reach_has_resolver(&r->reach) != rows[i].open)
			fail_msg("%s", rows[i].words);
	}
}

static void
what_becomes_of_the_rest(void **state)
{
	static const struct {
		const char *rules;
		enum fate fate;
	} rows[] = {
		{ FORWARD "jump DNS\nreject\n", FATE_SHUT },
		{ FORWARD "jump DNS\n", FATE_OPEN },
		{ FORWARD "jump DNS\naccept\ndrop\n", FATE_OPEN },
		{ FORWARD "jump DNS\ntcp dport 1 drop\n", FATE_OPEN },
		{ FORWARD "iifname \"a\" jump DNS\niifname \"a\" drop\n",
		  FATE_SHUT },
		{ FORWARD "iifname \"a\" jump DNS\niifname \"b\" drop\n",
		  FATE_OPEN },
		{ FORWARD "iifname \"a\" jump DNS\niifname \"b\" accept\n"
			  "drop\n",
		  FATE_SHUT },
		{ FORWARD "iifname \"a\" jump DNS\n"
			  "iifname { \"a\", \"b\" } drop\n",
		  FATE_SHUT },
		{ FORWARD "iifname \"aa\" jump DNS\n"
			  "iifname { \"a\", \"b\" } drop\n",
		  FATE_OPEN },
		{ FORWARD "iifname \"lan0\" jump DNS\niifname \"lan*\" drop\n",
		  FATE_SHUT },
		{ FORWARD "ip saddr 10.1.0.0/24 jump DNS\n"
			  "ip saddr 10.1.0.0/24 counter drop\n",
		  FATE_SHUT },
		{ FORWARD "jump DNS\nct state new drop\n", FATE_OPEN },
		{ FORWARD "ct state new jump DNS\nct state new drop\n",
		  FATE_SHUT },
		{ FORWARD "jump DNS\nmeta nfproto ipv6 drop\n", FATE_OPEN },
		{ FORWARD "jump DNS\nmeta nfproto ipv4 drop\n", FATE_SHUT },
		{ "\tchain no {\nlog\ndrop\n}\n" FORWARD
		  "jump DNS\njump no\naccept\n",
		  FATE_SHUT },
		{ "\tchain no {\ntcp dport 1 drop\n}\n" FORWARD
		  "jump DNS\njump no\n",
		  FATE_OPEN },
		{ "\tchain lan {\njump DNS\nreject\n}\n" FORWARD
		  "iifname vmap { \"a\" : jump lan }\naccept\n",
		  FATE_SHUT },
		{ "\tchain lan {\njump DNS\nreturn\nreject\n}\n" FORWARD
		  "jump lan\n",
		  FATE_OPEN },
		{ "\tchain lan {\njump DNS\n}\n" FORWARD "goto lan\ndrop\n",
		  FATE_OPEN },
		{ "\tchain forward {\ntype filter hook forward priority 0; "
		  "policy drop;\njump DNS\n",
		  FATE_SHUT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct way w = way_through(*state, rows[i].rules);

		if (fate_of(&w) != rows[i].fate)
			fail_msg("%s", rows[i].rules);
	}
}

static void
what_is_lost_before(void **state)
{
	struct ruleset *r = *state;
	struct way w = way_through(
	    r, FORWARD "oifname \"lo\" accept\niifname \"b\" accept\n"
		       "iifname \"a\" accept\niifname \"a\" jump DNS\n"
		       "iifname \"a\" accept\n");
	unsigned lost = 0;

	for (unsigned i = 0; i < r->rules; i++)
		lost += way_is_lost_before(&w, &r->rule[i]);
	assert_int_equal(lost, 1);
}

static void
nothing_leads_there(void **state)
{
	struct way w = { .rules = *state, .ours = "DNS", .family = 4 };

	read_text(*state, HEAD FORWARD "drop\n" TAIL, nft_text_read);
	assert_false(way_find(&w, HOOK_FORWARD));
	read_text(*state, HEAD FORWARD "meta nfproto ipv6 jump DNS\n" TAIL,
		  nft_text_read);
	assert_false(way_find(&w, HOOK_FORWARD));
	w.family = 6;
	assert_true(way_find(&w, HOOK_FORWARD));
	assert_false(way_find(&w, HOOK_OUTPUT));
}

static void
a_long_ruleset_is_cut(void **state)
{
	struct ruleset *r = *state;
	char *text = malloc(RULESET_RULES * 16);
	FILE *from;

	assert_non_null(text);
	strcpy(text, ":FORWARD DROP [0:0]\n");
	for (unsigned i = 0; i < RULESET_RULES + 3; i++)
		strcat(text, "-A FORWARD\n");
	from = fmemopen(text, strlen(text), "r");
	ruleset_clear(r);
	iptables_text_read(from, r);
	fclose(from);
	free(text);
	assert_true(r->cut);
	assert_int_equal(r->rules, RULESET_RULES);
}

static void
rules_of_iptables(void **state)
{
	struct ruleset *r = *state;
	const struct rule *at = r->rule;

	read_text(r,
		  "*filter\n:FORWARD DROP [0:0]\n:DNS - [0:0]\n"
		  "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j "
		  "ACCEPT\n"
		  "-A FORWARD ! -i lan0 -o up+ -m comment --comment \"-j DROP "
		  "x\" -j DNS\n"
		  "-A FORWARD -p udp -m udp --dport 1:1024 -j ACCEPT\n"
		  "-A FORWARD -p tcp -m multiport --dports 80,853 -j ACCEPT\n"
		  "-A FORWARD -d 8.8.8.0/24 -g DNS\n"
		  "-A FORWARD -s 10.0.0.0/8 ! -d 10.0.0.0/8 -j ACCEPT\n"
		  "-A FORWARD -p icmp -j ACCEPT\n"
		  "-A FORWARD -m set --match-set a dst -j ACCEPT\n"
		  "-A OUTPUT -m owner --uid-owner 7 -p udp -m udp --dport 53 "
		  "-j ACCEPT\n"
		  "-A FORWARD -j REJECT --reject-with icmp-port-unreachable\n"
		  "COMMIT\n",
		  iptables_text_read);
	assert_int_equal(r->rules, 10);
	assert_true(ruleset_chain(r, "FORWARD")->drops);
	assert_true(at[0].established && at[0].end == RULE_ACCEPTS);
	assert_string_equal(at[1].in, "! lan0");
	assert_string_equal(at[1].out, "up+");
	assert_string_equal(at[1].to, "DNS");
	assert_false(at[1].narrow);
	assert_true(reach_has_resolver(&at[2].reach));
	assert_true(reach_has_resolver(&at[3].reach));
	assert_true(reach_has_resolver(&at[4].reach));
	assert_int_equal(at[4].end, RULE_LEAVES);
	assert_true(reach_has_resolver(&at[5].reach));
	assert_false(reach_has_resolver(&at[6].reach));
	assert_false(reach_has_resolver(&at[7].reach));
	assert_true(at[8].own);
	assert_int_equal(at[9].end, RULE_REFUSES);
	assert_false(at[9].narrow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_and_their_hooks),
		cmocka_unit_test(words_of_a_rule),
		cmocka_unit_test(a_map_is_a_rule_for_each),
		cmocka_unit_test(what_opens_a_resolver),
		cmocka_unit_test(what_becomes_of_the_rest),
		cmocka_unit_test(what_is_lost_before),
		cmocka_unit_test(nothing_leads_there),
		cmocka_unit_test(a_long_ruleset_is_cut),
		cmocka_unit_test(rules_of_iptables),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
