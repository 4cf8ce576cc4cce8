/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each kind of value accepts, what it refuses, and how it prints. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/gather.h"
#include "conf/value.h"
#include "conf/zone.h"

static struct options opt;
static char complaint[8192];

/* Says one value; true where it was accepted. */
static bool
takes(const char *name, const char *value)
{
	struct text t;
	struct gather g;

	text_init(&t, complaint, sizeof(complaint));
	gather_init(&g, &opt, &t);
	gather_begin(&g);
	gather_say(&g, &(struct saying){ setting_by_name(name, strlen(name)),
					 "--it", value, false });
	assert_int_equal(g.refused > 0, t.len > 0);
	return g.refused == 0;
}

static void
assert_refused(const char *name, const char *value, const char *accepted)
{
	char shown[128];

	assert_false(takes(name, value));
	snprintf(shown, sizeof(shown), "--it: \"%.80s", value);
	if (strstr(complaint, shown) != complaint ||
	    strstr(complaint, accepted) == NULL)
		fail_msg("%s=%s: %s", name, value, complaint);
}

static const char *
printed(const char *name)
{
	static char buf[8192];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	value_print(setting_by_name(name, strlen(name)), &opt, &t);
	return buf;
}

static void
test_numbers(void **state)
{
	static const char *const bad[] = {
		"-1",	"+1",  " 1",	"1 ",	      "1.0",
		"0x10", "1e3", "86401", "4294967296", "99999999999999999999",
		"five"
	};
	(void)state;

	assert_true(takes("grace", "0"));
	assert_int_equal(opt.grace_s, 0);
	assert_true(takes("grace", "86400"));
	assert_int_equal(opt.grace_s, 86400);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_refused("grace", bad[i],
			       "a whole number from 0 to 86400");
		assert_int_equal(opt.grace_s, 60);
	}
	assert_refused("timeout", "0", "from 1 to 3600");
	assert_refused("max-rule-time", "0", "from 1 to 2147483");
	assert_refused("max-rule-time", "2147484", "from 1 to 2147483");
	assert_refused("workers", "65", "from 0 to 64");
	assert_refused("set-size", "63", "from 64 to 4194304");
}

static void
test_ports(void **state)
{
	(void)state;

	assert_true(takes("bind-port", "65535"));
	assert_int_equal(opt.bind_port, 65535);
	assert_string_equal(printed("bind-port"), "65535");
	assert_refused("bind-port", "0", "from 1 to 65535");
	assert_refused("bind-port", "65536", "from 1 to 65535");
}

static void
test_choices(void **state)
{
	(void)state;

	assert_true(takes("firewall", "IPTables"));
	assert_int_equal(opt.firewall, FIREWALL_IPTABLES);
	assert_true(takes("firewall", "NONE"));
	assert_int_equal(opt.firewall, FIREWALL_NONE);
	assert_true(takes("query-case", "plain"));
	assert_int_equal(opt.query_case, QUERY_CASE_PLAIN);
	assert_string_equal(printed("query-case"), "plain");
	assert_true(takes("firewall", "nftables"));
	assert_int_equal(opt.firewall, FIREWALL_NFTABLES);
	assert_refused("firewall", "iptable", "none or iptables or nftables");
	assert_refused("iptables", "new", "auto or nft or legacy");
	assert_refused("compat", "c", "none or rust");
}

static void
test_flags(void **state)
{
	static const char *const on[] = { "1", "yes", "TRUE", "on" };
	static const char *const off[] = { "0", "no", "False", "off" };
	(void)state;

	for (size_t i = 0; i < 4; i++) {
		assert_true(takes("strict-types", on[i]));
		assert_true(opt.strict_types);
		assert_true(takes("strict-types", off[i]));
		assert_false(opt.strict_types);
	}
	assert_refused("strict-types", "2", "yes or no");
}

