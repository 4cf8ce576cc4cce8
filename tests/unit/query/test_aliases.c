/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "query/aliases.h"
#include "query/story.h"

static struct packet p;
static struct message m;
static struct aliases chain;

static int
begin(void **state)
{
	struct question q = { play_name("x.a.test"), TYPE_A, CLASS_IN };

	(void)state;
	packet_begin(&p, &q, FLAG_QR);
	return 0;
}

static enum err
follow(void)
{
	packet_end(&p);
	assert_int_equal(message_read(p.bytes, p.w.at, &m), ERR_NONE);
	return aliases_follow(&m, &m.question.name, &chain);
}

static void
chain_is(unsigned count, const char *last)
{
	struct name want = play_name(last);

	assert_int_equal(chain.count, count);
	assert_true(name_equal(&chain.name[count - 1], &want));
}

static void
no_alias_is_a_chain_of_one(void **state)
{
	(void)state;
	packet_address(&p, SECTION_ANSWER, "X.A.test", "192.0.2.1", 20);
	packet_address(&p, SECTION_ANSWER, "y.a.test", "192.0.2.1", 20);
	assert_int_equal(follow(), ERR_NONE);
	chain_is(1, "x.a.test");
	assert_true(aliases_end_at(&chain, 0));
	assert_false(aliases_end_at(&chain, 1));
	assert_false(chain.leads[0]);
	assert_int_equal(chain.ttl, UINT32_MAX);
}

static void
links_are_marked_and_timed(void **state)
{
	(void)state;
	packet_link(&p, TYPE_CNAME, "b.test", "c.test", 0x80000001);
	packet_link(&p, TYPE_CNAME, "z.test", "c.test", 1);
	packet_link(&p, TYPE_CNAME, "x.a.test", "B.test", 30);
	packet_address(&p, SECTION_ANSWER, "c.test", "192.0.2.1", 20);
	assert_int_equal(follow(), ERR_NONE);
	chain_is(3, "c.test");
	assert_true(chain.leads[0]);
	assert_false(chain.leads[1]);
	assert_true(chain.leads[2]);
	assert_int_equal(chain.ttl, 0);
	assert_true(aliases_end_at(&chain, 3));
	assert_true(aliases_hold(&chain, 0));
	assert_false(aliases_hold(&chain, 1));
}

static void
the_same_link_twice_is_one(void **state)
{
	(void)state;
	packet_link(&p, TYPE_CNAME, "x.a.test", "b.test", 30);
	packet_link(&p, TYPE_CNAME, "x.a.test", "B.test", 30);
	assert_int_equal(follow(), ERR_NONE);
	chain_is(2, "b.test");
}

static void
two_targets_contradict(void **state)
{
	(void)state;
	packet_link(&p, TYPE_CNAME, "x.a.test", "b.test", 30);
	packet_link(&p, TYPE_CNAME, "x.a.test", "c.test", 30);
	assert_int_equal(follow(), ERR_TORN);
}

static void
a_name_that_leads_to_itself_is_a_loop(void **state)
{
	(void)state;
	packet_link(&p, TYPE_CNAME, "x.a.test", "x.A.test", 30);
	assert_int_equal(follow(), ERR_RANGE);
}

static void
a_dname_does_not_move_its_own_name(void **state)
{
	(void)state;
	packet_link(&p, TYPE_DNAME, "x.a.test", "b.test", 30);
	assert_int_equal(follow(), ERR_NONE);
	chain_is(1, "x.a.test");
}

static void
a_dname_moves_whole_labels(void **state)
{
	(void)state;
	packet_link(&p, TYPE_DNAME, "a.test", "deep.b.test", 30);
	assert_int_equal(follow(), ERR_NONE);
	chain_is(2, "x.deep.b.test");
	assert_true(chain.leads[0]);
	assert_int_equal(chain.ttl, 30);
}

static void
a_dname_loop_ends(void **state)
{
	(void)state;
	packet_link(&p, TYPE_DNAME, "a.test", "b.a.test", 30);
	assert_int_equal(follow(), ERR_RANGE);
}

static void
a_dname_may_make_a_name_too_long(void **state)
{
	char target[256] = "";

	(void)state;
	for (unsigned i = 0; i < 127; i++)
		strcat(target, "l.");
	packet_link(&p, TYPE_DNAME, "a.test", target, 30);
	assert_int_equal(follow(), ERR_RANGE);
}

static void
other_sections_and_classes_lead_nowhere(void **state)
{
	struct packet_rr rr = { SECTION_AUTHORITY, "x.a.test", TYPE_CNAME,
				20 };
	struct name target = play_name("b.test");

	(void)state;
	packet_link(&p, TYPE_CNAME, "x.a.test", "b.test", 30);
	p.bytes[p.w.at - target.len - 7] = 3; /* class CH */
	packet_rr(&p, &rr, target.wire, target.len);
	assert_int_equal(follow(), ERR_NONE);
	chain_is(1, "x.a.test");
}

/* Many aliases that look like links and are none. */
static void
what_only_looks_like_a_link_is_none(void **state)
{
	char owner[32];

	(void)state;
	packet_link(&p, TYPE_CNAME, "x.a.test", "y.a.test", 30);
	for (unsigned i = 0; i < MESSAGE_MAX_RRS - 1; i++) {
		snprintf(owner, sizeof(owner), "y%u.a.test", i);
		packet_link(&p, TYPE_CNAME, owner, "z.test", 30);
	}
	assert_int_equal(follow(), ERR_NONE);
	chain_is(2, "y.a.test");
	for (unsigned i = 1; i < m.rr_count; i++)
		assert_false(chain.leads[i]);
}

#define STORY(f) cmocka_unit_test_setup(f, begin)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(no_alias_is_a_chain_of_one),
		STORY(links_are_marked_and_timed),
		STORY(the_same_link_twice_is_one),
		STORY(two_targets_contradict),
		STORY(a_name_that_leads_to_itself_is_a_loop),
		STORY(a_dname_does_not_move_its_own_name),
		STORY(a_dname_moves_whole_labels),
		STORY(a_dname_loop_ends),
		STORY(a_dname_may_make_a_name_too_long),
		STORY(other_sections_and_classes_lead_nowhere),
		STORY(what_only_looks_like_a_link_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
