/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loss noticed and mended, with a firewall in memory that loses what it is
 * told to. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/clock.h"
#include "fake.h"
#include "firewall/health.h"

static const char acl[] = "10.0.0.0/8 -> *.wild.example:TCP:443\n";

static struct fake_warden w;
static struct health h;
static struct kit_letter l;
static int64_t now;
static unsigned wishes[2];

static void
on_wish(void *arg, enum rules_wish wish)
{
	(void)arg;
	wishes[wish]++;
}

/* A whole round: every set is looked at. */
static void
look_round(void)
{
	for (unsigned i = 0; i < SET_COUNT; i++) {
		now += HEALTH_TICK_MS;
		health_tick(&h, now);
	}
}

static enum grant_status
ask(void)
{
	struct granted_letter out;

	admit(&w.a, &l.letter, 1, &out);
	return out.status;
}

static int
setup(void **state)
{
	(void)state;
	fake_begin(&w, acl, kit_options());
	kit_letter(&l, 40);
	for (unsigned i = 0; i < 40; i++) {
		l.item[i] = kit_item("10.0.0.2", "203.0.113.0");
		l.item[i].destination.byte[3] = (uint8_t)i;
	}
	memset(wishes, 0, sizeof(wishes));
	now = clock_ms();
	health_init(&h, &w.a);
	h.wish = on_wish;
	look_round();
	health_rules(&h, RULES_STAND, now);
	assert_int_equal(w.board.firewall_up, 1);
	assert_int_equal(ask(), GRANT_OK);
	look_round();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fake_end(&w);
	return 0;
}

static void
assert_is_whole(void)
{
	struct comparison found;

	assert_int_equal(w.board.firewall_up, 1);
	assert_int_equal(admission_compare(&w.a, &found), ERR_NONE);
	assert_int_equal(found.lacking + found.lasting + found.adopted, 0);
	assert_int_equal(ledger_live(w.a.ledger, SET_V4), 40);
	assert_int_equal(ask(), GRANT_OK);
}

static void
test_nothing_is_compared_without_cause(void **state)
{
	uint64_t before = w.board.comparisons;

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		look_round();
	assert_true(w.board.comparisons <= before + 1);
	assert_int_equal(w.board.repairs, 0);
	assert_is_whole();
}

/* One that took long is not repeated as soon, but within a minute. */
static void
test_the_next_comparison(void **state)
{
	int64_t start = clock_ms();

	(void)state;
	health_compare(&h, start);
	assert_true(h.due_ms >= start + 10000);
	health_compare(&h, start - 150);
	assert_true(h.due_ms >= start - 150 + 30000);
	assert_true(h.due_ms <= start - 150 + 60000);
	health_compare(&h, start - 100000);
	assert_int_equal(h.due_ms, start - 100000 + 60000);
}

static void
test_a_flush_is_repaired(void **state)
{
	uint32_t epoch = w.board.set_epoch;

	(void)state;
	w.backend.count = 0;
	look_round();
	assert_int_equal(w.board.repairs, 1);
	assert_true(w.board.set_epoch > epoch);
	assert_is_whole();
}

static void
test_one_entry_is_put_back(void **state)
{
	uint32_t epoch = w.board.set_epoch;
	struct backend_entry gone = w.backend.entry[w.backend.count - 1];

	(void)state;
	fake_remove(&w.backend, &gone, 1);
	look_round();
	look_round();
	assert_non_null(fake_find(&w.backend, &gone.key));
	assert_int_equal(w.board.put_back, 1);
	assert_int_equal(w.board.repairs, 1);
	assert_true(w.board.set_epoch > epoch);
	assert_is_whole();
}

/* While it cannot be put back, nothing is granted. */
static void
test_what_cannot_be_put_back(void **state)
{
	(void)state;
	w.backend.count--; /* a grant: canaries came first */
	w.backend.fail_in = 1;
	for (unsigned i = 0; i < 8 && w.board.firewall_up; i++) {
		now += HEALTH_TICK_MS;
		health_tick(&h, now);
	}
	assert_int_equal(w.board.firewall_up, 0);
	assert_int_equal(w.board.put_back, 1);
	assert_int_equal(ask(), GRANT_DOWN);
	for (unsigned i = 0; i < 3; i++)
		look_round();
	assert_is_whole();
}

