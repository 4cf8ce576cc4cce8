/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rule wins: the truth table, and a plain matcher as judge. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "kit.h"
#include "naive.h"

/* What a verdict comes to, e.g. "allow TCP:443 dns", "block 2", "deny". */
static void
describe(const struct kit *k, const struct verdict *v, struct text *out)
{
	static const char *const kind[] = { "stranger", "deny", "allow",
					    "block" };

	text_str(out, kind[v->kind]);
	if (v->kind == VERDICT_BLOCKED)
		text_printf(out, " %u", policy_rule(&k->policy, v->rule)->line);
	for (unsigned i = 0; i < v->port_count; i++)
		text_printf(out, " %s:%u",
			    v->port[i].protocol == IPPROTO_TCP ? "TCP" : "UDP",
			    v->port[i].port);
	if (v->dns_only)
		text_str(out, " dns");
}

struct row {
	const char *client, *name, *verdict;
};

static void
expect(const char *acl, const struct row *row, size_t rows)
{
	struct kit k;

	kit_open(&k, acl);
	for (size_t i = 0; i < rows; i++) {
		struct verdict v;
		char buf[4096];
		struct text got;

		kit_match(&k, row[i].client, row[i].name, &v);
		text_init(&got, buf, sizeof(buf));
		describe(&k, &v, &got);
		if (strcmp(buf, row[i].verdict) != 0)
			fail_msg("%s %s: \"%s\", wanted \"%s\"", row[i].client,
				 row[i].name, buf, row[i].verdict);
	}
	kit_close(&k);
}
#define EXPECT(acl, ...)                                          \
	do {                                                      \
		static const struct row rows[] = { __VA_ARGS__ }; \
		expect(acl, rows, sizeof(rows) / sizeof(*rows));  \
	} while (0)

static void
test_nothing_matched_is_denied(void **state)
{
	(void)state;
	EXPECT("", { "10.0.0.1", "a", "stranger" }, { "::1", ".", "stranger" });
	EXPECT("10.0.0.0/8 ~> a\n", { "10.0.0.1", "b", "deny" },
	       { "10.0.0.1", ".", "deny" }, { "11.0.0.1", "a", "stranger" },
	       { "a00::1", "a", "stranger" });
	EXPECT("10.0.0.0/8 -| a\n", { "10.0.0.1", "b", "deny" });
}

static void
test_kinds_of_domain(void **state)
{
	(void)state;
	EXPECT("::/0 ~> a.x\n", { "::1", "a.x", "allow dns" },
	       { "::1", "b.a.x", "deny" }, { "::1", "x", "deny" },
	       { "::1", "ba.x", "deny" });
	EXPECT("::/0 ~> *.a.x\n", { "::1", "a.x", "deny" },
	       { "::1", "b.a.x", "allow dns" },
	       { "::1", "c.b.a.x", "allow dns" }, { "::1", "ba.x", "deny" });
	EXPECT("::/0 ~> .a.x\n", { "::1", "a.x", "allow dns" },
	       { "::1", "b.a.x", "allow dns" }, { "::1", "ba.x", "deny" });
	EXPECT("::/0 ~> *\n", { "::1", "a.x", "allow dns" },
	       { "::1", ".", "allow dns" }, { "10.0.0.1", "a", "stranger" });
}

/* `~> *` is the least specific rule of its own net, no more. */
static void
test_wildcard_does_not_switch_blocks_off(void **state)
{
	(void)state;
	EXPECT("10.0.0.0/8 ~> *\n10.0.0.0/8 -| bad.test\n"
	       "10.0.0.0/8 -| *.ads.test\n",
	       { "10.0.0.1", "bad.test", "block 2" },
	       { "10.0.0.1", "BAD.test", "block 2" },
	       { "10.0.0.1", "x.ADS.test", "block 3" },
	       { "10.0.0.1", "ads.test", "allow dns" },
	       { "10.0.0.1", "good.test", "allow dns" });
	EXPECT("10.0.0.0/8 ~> *\n0.0.0.0/0 -| bad.test\n",
	       { "10.0.0.1", "bad.test", "allow dns" },
	       { "11.0.0.1", "bad.test", "block 2" });
}

