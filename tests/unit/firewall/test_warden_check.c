/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the warden makes of each letter, good and bad, with a firewall in
 * memory: what is refused never gets there. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/clock.h"
#include "fake.h"
#include "firewall/revoke.h"

static const char acl[] = "10.0.0.0/8 -> exact.example:TCP:443\n"  /* 0 */
			  "10.0.0.0/8 -> *.wild.example:TCP:443\n" /* 1 */
			  "10.0.0.0/8 ~> dns.example\n"		   /* 2 */
			  "2001:db8::/32 -> six.example:TCP:443\n" /* 3 */
			  "127.0.0.0/8 -> here.example:TCP:443\n"  /* 4 */
			  "10.0.0.0/8 -> other.example:TCP:443\n"  /* 5 */
			  "10.0.0.0/8 -> *.home.arpa:TCP:443\n"	   /* 6 */
			  "10.0.0.0/8 -> *.arpa:TCP:443\n";	   /* 7 */

static struct fake_warden w;
static struct kit_letter l;

/* The index of the rule of that line of the ACL. */
static uint32_t
rule_at(uint32_t line)
{
	for (uint32_t i = 0; i < 8; i++) {
		if (policy_rule(&w.a.judge.policy, i)->line == line)
			return i;
	}
	abort();
}

