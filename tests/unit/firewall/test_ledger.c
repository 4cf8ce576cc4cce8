/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdatomic.h>

#include "firewall/ledger.h"
#include "kit.h"

enum { SET_SIZE = 16, CAPACITY = SET_SIZE * SET_COUNT };

static const struct hash_key hash = { 1, 2 };

struct stage {
	void *map;
	size_t size;
	struct ledger *l;
};

static struct ledger_key
key_of(unsigned n)
{
	struct ledger_key key = { .set = SET_V4,
				  .protocol = IPPROTO_TCP,
				  .port = 443,
				  .client = kit_addr("10.0.0.2"),
				  .destination = kit_addr("203.0.113.0") };

	key.destination.byte[3] = (uint8_t)n;
	return key;
}

static struct ledger_reason
reason_of(uint64_t identity, int64_t end_ms)
{
	return (struct ledger_reason){ .identity = identity,
				       .end_ms = end_ms,
				       .line = (uint32_t)identity };
}

static uint32_t
put(struct ledger *l, unsigned n, int64_t end_ms)
{
	struct ledger_key key = key_of(n);
	struct ledger_reason reason = reason_of(1, end_ms);
	uint32_t slot = ledger_enter(l, &key);

	if (slot != LEDGER_NONE)
		ledger_renew(l, slot, &reason);
	return slot;
}

static int
setup(void **state)
{
	static struct stage s;

	s.size = ledger_bytes(SET_SIZE);
	s.map = calloc(1, s.size);
	*state = &s;
	return ledger_open(s.map, s.size, &hash, &s.l) == ERR_NONE ? 0 : -1;
}

static int
teardown(void **state)
{
	struct stage *s = *state;

	ledger_close(s->l);
	free(s->map);
	return 0;
}

static void
test_what_is_entered_is_found(void **state)
{
	struct stage *s = *state;
	struct ledger_key key = key_of(1), other = key_of(2);
	uint32_t slot = put(s->l, 1, 5000);

	assert_int_equal(ledger_find(s->l, &key), slot);
	assert_int_equal(ledger_find(s->l, &other), LEDGER_NONE);
	other = key;
	other.port = 80;
	assert_int_equal(ledger_find(s->l, &other), LEDGER_NONE);
	assert_int_equal(ledger_live(s->l, SET_V4), 1);
	ledger_drop(s->l, slot);
	assert_int_equal(ledger_find(s->l, &key), LEDGER_NONE);
	assert_int_equal(ledger_live(s->l, SET_V4), 0);
	assert_null(ledger_at(s->l, slot));
}

static void
test_a_full_ledger_says_so(void **state)
{
	struct stage *s = *state;
	struct ledger_key key;

	for (unsigned i = 0; i < CAPACITY; i++)
		assert_int_not_equal(put(s->l, i, 5000), LEDGER_NONE);
	assert_int_equal(put(s->l, CAPACITY, 5000), LEDGER_NONE);
	key = key_of(7);
	ledger_drop(s->l, ledger_find(s->l, &key));
	assert_int_not_equal(put(s->l, CAPACITY, 5000), LEDGER_NONE);
	for (unsigned i = 0; i <= CAPACITY; i++) {
		key = key_of(i);
		assert_int_equal(ledger_find(s->l, &key) == LEDGER_NONE,
				 i == 7);
	}
}

static void
test_an_end_is_never_earlier(void **state)
{
	struct stage *s = *state;
	struct ledger_reason reason = reason_of(1, 3000);
	uint32_t slot = put(s->l, 1, 5000);

	ledger_renew(s->l, slot, &reason);
	assert_int_equal(ledger_at(s->l, slot)->end_ms, 5000);
	reason = reason_of(1, 9000);
	ledger_renew(s->l, slot, &reason);
	assert_int_equal(ledger_at(s->l, slot)->end_ms, 9000);
}

static void
test_the_rule_that_gives_it_longest_is_shown(void **state)
{
	struct stage *s = *state;
	uint32_t slot = put(s->l, 1, 5000);
	struct ledger_reason reason = reason_of(2, 4000);

	ledger_renew(s->l, slot, &reason);
	assert_int_equal(ledger_at(s->l, slot)->identity, 1);
	reason = reason_of(3, 6000);
	ledger_renew(s->l, slot, &reason);
	assert_int_equal(ledger_at(s->l, slot)->identity, 3);
	assert_int_equal(ledger_at(s->l, slot)->line, 3);
}

static bool
is_identity(void *arg, const struct ledger_element *e,
	    const struct ledger_reason *reason)
{
	(void)e;
	return reason->identity == *(uint64_t *)arg;
}

static void
test_a_reason_that_is_struck_leaves_the_others(void **state)
{
	struct stage *s = *state;
	uint32_t slot = put(s->l, 1, 5000);
	struct ledger_reason reason = reason_of(2, 4000);
	uint64_t gone = 1;

	ledger_renew(s->l, slot, &reason);
	assert_int_equal(ledger_strike(s->l, slot, is_identity, &gone), 4000);
	assert_int_equal(ledger_at(s->l, slot)->identity, 2);
	gone = 2;
	assert_int_equal(ledger_strike(s->l, slot, is_identity, &gone), 0);
}