static void
test_case_does_not_matter(void **state)
{
	(void)state;
	EXPECT("10.0.0.0/8 -> Allowed.TEST:TCP:443\n10.0.0.0/8 -| *.ADS.test\n",
	       { "10.0.0.1", "ALLOWED.TeSt", "allow TCP:443" },
	       { "10.0.0.1", "x.ads.TEST", "block 2" });
}

static void
test_labels_are_not_text(void **state)
{
	(void)state;
	EXPECT("10.0.0.0/8 -> *.example.com:TCP:443\n"
	       "10.0.0.0/8 ~> allowed.test\n",
	       { "10.0.0.1", "x.example.com", "allow TCP:443" },
	       { "10.0.0.1", "evil\\046example.com", "deny" },
	       { "10.0.0.1", "evil\\046example\\046com", "deny" },
	       { "10.0.0.1", "evil.example\\046com", "deny" },
	       { "10.0.0.1", "allowed\\000.test", "deny" },
	       { "10.0.0.1", "allowed\\046test", "deny" },
	       { "10.0.0.1", "allowed\\255.test", "deny" },
	       { "10.0.0.1", "allowed.test\\000", "deny" },
	       { "10.0.0.1", "evil\\046x.example.com", "allow TCP:443" });
	EXPECT("10.0.0.0/8 ~> \\042.test\n",
	       { "10.0.0.1", "\\042.test", "allow dns" },
	       { "10.0.0.1", "a.test", "deny" });
}

static void
test_mapped_clients(void **state)
{
	(void)state;
	EXPECT("10.0.0.0/8 ~> a\n::ffff:192.0.2.0/120 ~> b\n",
	       { "::ffff:10.0.0.1", "a", "allow dns" },
	       { "192.0.2.9", "b", "allow dns" },
	       { "::ffff:192.0.2.9", "b", "allow dns" });
}

static void
test_longest_client_net_first(void **state)
{
	(void)state;
	EXPECT("0.0.0.0/0 -| a\n10.0.0.0/8 ~> a\n10.1.0.0/16 -| a\n"
	       "10.1.2.0/24 ~> a\n10.1.2.3/32 -| a\n",
	       { "10.1.2.3", "a", "block 5" }, { "10.1.2.4", "a", "allow dns" },
	       { "10.1.3.3", "a", "block 3" }, { "10.2.0.1", "a", "allow dns" },
	       { "11.0.0.1", "a", "block 1" });
	/* a short net's long domain does not overtake */
	EXPECT("10.0.0.0/8 -| a.b.c\n10.1.0.0/16 ~> *\n",
	       { "10.1.0.1", "a.b.c", "allow dns" },
	       { "10.2.0.1", "a.b.c", "block 1" });
}

static void
test_longest_domain_first(void **state)
{
	(void)state;
	EXPECT("::/0 -| *\n::/0 ~> *.c\n::/0 -| *.b.c\n::/0 ~> a.b.c\n",
	       { "::1", "a.b.c", "allow dns" }, { "::1", "x.b.c", "block 3" },
	       { "::1", "x.c", "allow dns" }, { "::1", "c", "block 1" },
	       { "::1", "x", "block 1" });
}

static void
test_exact_then_below_then_tree(void **state)
{
	(void)state;
	EXPECT("::/0 ~> x\n::/0 -| .x\n", { "::1", "x", "allow dns" },
	       { "::1", "a.x", "block 2" });
	EXPECT("::/0 -| x\n::/0 ~> .x\n", { "::1", "x", "block 1" },
	       { "::1", "a.x", "allow dns" });
	EXPECT("::/0 ~> *.x\n::/0 -| .x\n", { "::1", "x", "block 2" },
	       { "::1", "a.x", "allow dns" });
	EXPECT("::/0 -| *.x\n::/0 ~> .x\n", { "::1", "x", "allow dns" },
	       { "::1", "a.x", "block 1" });
}