static void
test_addresses(void **state)
{
	static const char *const bad[] = {
		"localhost",
		"1.2.3",
		"1.2.3.4:53",
		"1.2.3.4@",
		"1.2.3.4@0",
		"1.2.3.4@65536",
		"@53",
		"[1.2.3.4]",
		"[::1",
		"::1]",
		"[::1]:53",
		"1.2.3.4%lo",
		"::1%lo",
		"fe80::1",
		"fe80::1%",
		"224.0.0.1",
		"ff02::1",
		"255.255.255.255",
		"fe80::1%no-such-if",
		"1.2.3.4@53@54",
		"1.2.3.4/32",
	};
	(void)state;

	assert_true(takes("bind", "192.0.2.1"));
	assert_int_equal(opt.bind_count, 1);
	assert_int_equal(opt.bind[0].port, 0);
	assert_true(
	    takes("bind", "192.0.2.1@54 ,2001:db8::1, [2001:db8::2]@55"));
	assert_int_equal(opt.bind_count, 3);
	assert_string_equal(printed("bind"),
			    "192.0.2.1@54,2001:db8::1,2001:db8::2@55");
	assert_true(takes("bind", "::ffff:192.0.2.7"));
	assert_int_equal(opt.bind[0].addr.family, 4);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused("upstream", bad[i], "ADDRESS@PORT");
	assert_false(takes("upstream", ",192.0.2.1"));
	assert_false(takes("upstream", "192.0.2.1,"));
}

static void
test_scopes(void **state)
{
	(void)state;

	assert_true(takes("upstream", "fe80::1%lo@54,[fe80::2%lo]"));
	assert_int_equal(opt.upstream_count, 2);
	assert_int_equal(opt.upstream[0].scope, if_nametoindex("lo"));
	assert_int_equal(opt.upstream[0].port, 54);
	assert_int_equal(opt.upstream[1].scope, if_nametoindex("lo"));
	/* what is printed is understood again */
	assert_true(takes("upstream", printed("upstream")));
	assert_int_equal(opt.upstream[0].scope, if_nametoindex("lo"));
}

static void
test_list_length(void **state)
{
	(void)state;

	assert_true(takes("upstream", "1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4,1.1.1.5,"
				      "1.1.1.6,1.1.1.7,1.1.1.8"));
	assert_int_equal(opt.upstream_count, 8);
	assert_false(takes("upstream", "1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4,"
				       "1.1.1.5,1.1.1.6,1.1.1.7,1.1.1.8,"
				       "1.1.1.9,bad"));
	assert_string_equal(complaint, "--it: \"1.1.1.9\" is not accepted; "
				       "accepted is a list of at most 8");
	assert_int_equal(opt.upstream_count, 8);
}

static void
test_nets(void **state)
{
	(void)state;

	assert_true(takes("private-ok", "10.1.2.3/8,fd00::/8,192.168.1.1"));
	assert_string_equal(printed("private-ok"),
			    "10.0.0.0/8,fd00::/8,192.168.1.1/32");
	assert_refused("private-ok", "10.0.0.0/33", "like 10.0.0.0/8");
	assert_refused("private-ok", "10.0.0.0/", "like 10.0.0.0/8");
	assert_refused("private-ok", "ten", "like 10.0.0.0/8");
}

static void
test_zones(void **state)
{
	static const char *const bad[] = {
		"a..b", ".a",	   "..",	  "*.a",
		"a b",	"a\\046b", "caf\xc3\xa9", "-.-..",
	};
	static const uint8_t wire[] = "\004home\007example";
	(void)state;

	assert_true(takes("local-zone", "Home.EXAMPLE"));
	assert_int_equal(opt.local_zone[0].len, sizeof(wire));
	assert_memory_equal(opt.local_zone[0].wire, wire, sizeof(wire));
	assert_string_equal(printed("local-zone"), "home.example.");
	assert_true(takes("local-zone", "lan.,_x.y-z,."));
	assert_string_equal(printed("local-zone"), "lan.,_x.y-z.,.");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(takes("local-zone", bad[i]));
	assert_refused("local-zone", "*.a", "the name of a zone");
}

