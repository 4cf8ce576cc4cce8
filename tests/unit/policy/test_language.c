/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Groups, words, interfaces, port lists and files in files, from text to what
 * is printed and matched. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "asker.h"
#include "policy/compile.h"
#include "policy/match.h"
#include "policy/print.h"
#include "policy/service.h"
#include "proc/role.h"

enum { SAID_SIZE = 16384, PRINTED_SIZE = 65536, LAN = 7, WAN = 9 };

/* A file that can be included. */
struct file {
	const char *path, *text;
};

struct desk {
	struct own_addresses own;
	const struct file *files;
	unsigned file_count;
	void *image;
	struct policy policy;
	char said[SAID_SIZE], printed[PRINTED_SIZE];
};

static int
set_up(void **state)
{
	struct desk *d = calloc(1, sizeof(*d));
	struct own_addresses *own = &d->own;

	own->interface[0] = (struct own_interface){ LAN, "lan0" };
	own->interface[1] = (struct own_interface){ WAN, "wan0" };
	own->interface_count = 2;
	own->addr[0] = (struct addr){ 4, { 0 }, { 10, 0, 0, 1 } };
	own->addr[1] = (struct addr){ 4, { 0 }, { 10, 0, 0, 255 } };
	own->broadcast[1] = 1;
	own->count = 2;
	own->net[0] = (struct net){ { 4, { 0 }, { 10, 0, 0, 0 } }, 24, { 0 } };
	own->net_count = 1;
	*state = d;
	return 0;
}

static int
tear_down(void **state)
{
	struct desk *d = *state;

	free(d->image);
	free(d);
	return 0;
}

/* "*" at the end of a pattern matches every file that begins so. */
static bool
is_meant(const char *pattern, const char *path)
{
	size_t len = strlen(pattern);

	if (len > 0 && pattern[len - 1] == '*')
		return strncmp(pattern, path, len - 1) == 0;
	return strcmp(pattern, path) == 0;
}

static enum err
include(void *arg, const char *pattern, struct text *why, policy_text_fn *each,
	void *each_arg)
{
	struct desk *d = arg;
	enum err err = ERR_NONE;
	unsigned found = 0;

	for (unsigned i = 0; err == ERR_NONE && i < d->file_count; i++) {
		const struct file *f = &d->files[i];
		struct policy_text text = { .name = f->path,
					    .text = f->text,
					    .len = strlen(f->text) };

		if (!is_meant(pattern, f->path))
			continue;
		found++;
		err = each(each_arg, &text);
	}
	if (found > 0 || strchr(pattern, '*') != NULL)
		return err;
	text_str(why, "cannot be included: it is missing");
	return ERR_DENIED;
}

static enum err
compile(struct desk *d, const char *text)
{
	const struct policy_source source = { .name = "/etc/acl",
					      .text = text,
					      .len = strlen(text),
					      .own = &d->own,
					      .include = include,
					      .arg = d };
	struct text said, printed;
	size_t size = 0;
	enum err err;

	free(d->image);
	d->image = NULL;
	text_init(&said, d->said, sizeof(d->said));
	text_init(&printed, d->printed, sizeof(d->printed));
	err = policy_compile(&source, &d->image, &size, &said);
	if (err != ERR_NONE)
		return err;
	assert_int_equal(policy_view(d->image, size, 1, &d->policy), ERR_NONE);
	policy_find_interfaces(&d->policy, &d->own);
	for (uint32_t i = 0; i < policy_rule_count(&d->policy);) {
		i += rules_print(&d->policy, i, &printed);
		text_char(&printed, '\n');
	}
	assert_false(printed.cut);
	return ERR_NONE;
}

static void
prints(struct desk *d, const char *text, const char *want)
{
	char first[PRINTED_SIZE];

	assert_int_equal(compile(d, text), ERR_NONE);
	assert_string_equal(d->printed, want);
	strcpy(first, d->printed);
	assert_int_equal(compile(d, first), ERR_NONE);
	assert_string_equal(d->printed, first);
}

static void
refuses(struct desk *d, const char *text, const char *said)
{
	assert_int_equal(compile(d, text), ERR_SYNTAX);
	if (strstr(d->said, said) == NULL)
		assert_string_equal(d->said, said);
}