static void
test_allows_add_up_until_a_block(void **state)
{
	(void)state;
	EXPECT("10.0.0.0/8 -> *:TCP:1\n10.0.0.0/8 -> *.x:TCP:2\n"
	       "10.0.0.0/8 -> a.x:TCP:3\n10.1.0.0/16 -> a.x:UDP:3\n"
	       "10.1.0.0/16 ~> *.x\n",
	       { "10.1.0.1", "a.x", "allow UDP:3 TCP:3 TCP:2 TCP:1 dns" },
	       { "10.1.0.1", "b.x", "allow TCP:2 TCP:1 dns" },
	       { "10.2.0.1", "a.x", "allow TCP:3 TCP:2 TCP:1" },
	       { "10.2.0.1", "y", "allow TCP:1" });
	EXPECT("10.0.0.0/8 -> *:TCP:1\n10.0.0.0/8 -| *.x\n"
	       "10.0.0.0/8 -> a.x:TCP:3\n10.1.0.0/16 -> *.x:UDP:3\n",
	       { "10.2.0.1", "a.x", "allow TCP:3" },
	       { "10.2.0.1", "b.x", "block 2" },
	       { "10.1.0.1", "b.x", "allow UDP:3" },
	       { "10.2.0.1", "y", "allow TCP:1" });
}

static void
test_ports_come_once(void **state)
{
	(void)state;
	EXPECT("10.0.0.0/8 -> *.x:TCP:1\n10.1.0.0/16 -> *.x:TCP:1\n"
	       "10.1.0.0/16 -> *.x:UDP:1\n",
	       { "10.1.0.1", "a.x", "allow TCP:1 UDP:1" });
}

/* The rule that spells the name out is the one that gives the port, even
 * where a wildcard of a longer net was met before it. */
static void
test_exact_rules_take_ports_over(void **state)
{
	struct verdict v;
	struct kit k;

	(void)state;
	kit_open(&k, "10.1.0.0/16 -> *.x:TCP:1\n10.0.0.0/8 -> a.x:TCP:1\n");
	kit_match(&k, "10.1.0.1", "a.x", &v);
	assert_int_equal(v.port_count, 1);
	assert_true(v.port[0].exact);
	assert_int_equal(policy_rule(&k.policy, v.port[0].rule)->line, 2);
	assert_int_equal(policy_rule(&k.policy, v.rule)->line, 1);
	kit_match(&k, "10.1.0.1", "b.x", &v);
	assert_false(v.port[0].exact);
	kit_close(&k);
}

static void
test_more_ports_than_fit_stay_shut(void **state)
{
	static char acl[300 * 32];
	struct verdict v;
	struct kit k;
	size_t at = 0;

	(void)state;
	for (int i = 1; i <= 257; i++)
		at += (size_t)snprintf(acl + at, 32, "::1 -> a:TCP:%d\n", i);
	assert_int_equal(kit_compile(&k, acl), ERR_NONE);
	assert_int_equal(policy_view(k.image, k.size, 0, &k.policy), ERR_NONE);
	kit_match(&k, "::1", "a", &v);
	assert_int_equal(v.port_count, VERDICT_MAX_PORTS);
	assert_true(v.ports_cut);
	kit_close(&k);
}

static void
test_answers_are_in_the_rule(void **state)
{
	static const uint8_t four[] = { 192, 0, 2, 1 };
	const struct image_rule *r;
	struct verdict v;
	struct kit k;

	(void)state;
	kit_open(&k, "::/0 -| a = 192.0.2.1\n::/0 -| b = 2001:db8::1\n");
	kit_match(&k, "::1", "a", &v);
	r = policy_rule(&k.policy, v.rule);
	assert_true(r->has_answer4);
	assert_false(r->has_answer6);
	assert_memory_equal(r->answer4, four, sizeof(four));
	kit_match(&k, "::1", "b", &v);
	r = policy_rule(&k.policy, v.rule);
	assert_false(r->has_answer4);
	assert_true(r->has_answer6);
	assert_int_equal(r->answer6[15], 1);
	kit_close(&k);
}