static int
setup(void **state)
{
	(void)state;
	fake_begin(&w, acl, kit_options());
	kit_letter(&l, 1);
	l.item[0] = kit_item("10.0.0.2", "203.0.113.5");
	l.item[0].rule = rule_at(1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fake_end(&w);
	return 0;
}

static struct granted_letter
ask(void)
{
	struct granted_letter out;

	admit(&w.a, &l.letter, 1, &out);
	return out;
}

static void
give(unsigned items)
{
	struct granted_letter out = ask();

	assert_int_equal(out.status, GRANT_OK);
	assert_int_equal(out.applied, items);
}

static void
refuse(enum grant_detail detail)
{
	unsigned adds = w.backend.adds;
	uint64_t refused = w.board.refused;
	struct granted_letter out = ask();

	assert_int_equal(out.status, GRANT_REFUSED);
	assert_int_equal(out.detail, detail);
	assert_int_equal(out.applied, 0);
	assert_int_equal(w.backend.adds, adds);
	assert_int_equal(w.board.refused, refused + 1);
}

static void
test_a_good_letter_is_granted(void **state)
{
	(void)state;
	give(1);
	assert_int_equal(w.backend.count, 1);
	assert_int_equal(w.backend.entry[0].timeout_s, 100);
}

static void
test_pads_and_flags(void **state)
{
	(void)state;
	l.letter.pad = 1;
	refuse(DETAIL_PAD);
	l.letter.pad = 0;
	l.item[0].flags = 2;
	refuse(DETAIL_FLAGS);
	l.item[0].flags = 0;
	l.item[0].client.pad[1] = 1;
	refuse(DETAIL_ADDRESS);
	l.item[0].client.pad[1] = 0;
	l.item[0].destination.byte[9] = 1;
	refuse(DETAIL_ADDRESS);
	l.item[0].destination.byte[9] = 0;
	l.item[0].destination.family = 5;
	refuse(DETAIL_ADDRESS);
	l.item[0].destination.family = 4;
	give(1);
}

static void
test_names(void **state)
{
	struct grant_names *n = &l.letter.names;

	(void)state;
	n->bytes[0] = 1; /* nobody says that it belongs to them */
	refuse(DETAIL_NAMES);
	n->len = 1;
	refuse(DETAIL_NAMES);
	memcpy(n->bytes, "\1a\0", 3);
	n->len = GRANT_NAMES_SIZE + 1;
	refuse(DETAIL_NAMES);
	n->len = 3;
	n->links = 1;
	refuse(DETAIL_NAMES);
	n->links = 0;
	n->borrowed = 2;
	refuse(DETAIL_NAMES);
	n->borrowed = 0;
	memcpy(n->bytes, "\1a\300\0", 4); /* a pointer */
	n->len = 4;
	refuse(DETAIL_NAMES);
	memcpy(n->bytes, "\1a\0\0", 4);
	n->len = 3;
	give(1);
}

static uint32_t
take_back(enum revoke_scope scope, const char *client, const char *name)
{
	struct revoke_letter wish = { .scope = scope };
	struct revoked_letter done;

	if (client != NULL)
		net_parse(client, strlen(client), &wish.net, NULL);
	if (name != NULL) {
		struct name n;

		name_parse(name, strlen(name), &n, NULL);
		wish.name_len = n.len;
		memcpy(wish.name, n.wire, n.len);
	}
	revoke_wished(&w.a, &wish, &done);
	assert_int_equal(done.ok, 1);
	return done.count;
}

static void
test_wishes(void **state)
{
	struct revoke_letter odd = { .scope = REVOKE_NET };
	struct revoked_letter done;

	(void)state;
	memcpy(l.letter.names.bytes, "\1a\0\1b\0", 6);
	l.letter.names.len = 6;
	l.letter.names.links = 1;
	give(1);
	odd.net.addr = l.item[0].client;
	odd.net.bits = 255;
	revoke_wished(&w.a, &odd, &done);
	assert_int_equal(done.count, 0);
	odd.scope = 77;
	revoke_wished(&w.a, &odd, &done);
	assert_int_equal(done.count, 0);
	assert_int_equal(take_back(REVOKE_LOCAL, NULL, NULL), 0);
	assert_int_equal(take_back(REVOKE_NET, "10.9.0.0/16", NULL), 0);
	assert_int_equal(take_back(REVOKE_NET, "10.0.0.0/8", "c"), 0);
	assert_int_equal(w.backend.count, 1);
	assert_int_equal(take_back(REVOKE_NET, "10.0.0.0/8", "B"), 1);
	assert_int_equal(w.backend.count, 0);
	give(1);
	assert_int_equal(take_back(REVOKE_ALL, NULL, "a"), 1);
	give(1);
	assert_int_equal(take_back(REVOKE_ALL, NULL, NULL), 1);
	assert_int_equal(w.board.revoked, 3);
	assert_int_equal(w.backend.count, 0);
}

static void
test_epoch_and_generation(void **state)
{
	(void)state;
	l.letter.epoch = 2;
	refuse(DETAIL_EPOCH);
	l.letter.epoch = 1;
	l.letter.generation = 0;
	assert_int_equal(ask().status, GRANT_STALE);
	assert_int_equal(w.backend.adds, 0);
}

static void
test_rules(void **state)
{
	(void)state;
	l.item[0].rule = 8;
	refuse(DETAIL_RULE);
	l.item[0].rule = IMAGE_NONE;
	refuse(DETAIL_RULE);
	l.item[0].rule = rule_at(3);
	refuse(DETAIL_RULE);
	l.item[0].rule = rule_at(1);
	l.item[0].client = kit_addr("11.0.0.2");
	refuse(DETAIL_CLIENT);
}

static void
test_protocols_and_ports(void **state)
{
	(void)state;
	l.item[0].protocol = 99;
	refuse(DETAIL_PROTOCOL);
	l.item[0].protocol = 0;
	refuse(DETAIL_PROTOCOL);
	l.item[0].protocol = IPPROTO_UDP;
	refuse(DETAIL_PORT);
	l.item[0].protocol = IPPROTO_TCP;
	l.item[0].port = 444;
	refuse(DETAIL_PORT);
	l.item[0].port = 0;
	refuse(DETAIL_PORT);
}

static void
test_times(void **state)
{
	(void)state;
	l.item[0].ttl_s = 0;
	refuse(DETAIL_TTL_ZERO);
	l.item[0].ttl_s = 86400 + 60 + 1;
	refuse(DETAIL_TTL_LONG);
	l.item[0].ttl_s = 0x80000000;
	refuse(DETAIL_TTL_LONG);
	l.item[0].ttl_s = UINT32_MAX;
	refuse(DETAIL_TTL_LONG);
	l.item[0].ttl_s = 86400 + 60;
	give(1);
	w.opt.max_rule_time_s = 2147483;
	l.item[0].ttl_s = 2147484;
	refuse(DETAIL_TTL_LONG);
	l.item[0].ttl_s = 2147483;
	give(1);
}

static void
test_guarded_destinations(void **state)
{
	static const char *const guarded4[] = { "127.0.0.1", "0.0.0.0",
						"169.254.169.254", "224.0.0.1",
						"255.255.255.255" };
	static const char *const guarded6[] = {
		"::",		"::1", "fe80::1", "ff02::1", "64:ff9b::7f00:1",
		"2002:7f00:1::"
	};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		l.item[0].destination = kit_addr(guarded4[i]);
		refuse(DETAIL_GUARDED);
	}
	l.item[0].client = kit_addr("2001:db8::2");
	l.item[0].rule = rule_at(4);
	for (size_t i = 0; i < 6; i++) {
		l.item[0].destination = kit_addr(guarded6[i]);
		refuse(DETAIL_GUARDED);
	}
}

