/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "query/guard.h"
#include "query/story.h"

static struct query q;

static int
begin(void **state)
{
	(void)state;
	memset(&play, 0, offsetof(struct play, log));
	memset(&q, 0, sizeof(q));
	play.house.opt = &play.opt;
	play.house.own = &play.own;
	q.house = &play.house;
	q.in.question.name = play_name("nas.home.test");
	return 0;
}

static struct addr
v6(const char *text)
{
	struct addr a;
	uint8_t byte[16] = { [10] = 0xff, [11] = 0xff };

	a = play_addr(text);
	if (a.family == 6)
		return a;
	memcpy(byte + 12, a.byte, 4);
	addr_from_v6(byte, &a);
	return a;
}

static void
guard_is(enum guard want, const char *const *address)
{
	for (; *address; address++) {
		struct addr a = strchr(*address, ':') ? v6(*address) :
							play_addr(*address);

		if (guard_of(&q, &a) != want)
			fail_msg("%s is %d", *address, guard_of(&q, &a));
	}
}

static void
public_addresses_are_open(void **state)
{
	static const char *const list[] = { "192.0.2.1", "8.8.8.8",
					    "172.32.0.1", "2001:db8::1",
					    "2002:0808:0808::1", NULL };

	(void)state;
	guard_is(GUARD_OPEN, list);
}

static void
nobodys_addresses_are_shut(void **state)
{
	static const char *const list[] = {
		"0.0.0.0", "127.0.0.1", "169.254.169.254", "224.0.0.1",
		"240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1",
		"ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
		"2002:7f00:1::1", NULL
	};

	(void)state;
	guard_is(GUARD_SHUT, list);
}

static void
private_addresses_are_for_those_who_name_them(void **state)
{
	static const char *const list[] = {
		"10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1",
		"192.0.0.1", "198.18.0.1", "fd00::1", "::ffff:10.0.0.1",
		"64:ff9b::a00:1", "2002:a00:1::1", NULL
	};

	(void)state;
	guard_is(GUARD_EXACT_ONLY, list);
}

static void
our_own_addresses_are_shut(void **state)
{
	static const char *const list[] = { "192.0.2.1", "::ffff:192.0.2.1",
					    "64:ff9b::c000:201", NULL };

	(void)state;
	play.own.count = 1;
	play.own.addr[0] = play_addr("192.0.2.1");
	guard_is(GUARD_SHUT, list);
}

static void
private_nets_may_be_allowed(void **state)
{
	static const char *const open[] = { "10.1.0.1", "::ffff:10.1.0.1",
					    NULL };
	static const char *const not[] = { "10.2.0.1", NULL };
	static const char *const shut[] = { "127.0.0.1", NULL };

	(void)state;
	play.opt.private_ok_count = 2;
	net_parse("10.1.0.0/16", 11, &play.opt.private_ok[0], NULL);
	net_parse("127.0.0.0/8", 11, &play.opt.private_ok[1], NULL);
	guard_is(GUARD_OPEN, open);
	guard_is(GUARD_EXACT_ONLY, not);
	guard_is(GUARD_SHUT, shut);
}

static void
local_zones_may_be_private(void **state)
{
	static const char *const list[] = { "10.1.0.1", NULL };
	struct name zone = play_name("home.test");

	(void)state;
	play.opt.local_zone_count = 1;
	play.opt.local_zone[0].len = zone.len;
	memcpy(play.opt.local_zone[0].wire, zone.wire, zone.len);
	guard_is(GUARD_OPEN, list);
	q.in.question.name = play_name("nas.awayhome.test");
	guard_is(GUARD_EXACT_ONLY, list);
	q.in.question.name = play_name("HOME.test");
	guard_is(GUARD_OPEN, list);
}

#define STORY(f) cmocka_unit_test_setup(f, begin)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(public_addresses_are_open),
		STORY(nobodys_addresses_are_shut),
		STORY(private_addresses_are_for_those_who_name_them),
		STORY(our_own_addresses_are_shut),
		STORY(private_nets_may_be_allowed),
		STORY(local_zones_may_be_private),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