static void
test_a_rule_gives_only_what_it_says(void **state)
{
	struct addr inside = kit_addr("10.0.0.1");
	struct addr outside = kit_addr("11.0.0.1");
	struct kit k;

	(void)state;
	kit_open(&k, "10.0.0.0/8 ~> a\n10.0.0.0/8 -> a:TCP:443\n");
	assert_int_equal(policy_rule(&k.policy, 1)->arrow, ARROW_GRANT);
	assert_int_equal(
	    policy_rule_gives(&k.policy, 1, asker(&inside), IPPROTO_TCP, 443),
	    ERR_NONE);
	assert_int_equal(
	    policy_rule_gives(&k.policy, 1, asker(&outside), IPPROTO_TCP, 443),
	    ERR_DENIED);
	assert_int_equal(
	    policy_rule_gives(&k.policy, 1, asker(&inside), IPPROTO_UDP, 443),
	    ERR_RANGE);
	assert_int_equal(
	    policy_rule_gives(&k.policy, 1, asker(&inside), IPPROTO_TCP, 444),
	    ERR_RANGE);
	assert_int_equal(
	    policy_rule_gives(&k.policy, 0, asker(&inside), IPPROTO_TCP, 443),
	    ERR_MISSING);
	assert_int_equal(
	    policy_rule_gives(&k.policy, 2, asker(&inside), IPPROTO_TCP, 443),
	    ERR_MISSING);
	assert_int_equal(
	    policy_rule_gives(&k.policy, IMAGE_NONE, asker(&inside), IPPROTO_TCP, 443),
	    ERR_MISSING);
	kit_close(&k);
}

static void
test_what_any_rule_gives(void **state)
{
	struct addr narrow = kit_addr("10.1.0.1");
	struct addr wide = kit_addr("10.2.0.1");
	struct addr other = kit_addr("11.0.0.1");
	struct kit k;

	(void)state;
	kit_open(&k, "10.0.0.0/8 -> a:TCP:443\n10.0.0.0/8 -> b:UDP:53\n"
		     "10.0.0.0/8 -> c:TCP:443\n10.1.0.0/16 -> *:TCP:22\n"
		     "11.0.0.0/8 ~> *\n");
	assert_true(gives_any(&k.policy, asker(&wide), IPPROTO_TCP, 443));
	assert_true(gives_any(&k.policy, asker(&wide), IPPROTO_UDP, 53));
	assert_false(gives_any(&k.policy, asker(&wide), IPPROTO_TCP, 53));
	assert_false(gives_any(&k.policy, asker(&wide), IPPROTO_TCP, 22));
	assert_true(gives_any(&k.policy, asker(&narrow), IPPROTO_TCP, 22));
	assert_true(gives_any(&k.policy, asker(&narrow), IPPROTO_TCP, 443));
	assert_false(gives_any(&k.policy, asker(&other), IPPROTO_TCP, 443));
	assert_true(policy_knows(&k.policy, asker(&other)));
	other = kit_addr("2001:db8::1");
	assert_false(policy_knows(&k.policy, asker(&other)));
	kit_close(&k);
}

/* A rule is the same rule in another policy, wherever it stands there. */
static bool
gives_443(const char *acl, const char *client)
{
	struct addr a = kit_addr(client);
	struct kit k;
	bool gives;

	kit_open(&k, acl);
	gives = gives_any(&k.policy, asker(&a), IPPROTO_TCP, 443);
	kit_close(&k);
	return gives;
}