static void
test_own_destinations(void **state)
{
	(void)state;
	l.item[0].destination = kit_addr("10.0.0.1");
	refuse(DETAIL_OWN);
	l.item[0].destination = kit_addr("10.0.0.255");
	refuse(DETAIL_OWN);
	l.item[0].destination = kit_addr("198.51.100.77");
	refuse(DETAIL_OWN);
	l.item[0].client = kit_addr("2001:db8::2");
	l.item[0].rule = rule_at(4);
	l.item[0].destination = kit_addr("2001:db8:1::1");
	refuse(DETAIL_OWN);
	l.item[0].destination = kit_addr("64:ff9b::c633:644d");
	refuse(DETAIL_OWN);
}

static void
test_private_destinations(void **state)
{
	(void)state;
	l.item[0].destination = kit_addr("192.168.1.1");
	give(1);
	l.item[0].rule = rule_at(2);
	l.item[0].destination = kit_addr("192.168.1.2");
	refuse(DETAIL_PRIVATE);
	w.opt.private_ok_count = 1;
	net_parse("192.168.1.0/24", 14, &w.opt.private_ok[0], NULL);
	give(1);
	l.item[0].destination = kit_addr("192.168.2.2");
	refuse(DETAIL_PRIVATE);
	/* 192.168.1.3 behind NAT64. */
	l.item[0].rule = rule_at(4);
	l.item[0].client = kit_addr("2001:db8::2");
	l.item[0].destination = kit_addr("64:ff9b::c0a8:103");
	give(1);
}

static void
test_local_zones(void **state)
{
	static const uint8_t zone[] = "\4home\4arpa";

	(void)state;
	l.item[0].destination = kit_addr("192.168.1.1");
	l.item[0].rule = rule_at(7);
	refuse(DETAIL_PRIVATE);
	w.opt.local_zone_count = 1;
	w.opt.local_zone[0].len = sizeof(zone);
	memcpy(w.opt.local_zone[0].wire, zone, sizeof(zone));
	give(1);
	/* *.arpa has names in home.arpa, *.wild.example has none. */
	l.item[0].rule = rule_at(8);
	l.item[0].destination = kit_addr("192.168.1.2");
	give(1);
	l.item[0].rule = rule_at(2);
	refuse(DETAIL_PRIVATE);
}

static void
test_families_and_local_clients(void **state)
{
	(void)state;
	l.item[0].destination = kit_addr("2606:4700::1");
	refuse(DETAIL_FAMILY);
	l.item[0].flags = GRANT_LOCAL;
	refuse(DETAIL_NOT_LOCAL);
	/* An own address is this host; a broadcast address is not. */
	l.item[0].client = kit_addr("10.0.0.255");
	refuse(DETAIL_NOT_LOCAL);
	l.item[0].client = kit_addr("10.0.0.1");
	give(1);
	assert_int_equal(w.backend.entry[0].key.set, SET_V6_LOCAL);
	assert_int_equal(w.backend.entry[0].key.client.family, 0);
	l.item[0].client = kit_addr("127.0.0.1");
	l.item[0].rule = rule_at(5);
	l.item[0].destination = kit_addr("203.0.113.5");
	give(1);
	assert_int_equal(w.backend.entry[1].key.set, SET_V4_LOCAL);
}

