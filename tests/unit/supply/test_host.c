/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts of feeds: who is asked for them, and where they may be. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "net/turns.h"
#include "supply/host.h"
#include "upstream/liar.h"

enum { LIARS = 3 };

struct story {
	struct loop *loop;
	struct random random;
	struct liar liar[LIARS];
	struct options opt;
	struct own_addresses *fake;
	const struct own_addresses *own;
	struct host_setup setup;
	/* what came of it */
	unsigned dones;
	unsigned count;
	struct addr first;
	char why[128];
};

static int
set_up(void **state)
{
	struct story *s = calloc(1, sizeof(*s));

	s->loop = loop_new();
	random_init(&s->random);
	for (unsigned i = 0; i < LIARS; i++) {
		liar_open(&s->liar[i], s->loop);
		s->liar[i].udp_host = (uint8_t)(i + 1);
	}
	s->opt.upstream[0] = s->liar[0].at;
	s->opt.upstream_count = 1;
	s->fake = calloc(1, sizeof(*s->fake));
	s->setup = (struct host_setup){ s->loop, &s->random, &s->opt, &s->own };
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct story *s = *state;

	for (unsigned i = 0; i < LIARS; i++)
		liar_close(&s->liar[i]);
	loop_free(s->loop);
	free(s->fake);
	free(s);
	return 0;
}

static void
on_done(void *owner, const struct host_news *news)
{
	struct story *s = owner;

	s->dones++;
	s->count = news->count;
	s->first = news->addr[0];
	strcpy(s->why, "");
	if (news->why != NULL)
		strncpy(s->why, news->why, sizeof(s->why) - 1);
	loop_stop(s->loop);
}

static void
find(struct story *s, const char *name)
{
	struct host *host;

	s->dones = 0;
	assert_int_equal(host_begin(&s->setup, name, on_done, s, &host),
			 ERR_NONE);
	assert_int_equal(s->dones, 0);
	loop_turns(s->loop, 60000);
	assert_int_equal(s->dones, 1);
}

static void
forward(struct story *s, unsigned n, const char *zone, unsigned liar)
{
	struct name name;

	name_parse(zone, strlen(zone), &name, NULL);
	s->opt.forward[n].zone.len = name.len;
	memcpy(s->opt.forward[n].zone.wire, name.wire, name.len);
	s->opt.forward[n].at = s->liar[liar].at;
	s->opt.forward_count = n + 1;
}

static void
the_upstream_is_asked(void **state)
{
	struct story *s = *state;

	find(s, "feed.example");
	assert_int_equal(s->count, 1);
	assert_int_equal(s->first.byte[3], 1);
	assert_int_equal(s->liar[0].udp_asked, 2);
	assert_string_equal(s->why, "");
}

static void
or_that_of_the_longest_zone(void **state)
{
	struct story *s = *state;

	forward(s, 0, "feed.example", 2);
	forward(s, 1, "example", 1);
	find(s, "x.Feed.Example");
	assert_int_equal(s->first.byte[3], 3);
	find(s, "other.example");
	assert_int_equal(s->first.byte[3], 2);
	find(s, "example.org");
	assert_int_equal(s->first.byte[3], 1);
}

static void
addresses_need_no_question(void **state)
{
	struct story *s = *state;

	find(s, "203.0.113.7");
	assert_int_equal(s->first.byte[3], 7);
	find(s, "[2001:db8::8]");
	assert_int_equal(s->first.byte[15], 8);
	assert_int_equal(s->liar[0].udp_asked, 0);
}

static void
our_own_nets_are_not_asked(void **state)
{
	static const char *const ours[] = { "127.0.0.1",	"10.1.2.3",
					    "192.168.0.1",	"[::1]",
					    "[fe80::1]",	"[fd00::1]",
					    "169.254.169.254",	"0.0.0.0",
					    "[::ffff:10.0.0.1]" };
	struct story *s = *state;

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		find(s, ours[i]);
		assert_int_equal(s->count, 0);
		assert_non_null(strstr(s->why, "--private-ok"));
	}
	net_parse("10.1.0.0/16", 11, &s->opt.private_ok[0], NULL);
	s->opt.private_ok_count = 1;
	find(s, "10.1.2.3");
	assert_int_equal(s->count, 1);
	find(s, "10.2.2.3");
	assert_int_equal(s->count, 0);
}

static void
nor_is_the_router_itself(void **state)
{
	struct story *s = *state;

	s->own = s->fake;
	s->fake->count = 1;
	addr_parse("203.0.113.7", 11, &s->fake->addr[0]);
	find(s, "203.0.113.7");
	assert_int_equal(s->count, 0);
	find(s, "203.0.113.8");
	assert_int_equal(s->count, 1);
}

static void
what_is_wrong_is_told(void **state)
{
	struct story *s = *state;

	find(s, "..");
	assert_string_equal(s->why, "that is no name of a host");
	s->liar[0].udp_script[0] = SAY_NXDOMAIN;
	find(s, "gone.example");
	assert_int_equal(s->count, 0);
	assert_non_null(strstr(s->why, "gone.example. A: NXDOMAIN"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(the_upstream_is_asked),      T(or_that_of_the_longest_zone),
		T(addresses_need_no_question), T(our_own_nets_are_not_asked),
		T(nor_is_the_router_itself),   T(what_is_wrong_is_told),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