/* 255 bytes on the wire are a name, 256 are not (RFC 1035 2.3.4). */
static void
test_zone_length(void **state)
{
	char name[300];
	size_t len = 0;
	struct option_zone zone;
	(void)state;

	for (int label = 0; label < 4; label++) {
		const size_t letters = label < 3 ? 63 : 61;

		memset(name + len, 'a', letters);
		len += letters;
		name[len++] = '.';
	}
	assert_true(zone_parse(name, len, &zone));
	assert_int_equal(zone.len, 255);
	memcpy(name + len - 1, "a.", 2);
	assert_false(zone_parse(name, len + 1, &zone));
	memset(name, 'a', 64);
	assert_true(zone_parse(name, 63, &zone));
	assert_false(zone_parse(name, 64, &zone));
	assert_false(zone_parse("", 0, &zone));
}

static void
test_chain(void **state)
{
	static const char *const bad[] = {
		"-A",	    "!x",
		"a b",	    "a\tb",
		"a\nb",	    "x;y",
		"a/b",	    "a\"b",
		"\xc3\xa9", "a2345678901234567890123456789"
	};
	(void)state;

	assert_true(takes("chain", "DNS-ALLOW_list.1"));
	assert_string_equal(opt.chain, "DNS-ALLOW_list.1");
	assert_true(takes("chain", "a234567890123456789012345678"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(takes("chain", bad[i]));
		assert_non_null(strstr(complaint, "1 to 28 letters"));
	}
	assert_true(takes("set-prefix", "a2345678901234"));
	assert_refused("set-prefix", "a23456789012345", "1 to 14 letters");
}

static void
test_user(void **state)
{
	(void)state;

	assert_true(takes("user", "nobody"));
	assert_string_equal(opt.user, "nobody");
	assert_true(takes("user", "65534"));
	assert_true(takes("user", "4294967294"));
	assert_refused("user", "root", "other than root");
	assert_refused("user", "0", "other than root");
	assert_refused("user", "00", "other than root");
	assert_refused("user", "4294967295", "1 to 4294967294");
	assert_refused("user", "no-such-user-here", "a user of this machine");
}

static void
test_length(void **state)
{
	char value[513];
	(void)state;

	memset(value, 'x', 512);
	value[512] = '\0';
	assert_refused("acl-file", value, "at most 511 bytes");
	assert_refused("upstream", value, "at most 511 bytes");
	value[511] = '\0';
	assert_true(takes("acl-file", value));
	assert_int_equal(strlen(opt.acl_file), 511);
	assert_false(takes("acl-file", "a\nb"));
	assert_non_null(strstr(complaint, "without control characters"));
}

/* A refused value cannot forge a line of its own in the log. */
static void
test_complaint_is_one_line(void **state)
{
	(void)state;

	assert_false(takes("grace", "1\n[INFO ] all is well"));
	assert_null(strchr(complaint, '\n'));
	assert_non_null(strstr(complaint, "\"1\\010"));
}

static void
test_empty_is_unset(void **state)
{
	(void)state;

	assert_true(takes("grace", ""));
	assert_int_equal(opt.grace_s, 60);
	assert_true(takes("bind", ""));
	assert_string_equal(printed("bind"), "127.0.0.53");
}

static void
test_names(void **state)
{
	char env[SETTING_NAME_SIZE];
	bool file;
	(void)state;

	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = setting_at(i);

		setting_env_name(s, env);
		assert_ptr_equal(setting_by_env(env, strlen(env), &file), s);
		assert_false(file);
		strcat(env, "_FILE");
		assert_ptr_equal(setting_by_env(env, strlen(env), &file), s);
		assert_true(file);
	}
	assert_string_equal(setting_by_env("ACL_FILE", 8, &file)->name,
			    "acl-file");
	assert_string_equal(setting_by_env("dnsfw_grace", 11, &file)->name,
			    "grace");
	assert_null(setting_by_env("Acl_File", 8, &file));
	assert_null(setting_by_env("GRACE", 5, &file));
	assert_null(setting_by_env("ACL", 3, &file));
	assert_string_equal(setting_near("DNSFW_GRCE", 10)->name, "grace");
	assert_string_equal(setting_near("max-rul-time", 12)->name,
			    "max-rule-time");
	assert_null(setting_near("zzzzzzzzzzzz", 12));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_list_length),
		cmocka_unit_test(test_nets),
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_zone_length),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_user),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_complaint_is_one_line),
		cmocka_unit_test(test_empty_is_unset),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