static void
test_a_family_without_rules(void **state)
{
	(void)state;
	w.a.judge.families = ROLE_IPV6;
	assert_int_equal(ask().status, GRANT_NO_FAMILY);
	assert_int_equal(w.backend.adds, 0);
}

static void
test_one_bad_item_spoils_the_letter(void **state)
{
	struct granted_letter out;

	(void)state;
	w.a.limit[SET_V4] = 64;
	kit_letter(&l, 64);
	for (unsigned i = 0; i < 64; i++) {
		l.item[i] = kit_item("10.0.0.2", "203.0.113.0");
		l.item[i].rule = rule_at(1);
		l.item[i].destination.byte[3] = (uint8_t)i;
	}
	l.item[63].port = 22;
	out = ask();
	assert_int_equal(out.status, GRANT_REFUSED);
	assert_int_equal(out.first_bad, 63);
	assert_int_equal(w.backend.count, 0);
	assert_int_equal(w.board.live, 0);
	l.item[63].port = 443;
	give(64);
	assert_int_equal(w.backend.adds, 1);
	assert_int_equal(w.board.live, 64);
}

static void
test_nothing_while_down(void **state)
{
	(void)state;
	w.a.down = true;
	assert_int_equal(ask().status, GRANT_DOWN);
	assert_int_equal(w.backend.adds, 0);
}

static void
test_nothing_is_shortened(void **state)
{
	(void)state;
	give(1);
	l.item[0].ttl_s = 50;
	give(1);
	assert_int_equal(w.backend.adds, 1);
	assert_int_equal(w.backend.entry[0].timeout_s, 100);
	assert_in_range(ask().lowest_ttl_s, 99, 100);
	l.item[0].ttl_s = 200;
	give(1);
	assert_int_equal(w.backend.adds, 2);
	assert_int_equal(w.backend.entry[0].timeout_s, 200);
	assert_int_equal(w.board.granted, 1);
	assert_int_equal(w.board.refreshed, 3);
}

/* The last one written would win in the kernel. */
static void
test_twins_of_one_letter(void **state)
{
	(void)state;
	kit_letter(&l, 3);
	for (unsigned i = 0; i < 3; i++) {
		l.item[i] = kit_item("10.0.0.2", "203.0.113.5");
		l.item[i].rule = rule_at(1);
	}
	l.item[1].ttl_s = 500;
	give(3);
	assert_int_equal(w.backend.count, 1);
	assert_int_equal(w.backend.entry[0].timeout_s, 500);
	assert_int_equal(w.board.live, 1);
	assert_int_equal(w.board.granted, 1);
}

static void
test_an_error_half_way_is_taken_back(void **state)
{
	struct granted_letter out;
	struct addr client = kit_addr("10.0.0.2");

	(void)state;
	give(1);
	kit_letter(&l, 4);
	for (unsigned i = 0; i < 4; i++) {
		l.item[i] = kit_item("10.0.0.2", "203.0.113.5");
		l.item[i].rule = rule_at(1);
		l.item[i].destination.byte[3] = (uint8_t)(5 + i);
		l.item[i].ttl_s = 300;
	}
	w.backend.fail_in = 3;
	w.backend.fail_code = 4097;
	out = ask();
	assert_int_equal(out.status, GRANT_KERNEL);
	assert_int_equal(out.detail, 4097);
	assert_int_equal(out.first_bad, 2);
	/* The one that was there is there, and longer than before. */
	assert_int_equal(w.backend.count, 1);
	assert_int_equal(w.backend.entry[0].timeout_s, 300);
	assert_int_equal(w.board.live, 1);
	assert_int_equal(w.board.failed, 1);
	assert_int_equal(quota_pairs(w.a.quota, &client), 1);
	assert_false(w.a.suspect);
	give(4);
}