static enum verdict_kind
verdict(struct desk *d, const char *client, uint32_t ifindex,
	const char *domain)
{
	struct policy_client who = { .ifindex = ifindex };
	struct name name;
	struct verdict v;
	struct addr a;

	assert_int_equal(addr_parse(client, strlen(client), &a), ERR_NONE);
	assert_int_equal(name_parse(domain, strlen(domain), &name, NULL),
			 ERR_NONE);
	who.addr = &a;
	policy_match(&d->policy, &who, &name, &v);
	assert_int_equal(policy_knows(&d->policy, &who),
			 v.kind != VERDICT_STRANGER);
	return v.kind;
}

/* ---- stories ------------------------------------------------------------- */

static void
groups_hold_groups(void **state)
{
	prints(*state,
	       "@all ~> a.test\ngroup all = 10.0.0.2, @six,@four\n"
	       "group four = 10.1.0.0/16\ngroup six = ::1\n",
	       "10.0.0.2 ~> a.test\n10.1.0.0/16 ~> a.test\n::1 ~> a.test\n");
}

static void
groups_that_are_wrong(void **state)
{
	struct desk *d = *state;

	refuses(d, "@x ~> a\n", "/etc/acl:1:1: error: \"@x\" is not a group");
	refuses(d, "group a = @b\ngroup b = @a\n@a ~> x\n",
		"/etc/acl:2:11: error: \"@a\" contains itself, among the groups "
		"a b;");
	refuses(d, "group a = ::1, @b\n",
		"/etc/acl:1:16: error: \"@b\" is not a group");
	refuses(d, "group a = ::1\ngroup a = ::2\n",
		"/etc/acl:2:7: error: \"a\" is a group already, of "
		"/etc/acl:1;");
	refuses(d, "group a = ::1%lan0\n@a%wan0 ~> x\n", "another interface");
	refuses(d, "group a = ::1%lan~>0\n", "1:15: error: \"lan~>0\" is not");
	refuses(d, "group a = ::1%l\\an\n", "1:15: error: \"l\\an\" is not");
	assert_int_equal(compile(d, "group a = 10.1.2.3/8\n"), ERR_NONE);
	assert_non_null(strstr(d->said, "1:11: warning: \"10.1.2.3/8\""));
}

static void
words_for_clients(void **state)
{
	struct desk *d = *state;

	prints(d, "any ~> a.test\n", "0.0.0.0/0 ~> a.test\n::/0 ~> a.test\n");
	assert_int_equal(d->policy.head->follows_own, 0);
	prints(d, "localnets ~> a.test\n", "10.0.0.0/24 ~> a.test\n");
	assert_int_equal(compile(d, "localhost ~> a.test\n"), ERR_NONE);
	assert_string_equal(d->printed, "10.0.0.1 ~> a.test\n"
					"127.0.0.0/8 ~> a.test\n"
					"::1 ~> a.test\n");
	assert_int_equal(d->policy.head->follows_own, 1);
}

static void
interfaces_bind(void **state)
{
	struct desk *d = *state;

	prints(d,
	       "10.0.0.0/8 ~> a.test\n10.0.0.0/8%wan0 -| a.test\n"
	       "10.0.0.0/8%lan0 ~> *\n",
	       "10.0.0.0/8%lan0 ~> *\n10.0.0.0/8%wan0 -| a.test\n"
	       "10.0.0.0/8 ~> a.test\n");
	assert_int_equal(compile(d, "10.0.0.0/8 ~> a.test\n"
				    "10.0.0.0/8%wan0 -| a.test\n"
				    "10.0.0.0/8%lan0 ~> *\n"
				    "any%lan0 ~> six.test\n"),
			 ERR_NONE);
	assert_int_equal(verdict(d, "10.0.0.2", 0, "a.test"), VERDICT_ALLOWED);
	assert_int_equal(verdict(d, "10.0.0.2", 0, "b.test"), VERDICT_DENIED);
	assert_int_equal(verdict(d, "10.0.0.2", LAN, "b.test"),
			 VERDICT_ALLOWED);
	assert_int_equal(verdict(d, "10.0.0.2", WAN, "a.test"),
			 VERDICT_BLOCKED);
	assert_int_equal(verdict(d, "10.0.0.2", INTERFACE_ANY, "a.test"),
			 VERDICT_ALLOWED);
	assert_int_equal(verdict(d, "::2", LAN, "six.test"), VERDICT_ALLOWED);
	assert_int_equal(verdict(d, "::2", WAN, "six.test"), VERDICT_STRANGER);
	/* It has come again under another number, and then gone. */
	d->own.interface[0].index = 70;
	policy_find_interfaces(&d->policy, &d->own);
	assert_int_equal(verdict(d, "::2", LAN, "six.test"), VERDICT_STRANGER);
	assert_int_equal(verdict(d, "::2", 70, "six.test"), VERDICT_ALLOWED);
	d->own.interface_count = 0;
	policy_find_interfaces(&d->policy, &d->own);
	assert_int_equal(verdict(d, "::2", 0, "six.test"), VERDICT_STRANGER);
}