static void
test_what_no_name_can_open(void **state)
{
	static const char *const never[] = {
		"10.1.0.0/16 -| *\n10.0.0.0/8 -> b:TCP:443\n",
		"10.1.0.0/16 -| b\n10.0.0.0/8 -> b:TCP:443\n",
		"10.1.0.0/16 -| .b\n10.0.0.0/8 -> *.b:TCP:443\n",
		("10.1.0.0/16 -| .b\n10.0.0.0/8 -> .b:TCP:443\n"
		 "10.0.0.0/8 -> a.b:TCP:443\n"),
		"10.1.0.0/16 -| *.b\n10.0.0.0/8 -> *.c.b:TCP:443\n",
	};
	static const char *const by_some[] = {
		"10.1.0.0/16 -| *\n10.1.0.0/16 -> *.b:TCP:443\n",
		"10.0.0.0/8 -| *\n10.1.0.0/16 -> *:TCP:443\n",
		"10.1.0.0/16 -| *.b\n10.0.0.0/8 -> .b:TCP:443\n",
		"10.1.0.0/16 -| b\n10.0.0.0/8 -> .b:TCP:443\n",
		"10.1.0.0/16 -| a.b\n10.0.0.0/8 -> *.b:TCP:443\n",
		"10.1.0.0/16 ~> *\n10.0.0.0/8 -> b:TCP:443\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		assert_false(gives_443(never[i], "10.1.0.1"));
		assert_true(gives_443(never[i], "10.2.0.1"));
	}
	for (size_t i = 0; i < sizeof(by_some) / sizeof(by_some[0]); i++)
		assert_true(gives_443(by_some[i], "10.1.0.1"));
}

static bool
is_rule(void *arg, uint32_t rule)
{
	return rule == *(const uint32_t *)arg;
}

static void
test_what_a_rule_that_fits_gives(void **state)
{
	struct addr client = kit_addr("10.0.0.1");
	uint32_t rule = 0;
	struct policy_opening o = { .protocol = IPPROTO_TCP,
				    .port = 443,
				    .fits = is_rule,
				    .arg = &rule };
	struct kit k;

	(void)state;
	kit_open(&k, "10.0.0.0/8 -> a:TCP:22\n10.0.0.0/8 -> b:TCP:443\n"
		     "10.0.0.0/8 -| c\n");
	for (rule = 0; rule < policy_rule_count(&k.policy); rule++)
		assert_int_equal(
		    policy_gives_any(&k.policy, asker(&client), &o),
		    policy_rule(&k.policy, rule)->port == 443);
	kit_close(&k);
}

static void
test_identities(void **state)
{
	struct kit one, two;
	const struct image_rule *r;
	uint32_t found;

	(void)state;
	kit_open(&one, "10.0.0.0/8 -> a:TCP:443\n10.0.0.0/8 -> b:TCP:443\n"
		       "::1 -| c = ::2\n");
	kit_open(&two, "::1 -| c = ::3\n::1 ~> d\n10.0.0.0/8 -> A:tcp:443\n"
		       "10.0.0.0/8 -> b:UDP:443\n10.0.0.0/9 -> b:TCP:443\n"
		       "10.0.0.0/8 -> *.b:TCP:443\n");
	for (uint32_t i = 0; i < policy_rule_count(&one.policy); i++) {
		r = policy_rule(&one.policy, i);
		assert_int_equal(policy_find_identity(&one.policy, r->identity),
				 i);
		found = policy_find_identity(&two.policy, r->identity);
		if (r->line == 1)
			assert_int_equal(policy_rule(&two.policy, found)->line,
					 3);
		else
			assert_int_equal(found, IMAGE_NONE);
	}
	kit_close(&one);
	kit_close(&two);
}

static void
test_rules_know_where_they_stand(void **state)
{
	struct name want = kit_name("a.x");
	const struct image_rule *r;
	struct verdict v;
	struct name name;
	struct kit k;

	(void)state;
	kit_open(&k, "\n# first\n::1 ~> A.x\n");
	kit_match(&k, "::1", "a.x", &v);
	r = policy_rule(&k.policy, v.rule);
	assert_int_equal(r->line, 3);
	assert_string_equal(policy_rule_file(&k.policy, r), "acl");
	policy_rule_name(&k.policy, r, &name);
	assert_true(name_equal(&name, &want));
	assert_null(policy_rule(&k.policy, 1));
	kit_close(&k);
}

struct met {
	const struct policy *p;
	struct text out;
};

static void
note(void *arg, uint32_t rule, bool shadowed)
{
	struct met *m = arg;

	text_printf(&m->out, "%s%u", shadowed ? " -" : " ",
		    policy_rule(m->p, rule)->line);
}