static void
test_no_answer_is_no_grant(void **state)
{
	struct granted_letter out;

	(void)state;
	w.backend.fail_in = 1;
	w.backend.fail_code = 0;
	out = ask();
	assert_int_equal(out.status, GRANT_KERNEL);
	assert_int_equal(w.board.live, 0);
	assert_int_equal(w.backend.removes, 1);
	assert_true(w.a.suspect);
}

static void
test_a_set_that_is_gone(void **state)
{
	(void)state;
	w.backend.gone[SET_V4] = true;
	assert_int_equal(ask().status, GRANT_DOWN);
	assert_int_equal(w.board.live, 0);
	assert_true(w.a.suspect);
}

static void
grant_number(unsigned i, const char *client, enum grant_status status)
{
	kit_letter(&l, 1);
	l.item[0] = kit_item(client, "203.0.113.0");
	l.item[0].rule = rule_at(1);
	l.item[0].destination.byte[2] = (uint8_t)(i >> 8);
	l.item[0].destination.byte[3] = (uint8_t)i;
	l.item[0].ttl_s = 1000 + i;
	assert_int_equal(ask().status, status);
}

/* 75 % of 64; what is there can be refreshed all the same. */
static void
test_a_full_set_refuses_what_is_new(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 48; i++)
		grant_number(i, "10.0.0.2", GRANT_OK);
	grant_number(48, "10.0.0.3", GRANT_FULL);
	assert_int_equal(w.backend.count, 48);
	grant_number(7, "10.0.0.2", GRANT_OK);
	/* The other sets have their own room. */
	l.item[0] = kit_item("2001:db8::2", "2606:4700::1");
	l.item[0].rule = rule_at(4);
	give(1);
}

static void
test_the_kernel_says_full(void **state)
{
	(void)state;
	w.backend.capacity = 3;
	for (unsigned i = 0; i < 3; i++)
		grant_number(i, "10.0.0.2", GRANT_OK);
	grant_number(3, "10.0.0.2", GRANT_FULL);
	grant_number(2, "10.0.0.2", GRANT_OK);
	assert_int_equal(w.board.live, 3);
}

static void
test_a_client_over_its_limit_loses_its_own(void **state)
{
	struct addr greedy = kit_addr("10.0.0.2"), other = kit_addr("10.0.0.3");
	struct options *opt = kit_options();
	struct ledger_key first;
	uint32_t epoch;

	(void)state;
	fake_end(&w);
	opt->max_client_grants = 10;
	opt->set_size = 4096;
	fake_begin(&w, acl, opt);
	epoch = w.board.set_epoch;
	grant_number(0, "10.0.0.3", GRANT_OK);
	grant_number(0, "10.0.0.2", GRANT_OK);
	judge_key(&l.item[0], &first);
	for (unsigned i = 1; i < 10; i++)
		grant_number(i, "10.0.0.2", GRANT_OK);
	assert_int_equal(w.board.set_epoch, epoch);
	for (unsigned i = 10; i < 500; i++)
		grant_number(i, "10.0.0.2", GRANT_OK);
	/* No worker may go on believing in what was revoked. */
	assert_int_equal(w.board.set_epoch, epoch + 490);
	assert_int_equal(quota_pairs(w.a.quota, &greedy), 10);
	assert_int_equal(quota_pairs(w.a.quota, &other), 1);
	assert_int_equal(w.backend.count, 11);
	assert_int_equal(w.board.live, 11);
	assert_int_equal(w.board.evicted, 490);
	assert_null(fake_find(&w.backend, &first));
}