static void
test_the_least_reason_makes_room(void **state)
{
	struct stage *s = *state;
	uint32_t slot = put(s->l, 1, 5000);
	uint64_t gone = 2;

	for (uint64_t i = 2; i <= LEDGER_REASONS + 1; i++) {
		struct ledger_reason r = reason_of(i, 1000 * (int64_t)i);

		ledger_renew(s->l, slot, &r);
	}
	/* 5000, 2000, 3000 were there when 4000 came. */
	assert_int_equal(ledger_strike(s->l, slot, is_identity, &gone), 5000);
	gone = 1;
	assert_int_equal(ledger_strike(s->l, slot, is_identity, &gone), 4000);
	gone = 4;
	assert_int_equal(ledger_strike(s->l, slot, is_identity, &gone), 3000);
	gone = 3;
	assert_int_equal(ledger_strike(s->l, slot, is_identity, &gone), 0);
}

static void
test_a_successor_finds_everything(void **state)
{
	struct stage *s = *state;
	struct ledger_key key;

	for (unsigned i = 0; i < 10; i++)
		put(s->l, i, 5000 + i);
	key = key_of(3);
	ledger_drop(s->l, ledger_find(s->l, &key));
	ledger_close(s->l);
	assert_int_equal(ledger_open(s->map, s->size, &hash, &s->l), ERR_NONE);
	assert_int_equal(ledger_live(s->l, SET_V4), 9);
	for (unsigned i = 0; i < 10; i++) {
		key = key_of(i);
		assert_int_equal(ledger_find(s->l, &key) == LEDGER_NONE,
				 i == 3);
	}
	assert_int_not_equal(put(s->l, 3, 5000), LEDGER_NONE);
}

/* The writer died in the middle of a change, or worse. */
static void
test_what_is_damaged_is_dropped(void **state)
{
	struct stage *s = *state;
	struct ledger_element *e;
	uint32_t slots[4];
	uint32_t count;

	for (unsigned i = 0; i < 4; i++)
		slots[i] = put(s->l, i, 5000);
	e = (struct ledger_element *)(uintptr_t)ledger_elements(s->map, s->size,
								&count);
	assert_int_equal(count, 4);
	e[slots[0]].version |= 1;
	e[slots[1]].set = 77;
	e[slots[2]].destination = kit_addr("2001:db8::1");
	ledger_close(s->l);
	assert_int_equal(ledger_open(s->map, s->size, &hash, &s->l), ERR_NONE);
	assert_int_equal(ledger_live(s->l, SET_V4), 1);
	for (unsigned i = 4; i < CAPACITY + 3; i++)
		assert_int_not_equal(put(s->l, i, 5000), LEDGER_NONE);
	assert_int_equal(put(s->l, CAPACITY + 3, 5000), LEDGER_NONE);
}

static void
test_another_shape_is_begun_anew(void **state)
{
	struct stage *s = *state;
	struct ledger_head *h = s->map;
	uint32_t count;

	put(s->l, 1, 5000);
	h->version++;
	assert_null(ledger_elements(s->map, s->size, &count));
	ledger_close(s->l);
	assert_int_equal(ledger_open(s->map, s->size, &hash, &s->l), ERR_NONE);
	assert_int_equal(ledger_live(s->l, SET_V4), 0);
	assert_int_equal(h->version, LEDGER_VERSION);
	assert_null(ledger_elements(s->map, s->size - 4096, &count));
}

static void
test_a_reader_sees_whole_live_elements(void **state)
{
	struct stage *s = *state;
	const struct ledger_element *e;
	struct ledger_element copy;
	struct ledger_key key = key_of(2);
	uint32_t slot = put(s->l, 1, 5000), count, empty;

	empty = ledger_enter(s->l, &key);
	e = ledger_elements(s->map, s->size, &count);
	assert_int_equal(count, 2);
	assert_true(ledger_read(&e[slot], 4999, &copy));
	assert_int_equal(copy.end_ms, 5000);
	assert_int_equal(copy.port, 443);
	assert_false(ledger_read(&e[slot], 5000, &copy));
	assert_false(ledger_read(&e[empty], 1, &copy));
	((struct ledger_element *)(uintptr_t)&e[slot])->version++;
	assert_false(ledger_read(&e[slot], 1, &copy));
}

static void
test_marks(void **state)
{
	struct stage *s = *state;
	uint32_t a = put(s->l, 1, 5000), b = put(s->l, 2, 5000);

	ledger_mark(s->l, a);
	assert_true(ledger_is_marked(s->l, a));
	assert_false(ledger_is_marked(s->l, b));
	ledger_unmark_all(s->l);
	assert_false(ledger_is_marked(s->l, a));
	ledger_mark(s->l, a);
	ledger_drop(s->l, a);
	assert_int_equal(put(s->l, 3, 5000), a);
	assert_false(ledger_is_marked(s->l, a));
}

#define ON_A_STAGE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_STAGE(test_what_is_entered_is_found),
		ON_A_STAGE(test_a_full_ledger_says_so),
		ON_A_STAGE(test_an_end_is_never_earlier),
		ON_A_STAGE(test_the_rule_that_gives_it_longest_is_shown),
		ON_A_STAGE(test_a_reason_that_is_struck_leaves_the_others),
		ON_A_STAGE(test_the_least_reason_makes_room),
		ON_A_STAGE(test_a_successor_finds_everything),
		ON_A_STAGE(test_what_is_damaged_is_dropped),
		ON_A_STAGE(test_another_shape_is_begun_anew),
		ON_A_STAGE(test_a_reader_sees_whole_live_elements),
		ON_A_STAGE(test_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