static void
expect_explanation(const char *acl, const char *name, const char *want)
{
	struct addr client = kit_addr("10.1.2.3");
	struct name asked = kit_name(name);
	struct kit k;
	struct met m = { .p = &k.policy };
	char buf[256];

	kit_open(&k, acl);
	text_init(&m.out, buf, sizeof(buf));
	policy_explain(&k.policy, asker(&client), &asked, note, &m);
	assert_string_equal(buf, want);
	kit_close(&k);
}

/* Lines in the order of the walk; '-' before those without effect. */
static void
test_explanations(void **state)
{
	(void)state;
	expect_explanation("10.0.0.0/8 ~> *\n10.0.0.0/8 -| *.x\n"
			   "10.0.0.0/8 -> a.x:TCP:1\n0.0.0.0/0 -> *:UDP:2\n",
			   "a.x", " 3 -2 -1 -4");
	expect_explanation("10.0.0.0/8 ~> *\n10.0.0.0/8 -| *.x\n"
			   "0.0.0.0/0 -> *:UDP:2\n",
			   "b.x", " 2 -1 -3");
	expect_explanation("10.0.0.0/8 -> .x:TCP:1\n10.0.0.0/8 -> *.x:TCP:1\n"
			   "0.0.0.0/0 -> *:UDP:2\n0.0.0.0/0 ~> *\n",
			   "b.x", " 2 -1 4 3");
	expect_explanation("10.0.0.0/8 ~> y\n", "x", "");
	expect_explanation("11.0.0.0/8 ~> x\n", "x", "");
}

/* The worked examples of dns-firewall.acl(5). */
static void
test_examples_of_the_manual(void **state)
{
	(void)state;
	EXPECT("10.0.0.0/8 ~> *\n10.0.0.0/8 -| .ads.example\n"
	       "10.0.0.0/8 -> www.ads.example:TCP:443\n",
	       { "10.0.0.1", "news.example", "allow dns" },
	       { "10.0.0.1", "x.ads.example", "block 2" },
	       { "10.0.0.1", "www.ads.example", "allow TCP:443" });
	EXPECT(
	    "10.0.0.0/8  -> *:TCP:443\n"
	    "10.0.0.0/8  -> .example.com:TCP:22\n"
	    "10.0.0.7    -> git.example.com:TCP:9418\n",
	    { "10.0.0.7", "git.example.com", "allow TCP:9418 TCP:22 TCP:443" },
	    { "10.0.0.8", "git.example.com", "allow TCP:22 TCP:443" },
	    { "10.0.0.8", "www.example.org", "allow TCP:443" });
	EXPECT("0.0.0.0/0   -| www.bad.example\n10.0.0.7    ~> *\n",
	       { "10.0.0.7", "www.bad.example", "allow dns" },
	       { "10.0.0.8", "www.bad.example", "block 1" });
}

static uint32_t
next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static const char *const nets[] = {
	"0.0.0.0/0",   "10.0.0.0/8",  "10.0.0.0/9",    "10.1.0.0/16",
	"10.1.2.0/24", "10.1.2.3/32", "::/0",	       "2001:db8::/32",
	"2001:db8::1", "10.1.2.2/31", "2001:db8::/63", "2001:db8::/65",
};

static const char *const clients[] = {
	"10.1.2.3", "10.1.2.2", "10.1.3.3",    "10.2.0.1",    "10.200.0.1",
	"11.0.0.1", "::1",	"2001:db8::1", "2001:db8::2", "2001:db9::",
};

static void
random_name(uint32_t *seed, struct text *out)
{
	uint32_t labels = 1 + next(seed) % 4;

	while (labels-- > 0) {
		text_char(out, "abC"[next(seed) % 3]);
		if (labels > 0)
			text_char(out, '.');
	}
}

static void
random_line(uint32_t *seed, struct text *out)
{
	static const char *const head[] = { "", "", "*.", "." };
	uint32_t arrow = next(seed) % 3;

	text_str(out, nets[next(seed) % (sizeof(nets) / sizeof(*nets))]);
	text_str(out, arrow == 0 ? " -> " : arrow == 1 ? " ~> " : " -| ");
	if (next(seed) % 8 == 0) {
		text_char(out, '*');
	} else {
		text_str(out, head[next(seed) % 4]);
		random_name(seed, out);
	}
	if (arrow == 0)
		text_printf(out, ":%s:%u", next(seed) % 2 ? "TCP" : "UDP",
			    1 + next(seed) % 4);
}