static void
test_an_entry_of_another_is_revoked(void **state)
{
	struct backend_entry other = w.backend.entry[w.backend.count - 1];

	(void)state;
	other.key.port = 22;
	w.backend.entry[w.backend.count++] = other;
	look_round();
	look_round();
	assert_null(fake_find(&w.backend, &other.key));
	assert_int_equal(w.board.repairs, 0);
	assert_is_whole();
}

/* What has the same number is found too, only later. */
static void
test_an_end_that_another_put_off(void **state)
{
	struct backend_entry *e = &w.backend.entry[w.backend.count - 1];

	(void)state;
	e->timeout_s = 100000;
	for (unsigned i = 0; i < 60; i++)
		look_round();
	assert_in_range(e->timeout_s, 99, 100);
	assert_int_equal(w.board.cut_short, 1);
	assert_is_whole();
}

static void
test_rules_that_were_changed(void **state)
{
	(void)state;
	health_rules(&h, RULES_CHANGED, now);
	assert_int_equal(w.board.firewall_up, 0);
	assert_int_equal(w.board.rules, RULES_CHANGED);
	assert_int_equal(ask(), GRANT_DOWN);
	/* Who found it mends it at once: only later is it wished for. */
	look_round();
	assert_int_equal(wishes[WISH_PLACE], 0);
	health_rules(&h, RULES_NO_CHAIN, now);
	for (unsigned i = 0; i < 4; i++)
		look_round();
	assert_int_equal(wishes[WISH_PLACE], 1);
	assert_int_equal(w.board.firewall_up, 0);
	health_rules(&h, RULES_STAND, now);
	assert_is_whole();
}

static void
test_a_set_without_rules(void **state)
{
	(void)state;
	w.backend.references = 0;
	look_round();
	assert_int_equal(w.board.firewall_up, 0);
	assert_int_equal(w.board.rules, RULES_MISSING);
	assert_int_equal(wishes[WISH_PLACE], 1);
	w.backend.references = 1;
	look_round();
	assert_int_equal(w.board.firewall_up, 0);
	health_rules(&h, RULES_STAND, now);
	assert_is_whole();
}

static void
test_a_set_that_is_held(void **state)
{
	(void)state;
	w.backend.gone[SET_V4] = w.backend.held = true;
	look_round();
	assert_int_equal(w.board.finding[SET_V4], SET_HELD);
	assert_int_equal(wishes[WISH_CLEAR], 1);
	assert_int_equal(wishes[WISH_PLACE], 0);
	health_rules(&h, RULES_CLEARED, now);
	for (unsigned i = 0; i < 10; i++)
		look_round();
	assert_int_equal(wishes[WISH_CLEAR], 1);
	assert_int_equal(wishes[WISH_PLACE], 0);
	w.backend.held = false;
	for (unsigned i = 0; i < 4; i++)
		look_round();
	assert_true(wishes[WISH_PLACE] > 0);
	assert_int_equal(w.board.firewall_up, 0);
	health_rules(&h, RULES_STAND, now);
	assert_is_whole();
}

#define ON_A_STAGE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_STAGE(test_nothing_is_compared_without_cause),
		ON_A_STAGE(test_the_next_comparison),
		ON_A_STAGE(test_a_flush_is_repaired),
		ON_A_STAGE(test_one_entry_is_put_back),
		ON_A_STAGE(test_what_cannot_be_put_back),
		ON_A_STAGE(test_an_entry_of_another_is_revoked),
		ON_A_STAGE(test_an_end_that_another_put_off),
		ON_A_STAGE(test_rules_that_were_changed),
		ON_A_STAGE(test_a_set_without_rules),
		ON_A_STAGE(test_a_set_that_is_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