static void
test_a_client_over_its_rate_waits(void **state)
{
	struct options *opt = kit_options();

	(void)state;
	fake_end(&w);
	opt->set_size = 8192;
	opt->max_client_grants = 8000;
	opt->max_new_grants = 1;
	fake_begin(&w, acl, opt);
	for (unsigned i = 0; i < QUOTA_LEAST_BURST; i++)
		grant_number(i, "10.0.0.2", GRANT_OK);
	grant_number(QUOTA_LEAST_BURST, "10.0.0.2", GRANT_RATE);
	grant_number(QUOTA_LEAST_BURST, "10.0.0.3", GRANT_OK);
	grant_number(5, "10.0.0.2", GRANT_OK);
	assert_int_equal(w.backend.count, QUOTA_LEAST_BURST + 1);
}

/* Two rules gave it; the one that gave it longer goes. */
static void
test_a_reload_leaves_what_another_rule_gives(void **state)
{
	struct policy *p = &w.a.judge.policy;
	int fd;

	(void)state;
	l.item[0].ttl_s = 500;
	give(1);
	l.item[0].rule = rule_at(6);
	l.item[0].ttl_s = 100;
	give(1);
	l.item[0].destination = kit_addr("203.0.113.6");
	l.item[0].rule = rule_at(1);
	give(1);
	policy_close(p);
	fd = kit_policy_fd("10.0.0.0/8 -> other.example:TCP:443\n");
	assert_int_equal(policy_open(fd, 2, p), ERR_NONE);
	close(fd);
	assert_int_equal(revoke_not_given(&w.a), 1);
	assert_int_equal(w.backend.count, 1);
	assert_in_range(w.backend.entry[0].timeout_s, 99, 100);
	assert_int_equal(w.backend.entry[0].key.destination.byte[3], 5);
}

static void
add_name(const char *text)
{
	struct grant_names *n = &l.letter.names;
	struct name name;

	assert_int_equal(name_parse(text, strlen(text), &name, NULL),
			 ERR_NONE);
	memcpy(n->bytes + n->len, name.wire, name.len);
	n->len = (uint16_t)(n->len + name.len);
}

/* An alias of two names has the ports of both. */
static void
test_an_alias_keeps_what_each_of_its_names_gives(void **state)
{
	struct policy *p = &w.a.judge.policy;
	int fd;

	(void)state;
	policy_close(p);
	fd = kit_policy_fd("10.0.0.0/8 -> www.example:TCP:443\n"
			   "10.0.0.0/8 -> api.example:TCP:80\n");
	assert_int_equal(policy_open(fd, 1, p), ERR_NONE);
	close(fd);
	kit_letter(&l, 2);
	add_name("edge.test");
	add_name("www.example");
	add_name("api.example");
	l.letter.names.borrowed = 2;
	l.item[0] = l.item[1] = kit_item("10.0.0.2", "203.0.113.5");
	l.item[1].port = 80;
	for (unsigned i = 0; i < 2; i++)
		l.item[policy_rule(p, i)->port == 80].rule = i;
	give(2);
	assert_int_equal(revoke_not_given(&w.a), 0);
	policy_close(p);
	fd = kit_policy_fd("10.0.0.0/8 -> api.example:TCP:80\n");
	assert_int_equal(policy_open(fd, 2, p), ERR_NONE);
	close(fd);
	assert_int_equal(revoke_not_given(&w.a), 1);
	assert_int_equal(w.backend.entry[0].key.port, 80);
}

/* The asked name's own rule does not lead to private addresses; that of the
 * name which led to it does. */
static void
test_an_alias_keeps_its_private_address(void **state)
{
	struct policy *p = &w.a.judge.policy;
	int fd;

	(void)state;
	policy_close(p);
	fd = kit_policy_fd("10.0.0.0/8 -> nas.example:TCP:443\n"
			   "10.0.0.0/8 -> *.wild.example:TCP:443\n");
	assert_int_equal(policy_open(fd, 1, p), ERR_NONE);
	close(fd);
	kit_letter(&l, 1);
	add_name("edge.wild.example");
	add_name("nas.example");
	l.letter.names.borrowed = 1;
	l.item[0] = kit_item("10.0.0.2", "10.9.0.5");
	l.item[0].rule = policy_rule(p, 0)->line == 1 ? 0 : 1;
	give(1);
	assert_int_equal(revoke_not_given(&w.a), 0);
}

