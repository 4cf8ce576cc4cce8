/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "firewall/quota.h"
#include "kit.h"

enum { CAPACITY = 8192, MAX_PAIRS = 100, MAX_NEW = 10 };

static struct ledger_key
key_of(const char *client, unsigned destination, uint16_t port)
{
	struct ledger_key key = { .set = SET_V4,
				  .protocol = IPPROTO_TCP,
				  .port = port,
				  .client = kit_addr(client),
				  .destination = kit_addr("203.0.0.0") };

	key.destination.byte[2] = (uint8_t)(destination >> 8);
	key.destination.byte[3] = (uint8_t)destination;
	return key;
}

static bool
enter(struct quota *q, uint32_t slot, const char *client, unsigned to)
{
	struct ledger_key key = key_of(client, to, 443);

	if (!quota_enter(q, slot, &key, 1000))
		return false;
	quota_renew(q, slot, 100000 + slot);
	return true;
}

static int
setup(void **state)
{
	struct quota_setup s = { .capacity = CAPACITY,
				 .max_pairs = MAX_PAIRS,
				 .max_new = MAX_NEW,
				 .hash = { 3, 4 } };

	return quota_new(&s, (struct quota **)state) == ERR_NONE ? 0 : -1;
}

static int
teardown(void **state)
{
	quota_free(*state);
	return 0;
}

static void
test_ports_are_one_pair(void **state)
{
	struct quota *q = *state;
	struct addr client = kit_addr("10.0.0.2");
	struct ledger_key a = key_of("10.0.0.2", 1, 80);
	struct ledger_key b = key_of("10.0.0.2", 1, 443);

	assert_true(quota_enter(q, 0, &a, 1000));
	assert_true(quota_enter(q, 1, &b, 1000));
	assert_int_equal(quota_pairs(q, &client), 1);
	assert_int_equal(quota_next(q, 0), 1);
	assert_int_equal(quota_next(q, 1), 0);
	quota_leave(q, 0, 1000);
	assert_int_equal(quota_pairs(q, &client), 1);
	assert_int_equal(quota_next(q, 1), 1);
	quota_leave(q, 1, 1000);
	assert_int_equal(quota_pairs(q, &client), 0);
}

static void
test_the_burst_ends_and_comes_back(void **state)
{
	struct quota *q = *state;
	struct ledger_key key = key_of("10.0.0.2", 5000, 443);

	for (unsigned i = 0; i < QUOTA_LEAST_BURST; i++) {
		struct ledger_key k = key_of("10.0.0.2", i, 443);

		assert_true(quota_enter(q, i, &k, 1000));
	}
	assert_false(quota_enter(q, 5000, &key, 1000));
	/* Another client is not touched by that. */
	assert_true(enter(q, 5001, "10.0.0.3", 1));
	/* Ten a second: after 99 ms there is none, after 100 one. */
	assert_false(quota_enter(q, 5000, &key, 1099));
	assert_true(quota_enter(q, 5000, &key, 1100));
	key = key_of("10.0.0.2", 5001, 443);
	assert_false(quota_enter(q, 5002, &key, 1100));
	/* A pair that is there costs nothing. */
	key = key_of("10.0.0.2", 7, 80);
	assert_true(quota_enter(q, 5002, &key, 1100));
}

static void
test_what_was_in_vain_is_given_back(void **state)
{
	struct quota *q = *state;

	for (unsigned i = 0; i < 2 * QUOTA_LEAST_BURST; i++) {
		assert_true(enter(q, 0, "10.0.0.2", i));
		quota_undo(q, 0, 1000);
	}
}

static void
test_a_pair_that_ended_is_not_given_back(void **state)
{
	struct quota *q = *state;

	for (unsigned i = 0; i < QUOTA_LEAST_BURST; i++) {
		assert_true(enter(q, 0, "10.0.0.2", i));
		quota_leave(q, 0, 1000);
	}
	assert_false(enter(q, 0, "10.0.0.2", 1));
}

static void
test_the_pair_that_ends_first_is_the_victim(void **state)
{
	struct quota *q = *state;

	quota_begin(q);
	for (unsigned i = 0; i < MAX_PAIRS; i++)
		assert_true(enter(q, i, "10.0.0.2", i));
	assert_int_equal(quota_victim(q, 0), LEDGER_NONE);
	quota_begin(q);
	quota_renew(q, 0, 900000);
	assert_true(enter(q, 500, "10.0.0.2", 500));
	assert_true(enter(q, 501, "10.0.0.3", 500));
	assert_true(quota_is_over(q, 500));
	assert_false(quota_is_over(q, 501));
	assert_int_equal(quota_victim(q, 501), LEDGER_NONE);
	assert_int_equal(quota_victim(q, 500), 1);
	quota_leave(q, 1, 1000);
	assert_false(quota_is_over(q, 500));
}

/* What the same letter asks for is no victim of it. */
static void
test_a_letter_does_not_eat_itself(void **state)
{
	struct quota *q = *state;

	quota_begin(q);
	for (unsigned i = 0; i <= MAX_PAIRS; i++)
		assert_true(enter(q, i, "10.0.0.2", i));
	assert_true(quota_is_over(q, 0));
	assert_int_equal(quota_victim(q, 0), LEDGER_NONE);
}

static void
test_what_is_taken_over_costs_nothing(void **state)
{
	struct quota *q = *state;
	struct addr client = kit_addr("10.0.0.2");

	for (unsigned i = 0; i < CAPACITY - 1; i++) {
		struct ledger_key key = key_of("10.0.0.2", i, 443);

		quota_take_over(q, i, &key, 1000);
	}
	assert_int_equal(quota_pairs(q, &client), CAPACITY - 1);
	assert_true(enter(q, CAPACITY - 1, "10.0.0.2", CAPACITY));
}

/* More clients than there is room for, one after the other. */
static void
test_clients_cannot_exhaust_the_accounts(void **state)
{
	struct quota *q = *state;
	struct ledger_key key = key_of("10.0.0.0", 1, 443);

	for (unsigned i = 0; i < 4 * CAPACITY; i++) {
		key.client.byte[2] = (uint8_t)(i >> 8);
		key.client.byte[3] = (uint8_t)i;
		key.client.byte[1] = (uint8_t)(i >> 16);
		assert_true(quota_enter(q, i % 16, &key, 1000));
		quota_leave(q, i % 16, 1000);
	}
}

/* One that still has a pair keeps its account through all that. */
static void
test_a_live_client_is_not_forgotten(void **state)
{
	struct quota *q = *state;
	struct addr client = kit_addr("192.168.0.1");

	assert_true(enter(q, 17, "192.168.0.1", 1));
	test_clients_cannot_exhaust_the_accounts(state);
	assert_int_equal(quota_pairs(q, &client), 1);
	quota_leave(q, 17, 1000);
	assert_int_equal(quota_pairs(q, &client), 0);
}

#define ON_A_STAGE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_STAGE(test_ports_are_one_pair),
		ON_A_STAGE(test_the_burst_ends_and_comes_back),
		ON_A_STAGE(test_what_was_in_vain_is_given_back),
		ON_A_STAGE(test_a_pair_that_ended_is_not_given_back),
		ON_A_STAGE(test_the_pair_that_ends_first_is_the_victim),
		ON_A_STAGE(test_a_letter_does_not_eat_itself),
		ON_A_STAGE(test_what_is_taken_over_costs_nothing),
		ON_A_STAGE(test_clients_cannot_exhaust_the_accounts),
		ON_A_STAGE(test_a_live_client_is_not_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