static void
interfaces_that_are_not_there(void **state)
{
	refuses(*state, "\n10.0.0.1%eth7 ~> a\n",
		"/etc/acl:2:10: error: \"eth7\" is not an interface of this "
		"machine; write one of lan0, wan0");
}

static void
an_interface_is_part_of_the_identity(void **state)
{
	struct desk *d = *state;
	uint64_t bound;

	assert_int_equal(compile(d, "10.0.0.1%lan0 ~> a\n"), ERR_NONE);
	bound = policy_rule(&d->policy, 0)->identity;
	assert_int_equal(compile(d, "10.0.0.1%wan0 ~> a\n"), ERR_NONE);
	assert_int_not_equal(policy_rule(&d->policy, 0)->identity, bound);
	assert_int_equal(compile(d, "10.0.0.1 ~> a\n"), ERR_NONE);
	assert_int_not_equal(policy_rule(&d->policy, 0)->identity, bound);
	/* Not its number, which depends on what else there is. */
	assert_int_equal(compile(d, "::1%wan0 ~> a\n10.0.0.1%lan0 ~> a\n"),
			 ERR_NONE);
	assert_int_equal(policy_rule(&d->policy, 0)->identity, bound);
}

static void
ports_are_written_out(void **state)
{
	struct desk *d = *state;
	struct addr client = { 4, { 0 }, { 10, 0, 0, 1 } };
	const struct policy_client who = { &client, 0 };

	prints(d, "10.0.0.1 -> a.test:tcp: 443 , 80,81,82,80\n",
	       "10.0.0.1 -> a.test:TCP:80-82,443\n");
	assert_int_equal(policy_rule_count(&d->policy), 4);
	assert_true(gives_any(&d->policy, &who, IPPROTO_TCP, 81));
	assert_false(gives_any(&d->policy, &who, IPPROTO_TCP, 83));
	prints(d, "10.0.0.1 -> a:SCTP:5060\n::1 -> a:ICMP\n"
		  "10.0.0.1 -> a:icmp\n",
	       "10.0.0.1 -> a:ICMP\n10.0.0.1 -> a:SCTP:5060\n"
	       "::1 -> a:ICMP\n");
	assert_true(gives_any(&d->policy, &who, IPPROTO_ICMP, PORT_ECHO));
	assert_int_equal(policy_rule_gives(&d->policy, 0, &who, IPPROTO_ICMPV6,
					   PORT_ECHO6),
			 ERR_NONE);
	refuses(d, "10.0.0.1 -> a:TCP:1-65535\n", ":1:19: ");
}

static void
too_much_is_refused(void **state)
{
	static char text[1 << 20];
	struct text t;

	text_init(&t, text, sizeof(text));
	for (unsigned i = 0; i < 800; i++) {
		if (i % 100 == 0)
			text_printf(&t, "\ngroup g%u = ::1", i / 100);
		else
			text_printf(&t, ",::%x", i + 1);
	}
	text_str(&t, "\ngroup g = @g0,@g1,@g2,@g3,@g4,@g5,@g6,@g7");
	for (unsigned i = 0; i < 30; i++)
		text_printf(&t, "\n@g -> n%u.test:TCP:1-256", i);
	text_char(&t, '\n');
	assert_false(t.cut);
	refuses(*state, text, "comes to more rules than there is room for");
}

static void
blocks_answer(void **state)
{
	struct desk *d = *state;

	prints(d,
	       "10.0.0.1 -| a nxdomain\n10.0.0.1 -| b nodata\n"
	       "10.0.0.1 -| c drop\n10.0.0.1 -| d refused\n"
	       "10.0.0.1 -| e null\n",
	       "10.0.0.1 -| a nxdomain\n10.0.0.1 -| b nodata\n"
	       "10.0.0.1 -| c drop\n10.0.0.1 -| d\n"
	       "10.0.0.1 -| e = 0.0.0.0,::\n");
	refuses(d, "10.0.0.1 -| a nxdomain\n10.0.0.1 -| a nodata\n",
		"2:13: error: this rule and line 1 block with different");
	refuses(d, "10.0.0.1 -| a = 192.0.2.1\n10.0.0.1 -| a drop\n",
		"block with different answers");
}