/* A worker may hear of our addresses a moment later. */
static void
test_what_has_just_become_ours_is_asked_in_good_faith(void **state)
{
	(void)state;
	l.item[0].destination = kit_addr("198.51.100.77");
	w.a.own_ms = clock_ms();
	assert_int_equal(ask().status, GRANT_STALE);
	w.a.own_ms = clock_ms() - 10000;
	refuse(DETAIL_OWN);
}

static void
test_adoption(void **state)
{
	struct backend_entry known, unknown, unruled, endless, canary;
	struct comparison found;

	(void)state;
	give(1);
	known = w.backend.entry[0];
	unknown = known;
	unknown.key.client = kit_addr("10.0.0.9");
	unruled = known;
	unruled.key.port = 80;
	endless = known;
	endless.key.client = kit_addr("10.0.0.10");
	endless.timeout_s = 0;
	canary_of(SET_V4, &canary);
	w.backend.entry[1] = unknown;
	w.backend.entry[2] = unruled;
	w.backend.entry[3] = endless;
	w.backend.entry[4] = canary;
	w.backend.count = 5;
	assert_int_equal(admission_compare(&w.a, &found), ERR_NONE);
	assert_int_equal(w.board.adopted, 3);
	assert_int_equal(found.lasting, 1);
	assert_int_equal(found.lacking, 0);
	assert_int_equal(revoke_not_given(&w.a), 1);
	assert_int_equal(admission_complete(&w.a), ERR_NONE);
	assert_int_equal(w.backend.count, 4);
	assert_null(fake_find(&w.backend, &unruled.key));
	assert_int_equal(fake_find(&w.backend, &endless.key)->timeout_s,
			 BACKEND_DEFAULT_TIMEOUT);
	assert_int_equal(fake_find(&w.backend, &known.key)->timeout_s, 100);
	assert_int_equal(ledger_live(w.a.ledger, SET_V4), 3);
}

/* What the ledger has was acknowledged: the kernel gets it again. */
static void
test_entries_that_others_change(void **state)
{
	struct comparison found;
	struct backend_entry *e;
	unsigned adds;

	(void)state;
	kit_letter(&l, 4);
	for (unsigned i = 0; i < 4; i++) {
		l.item[i] = kit_item("10.0.0.2", "203.0.113.0");
		l.item[i].rule = rule_at(1);
		l.item[i].destination.byte[3] = (uint8_t)i;
	}
	give(4);
	w.backend.entry[0].timeout_s = 50;   /* shortened */
	w.backend.entry[1].timeout_s = 5000; /* prolonged */
	w.backend.entry[2].timeout_s = 0;    /* for ever */
	w.backend.count = 3;		     /* and one deleted */
	assert_int_equal(admission_compare(&w.a, &found), ERR_NONE);
	assert_int_equal(found.adopted, 0);
	assert_int_equal(found.lacking, 2);
	assert_int_equal(found.lasting, 2);
	assert_int_equal(admission_complete(&w.a), ERR_NONE);
	assert_int_equal(w.backend.count, 4);
	for (e = w.backend.entry; e < w.backend.entry + 4; e++)
		assert_in_range(e->timeout_s, 99, 100);
	adds = w.backend.adds;
	assert_int_equal(admission_compare(&w.a, &found), ERR_NONE);
	assert_int_equal(found.lacking + found.lasting, 0);
	assert_int_equal(admission_complete(&w.a), ERR_NONE);
	assert_int_equal(w.backend.adds, adds);
}

static void
test_restoring_a_set(void **state)
{
	(void)state;
	kit_letter(&l, 40);
	for (unsigned i = 0; i < 40; i++) {
		l.item[i] = kit_item("10.0.0.2", "203.0.113.0");
		l.item[i].rule = rule_at(1);
		l.item[i].destination.byte[3] = (uint8_t)i;
	}
	give(40);
	w.backend.count = 0;
	assert_int_equal(admission_restore(&w.a, SET_V4), ERR_NONE);
	assert_int_equal(w.backend.count, 40);
	assert_in_range(w.backend.entry[39].timeout_s, 99, 100);
}