static bool
contradicts(const struct naive *n, const struct acl_rule *r)
{
	for (unsigned i = 0; i < n->count; i++) {
		const struct acl_rule *have = &n->rule[i];

		if (memcmp(&have->client, &r->client, sizeof(r->client)) == 0 &&
		    have->kind == r->kind &&
		    name_equal(&have->domain, &r->domain) &&
		    (have->arrow == ARROW_BLOCK) != (r->arrow == ARROW_BLOCK))
			return true;
	}
	return false;
}

/* The same rules for both matchers. */
static void
random_policy(uint32_t *seed, struct naive *n, struct text *acl)
{
	uint32_t lines = 1 + next(seed) % 24;

	n->count = 0;
	while (lines-- > 0) {
		char buf[128];
		struct text line;
		struct flaw flaw;
		struct acl_rule *r = &n->rule[n->count];

		text_init(&line, buf, sizeof(buf));
		random_line(seed, &line);
		assert_int_equal(acl_parse_line(buf, line.len, r, &flaw),
				 LINE_RULE);
		if (contradicts(n, r))
			continue;
		n->count++;
		text_str(acl, buf);
		text_char(acl, '\n');
	}
	assert_false(acl->cut);
}

static void
compare_matchers(uint32_t *seed, const struct kit *k, const struct naive *n)
{
	struct verdict plain, v;
	char buf[64];
	struct text text;

	text_init(&text, buf, sizeof(buf));
	random_name(seed, &text);
	for (size_t i = 0; i < sizeof(clients) / sizeof(*clients); i++) {
		struct addr client = kit_addr(clients[i]);
		struct name name = kit_name(buf);

		policy_match(&k->policy, asker(&client), &name, &v);
		naive_match(n, &client, &name, &plain);
		if (!naive_agrees(&plain, &v))
			fail_msg("%s %s: %d, wanted %d", clients[i], buf,
				 v.kind, plain.kind);
	}
}

static void
test_against_the_plain_matcher(void **state)
{
	static struct naive n;
	static char acl[8192];
	uint32_t seed = 20260101;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct text text;
		struct kit k;

		text_init(&text, acl, sizeof(acl));
		random_policy(&seed, &n, &text);
		kit_open(&k, acl);
		for (int names = 0; names < 4; names++)
			compare_matchers(&seed, &k, &n);
		kit_close(&k);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_matched_is_denied),
		cmocka_unit_test(test_kinds_of_domain),
		cmocka_unit_test(test_wildcard_does_not_switch_blocks_off),
		cmocka_unit_test(test_case_does_not_matter),
		cmocka_unit_test(test_labels_are_not_text),
		cmocka_unit_test(test_mapped_clients),
		cmocka_unit_test(test_longest_client_net_first),
		cmocka_unit_test(test_longest_domain_first),
		cmocka_unit_test(test_exact_then_below_then_tree),
		cmocka_unit_test(test_allows_add_up_until_a_block),
		cmocka_unit_test(test_ports_come_once),
		cmocka_unit_test(test_exact_rules_take_ports_over),
		cmocka_unit_test(test_more_ports_than_fit_stay_shut),
		cmocka_unit_test(test_answers_are_in_the_rule),
		cmocka_unit_test(test_a_rule_gives_only_what_it_says),
		cmocka_unit_test(test_what_any_rule_gives),
		cmocka_unit_test(test_what_no_name_can_open),
		cmocka_unit_test(test_what_a_rule_that_fits_gives),
		cmocka_unit_test(test_identities),
		cmocka_unit_test(test_rules_know_where_they_stand),
		cmocka_unit_test(test_explanations),
		cmocka_unit_test(test_examples_of_the_manual),
		cmocka_unit_test(test_against_the_plain_matcher),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