static void
files_include_files(void **state)
{
	static const struct file files[] = {
		{ "/etc/d/a", "@lan ~> a.test\n" },
		{ "/etc/d/b", "include \"../c\"\n10.0.0.1 ~> b..test\n" },
		{ "/etc/d/../c", "group lan = ::1\n" },
	};
	struct desk *d = *state;

	d->files = files;
	d->file_count = 1;
	prints(d, "include \"d/*\"\ngroup lan = 10.0.0.1\n",
	       "10.0.0.1 ~> a.test\n");
	assert_string_equal(policy_rule_file(&d->policy,
					     policy_rule(&d->policy, 0)),
			    "/etc/acl");
	assert_int_equal(compile(d, "include \"/etc/d/a\"\n"
				    "include \"d/a\"\ngroup lan = ::1\n"),
			 ERR_NONE);
	assert_string_equal(policy_rule_file(&d->policy,
					     policy_rule(&d->policy, 0)),
			    "/etc/d/a");
	assert_int_equal(policy_rule(&d->policy, 0)->line, 1);
	d->file_count = 3;
	refuses(d, "include \"d/*\"\n", "/etc/d/b:2:15: error: ");
	refuses(d, "# x\ninclude \"e\"\n",
		"/etc/acl:2:10: error: \"e\" cannot be included: it is "
		"missing; include regular files");
	prints(d, "include \"none*\"\n::1 ~> a\n", "::1 ~> a\n");
}

static void
files_that_go_round(void **state)
{
	static const struct file files[] = {
		{ "/etc/acl", "" },
		{ "/etc/one", "include \"two\"\n" },
		{ "/etc/two", "include \"one\"\n" },
		{ "/etc/0", "include \"1\"\n" },
		{ "/etc/1", "include \"2\"\n" },
		{ "/etc/2", "include \"3\"\n" },
		{ "/etc/3", "include \"4\"\n" },
		{ "/etc/4", "include \"5\"\n" },
		{ "/etc/5", "include \"6\"\n" },
		{ "/etc/6", "include \"7\"\n" },
		{ "/etc/7", "include \"8\"\n" },
		{ "/etc/8", "::1 ~> a\n" },
	};
	struct desk *d = *state;

	d->files = files;
	d->file_count = sizeof(files) / sizeof(files[0]);
	refuses(d, "include \"acl\"\n", "includes /etc/acl, which includes");
	refuses(d, "include \"one\"\n", "/etc/two:1:10: ");
	refuses(d, "include \"0\"\n", "more than 8 files deep");
	assert_int_equal(compile(d, "include \"1\"\n"), ERR_NONE);
}

static void
two_files_contradict(void **state)
{
	static const struct file files[] = { { "/etc/b", "::1 -| a\n" } };
	struct desk *d = *state;

	d->files = files;
	d->file_count = 1;
	refuses(d, "include \"b\"\n::1 ~> a\n",
		"/etc/b:1:8: error: this rule and /etc/acl:2 allow and block");
}

static void
names_in_utf8(void **state)
{
	struct desk *d = *state;

	if (compile(d, "::1 ~> *.b\xc3\xbc"
		       "cher.test\n") == ERR_SYNTAX) {
		assert_non_null(strstr(d->said, "libidn2"));
		return;
	}
	assert_string_equal(d->printed, "::1 ~> *.xn--bcher-kva.test\n");
	assert_non_null(strstr(d->said, "1:8: warning: "));
	refuses(d, "::1 ~> a\xc3\n", "is not a valid internationalized name");
	refuses(d, "::1 ~> \xe2\x80\x8b.test\n", "/etc/acl:1:8: error: ");
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(groups_hold_groups),
		STORY(groups_that_are_wrong),
		STORY(words_for_clients),
		STORY(interfaces_bind),
		STORY(interfaces_that_are_not_there),
		STORY(an_interface_is_part_of_the_identity),
		STORY(ports_are_written_out),
		STORY(too_much_is_refused),
		STORY(blocks_answer),
		STORY(files_include_files),
		STORY(files_that_go_round),
		STORY(two_files_contradict),
		STORY(names_in_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