/* Somebody made the set again, smaller: what fits stands, the rest is not
 * believed in any more. */
static void
test_restoring_into_a_smaller_set(void **state)
{
	struct options *opt = kit_options();

	(void)state;
	fake_end(&w);
	opt->set_size = 4096;
	fake_begin(&w, acl, opt);
	for (unsigned i = 0; i < 150; i++)
		grant_number(i, "10.0.0.2", GRANT_OK);
	w.backend.count = 0;
	w.backend.capacity = 70;
	assert_int_equal(admission_restore(&w.a, SET_V4), ERR_NONE);
	assert_int_equal(w.backend.count, 70);
	assert_int_equal(ledger_live(w.a.ledger, SET_V4), 70);
	assert_true(w.a.suspect);
	grant_number(0, "10.0.0.2", GRANT_OK);
}

static void
test_what_has_ended_is_swept(void **state)
{
	struct addr client = kit_addr("10.0.0.2");
	struct ledger_key key;
	uint32_t at = 0;

	(void)state;
	give(1);
	judge_key(&l.item[0], &key);
	admission_sweep(&w.a, &at, 10);
	assert_int_equal(ledger_live(w.a.ledger, SET_V4), 1);
	ledger_set_end(w.a.ledger, ledger_find(w.a.ledger, &key), 1);
	at = 0;
	admission_sweep(&w.a, &at, 10);
	assert_int_equal(ledger_live(w.a.ledger, SET_V4), 0);
	assert_int_equal(quota_pairs(w.a.quota, &client), 0);
	assert_int_equal(w.board.live, 0);
}

#define ON_A_STAGE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_STAGE(test_a_good_letter_is_granted),
		ON_A_STAGE(test_pads_and_flags),
		ON_A_STAGE(test_names),
		ON_A_STAGE(test_wishes),
		ON_A_STAGE(test_epoch_and_generation),
		ON_A_STAGE(test_rules),
		ON_A_STAGE(test_protocols_and_ports),
		ON_A_STAGE(test_times),
		ON_A_STAGE(test_guarded_destinations),
		ON_A_STAGE(test_own_destinations),
		ON_A_STAGE(test_private_destinations),
		ON_A_STAGE(test_local_zones),
		ON_A_STAGE(test_families_and_local_clients),
		ON_A_STAGE(test_a_family_without_rules),
		ON_A_STAGE(test_one_bad_item_spoils_the_letter),
		ON_A_STAGE(test_nothing_while_down),
		ON_A_STAGE(test_nothing_is_shortened),
		ON_A_STAGE(test_twins_of_one_letter),
		ON_A_STAGE(test_an_error_half_way_is_taken_back),
		ON_A_STAGE(test_no_answer_is_no_grant),
		ON_A_STAGE(test_a_set_that_is_gone),
		ON_A_STAGE(test_a_full_set_refuses_what_is_new),
		ON_A_STAGE(test_the_kernel_says_full),
		ON_A_STAGE(test_a_client_over_its_limit_loses_its_own),
		ON_A_STAGE(test_a_client_over_its_rate_waits),
		ON_A_STAGE(test_a_reload_leaves_what_another_rule_gives),
		ON_A_STAGE(test_an_alias_keeps_what_each_of_its_names_gives),
		ON_A_STAGE(test_an_alias_keeps_its_private_address),
		ON_A_STAGE(test_what_has_just_become_ours_is_asked_in_good_faith),
		ON_A_STAGE(test_adoption),
		ON_A_STAGE(test_entries_that_others_change),
		ON_A_STAGE(test_restoring_a_set),
		ON_A_STAGE(test_restoring_into_a_smaller_set),
		ON_A_STAGE(test_what_has_ended_is_swept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
