/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of the lists file. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "lists/config.h"
#include "policy/complain.h"
#include "wire/types.h"

static struct list_config list;
static struct key_config key;
static struct flaw flaw;

static enum config_line
read_line(const char *line)
{
	memset(&list, 0xaa, sizeof(list));
	return config_read_line(line, strlen(line), &list, &key, &flaw);
}

static void
assert_list(const char *line)
{
	if (read_line(line) != CONFIG_LIST)
		fail_msg("%s: %u: %.*s %s; %s", line, flaw.column,
			 (int)flaw.len, flaw.text, flaw.what, flaw.right);
}

static void
assert_wrong(const char *line, uint32_t column, const char *what)
{
	assert_int_equal(read_line(line), CONFIG_WRONG);
	if (flaw.column != column || strstr(flaw.what, what) == NULL)
		fail_msg("%s: %u: %s; %s", line, flaw.column, flaw.what,
			 flaw.right);
}

static void
test_sources(void **state)
{
	(void)state;
	assert_list("list ads hosts /etc/ads # of ours");
	assert_string_equal(list.name, "ads");
	assert_string_equal(list.where, "/etc/ads");
	assert_int_equal(list.source, SOURCE_FILE);
	assert_int_equal(list.action, ACTION_NXDOMAIN);
	assert_int_equal(list.max_ttl_s, 300);
	assert_list("list a domains \"/etc/my ads\"");
	assert_string_equal(list.where, "/etc/my ads");
	assert_list("list a ips https://lists.example/x?y=1 interval 600");
	assert_int_equal(list.source, SOURCE_HTTPS);
	assert_int_equal(list.interval_s, 600);
	assert_list("list z rpz Basic.RPZ.example primary 192.0.2.1,"
		    "2001:db8::1@5353 key K1");
	assert_int_equal(list.source, SOURCE_PRIMARY);
	assert_int_equal(list.action, ACTION_GIVEN);
	assert_int_equal(list.servers, 2);
	assert_int_equal(list.server[0].port, 53);
	assert_int_equal(list.server[1].port, 5353);
	assert_string_equal(list.key, "k1.");
	assert_memory_equal(list.zone.wire, "\5basic\3rpz\7example", 19);
	assert_list("list d dns a.example,b.example server 192.0.2.3");
	assert_int_equal(list.source, SOURCE_RRSET);
	assert_int_equal(list.rrsets, 2);
	assert_list("list z rpz /etc/zone zone rpz.example");
	assert_int_equal(list.source, SOURCE_FILE);
	assert_list("list f hosts https://feeds.example/a.txt\r");
	assert_string_equal(list.where, "https://feeds.example/a.txt");
}

static void
test_words(void **state)
{
	(void)state;
	assert_list("list a domains /a action cname *.garden.example");
	assert_int_equal(list.action, ACTION_CNAME);
	assert_true(list.wild);
	assert_list("list a domains /a action address 192.0.2.1,2001:db8::1");
	assert_int_equal(list.addresses, 2);
	assert_list("list a rpz /a action disabled");
	assert_int_equal(list.action, ACTION_LOG);
	assert_list("list a rpz /a action log clients 10.0.0.0/8,fd00::/8");
	assert_int_equal(list.action, ACTION_LOG);
	assert_int_equal(list.clients, 2);
	assert_list("list a ips /a column 3 block-set yes");
	assert_int_equal(list.column, 3);
	assert_true(list.block_set);
	assert_list("list a rpz /a ede forged soa none expire remove "
		    "ns-missing block max-ttl 5");
	assert_int_equal(list.ede, EDE_FORGED);
	assert_int_equal(list.soa, LISTS_SOA_NONE);
	assert_true(list.expire_removes && list.missing_blocks);
	assert_int_equal(list.ns_levels, 1);
	assert_list("list a rpz /a ns-levels 3 soa none");
	assert_int_equal(list.ns_levels, 3);
	assert_list("list a rpz /a ns-levels all soa none");
	assert_int_equal(list.ns_levels, CONFIG_LEVELS_MAX);
	assert_int_equal(list.soa, LISTS_SOA_NONE);
	assert_list("list a ips /a nickname \"Bad ones\" category c2 contact "
		    "\"a@b.example\"");
	assert_string_equal(list.nickname, "Bad ones");
	assert_string_equal(list.contact, "a@b.example");
}

static void
test_keys(void **state)
{
	(void)state;
	assert_int_equal(read_line("key K.example hmac-sha256 /etc/k"),
			 CONFIG_KEY);
	assert_string_equal(key.name, "k.example.");
	assert_int_equal(key.algorithm, TSIG_HMAC_SHA256);
	assert_int_equal(read_line("key k hmac-md5 env:TSIG_KEY"), CONFIG_KEY);
	assert_wrong("key k hmac-sha3 /etc/k", 7, "not an algorithm");
	assert_wrong("key k hmac-md5 etc", 16, "absolute path");
	assert_wrong("key k hmac-md5 /a b", 19, "too much");
}

static void
test_wrong(void **state)
{
	(void)state;
	assert_int_equal(read_line("  # nothing"), CONFIG_NOTHING);
	assert_wrong("feed a", 1, "not known");
	assert_wrong("list", 5, "name of the list is missing");
	assert_wrong("list a/b hosts /a", 6, "not a name for a list");
	assert_wrong("list .. hosts /a", 6, "not a name for a list");
	assert_wrong("list a csv /a", 8, "not a form");
	assert_wrong("list a hosts http://x/y", 14, "not fetched");
	assert_wrong("list a hosts https://u:p@x/y", 14, "URL");
	assert_wrong("list a hosts x", 14, "absolute path");
	assert_wrong("list a rpz zone.example", 6, "whence the zone comes");
	assert_wrong("list a rpz https://x/y", 12, "policy zone");
	assert_wrong("list a hosts /a action given", 6, "no actions of its");
	assert_wrong("list a hosts /a action", 23, "action is missing");
	assert_wrong("list a hosts /a action data", 24, "not an action");
	assert_wrong("list a hosts /a interval 5", 26, "too small");
	assert_wrong("list a hosts /a interval 1h", 26, "not a number");
	assert_string_equal(flaw.right, "write seconds, 60 to 2592000");
	assert_wrong("list a hosts /a action log action nodata", 28,
		     "stands twice");
	assert_wrong("list a hosts /a block-set yes", 6, "no addresses");
	assert_wrong("list a dns https://x.example/", 12, "not a name");
	assert_wrong("list a rpz /a ns-levels 0", 25, "too small");
	assert_wrong("list a rpz /a ns-levels", 24, "number is missing");
	assert_wrong("list a hosts /a primary 192.0.2.1", 6, "nobody would");
	assert_wrong("list a hosts /a clients 10.0.0.1/8", 25, "bits set");
	assert_wrong("list a hosts /a nickname \"x", 26, "text is missing");
	assert_wrong("list a ips /a block-set yes allow-set yes", 6,
		     "blocked and allowed");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
