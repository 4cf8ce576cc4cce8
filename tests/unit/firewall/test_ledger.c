/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdatomic.h>

#include "firewall/ledger.h"
#include "firewall/names.h"
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

static struct ledger_told
told_of(uint64_t identity, int64_t end_ms)
{
	return (struct ledger_told){ .reason = { .identity = identity,
						 .end_ms = end_ms,
						 .line = (uint32_t)identity } };
}

static uint32_t
put(struct ledger *l, unsigned n, int64_t end_ms)
{
	struct ledger_key key = key_of(n);
	struct ledger_told told = told_of(1, end_ms);
	uint32_t slot = ledger_enter(l, &key);

	if (slot != LEDGER_NONE)
		ledger_renew(l, slot, &told);
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
	struct ledger_told told = told_of(1, 3000);
	uint32_t slot = put(s->l, 1, 5000);

	ledger_renew(s->l, slot, &told);
	assert_int_equal(ledger_at(s->l, slot)->end_ms, 5000);
	told = told_of(1, 9000);
	ledger_renew(s->l, slot, &told);
	assert_int_equal(ledger_at(s->l, slot)->end_ms, 9000);
}

static void
test_the_rule_that_gives_it_longest_is_shown(void **state)
{
	struct stage *s = *state;
	uint32_t slot = put(s->l, 1, 5000);
	struct ledger_told told = told_of(2, 4000);

	ledger_renew(s->l, slot, &told);
	assert_int_equal(ledger_at(s->l, slot)->line, 1);
	told = told_of(3, 6000);
	ledger_renew(s->l, slot, &told);
	assert_int_equal(ledger_at(s->l, slot)->line, 3);
	assert_int_equal(ledger_at(s->l, slot)->line, 3);
}

static bool
is_identity(void *arg, const struct ledger_element *e,
	    struct ledger_told *told)
{
	(void)e;
	return told->reason.identity == *(uint64_t *)arg;
}

static void
test_a_reason_that_is_struck_leaves_the_others(void **state)
{
	struct stage *s = *state;
	uint32_t slot = put(s->l, 1, 5000);
	struct ledger_told told = told_of(2, 4000);
	uint64_t gone = 1;

	ledger_renew(s->l, slot, &told);
	assert_int_equal(ledger_strike(s->l, slot, is_identity, &gone), 4000);
	assert_int_equal(ledger_at(s->l, slot)->line, 2);
	gone = 2;
	assert_int_equal(ledger_strike(s->l, slot, is_identity, &gone), 0);
}

static void
test_the_least_reason_makes_room(void **state)
{
	struct stage *s = *state;
	uint32_t slot = put(s->l, 1, 1500);
	uint64_t gone;

	for (uint64_t i = 2; i <= LEDGER_REASONS + 1; i++) {
		struct ledger_told r = told_of(i, 1000 * (int64_t)i);

		ledger_renew(s->l, slot, &r);
	}
	gone = LEDGER_REASONS + 1;
	assert_int_equal(ledger_strike(s->l, slot, is_identity, &gone),
			 1000 * LEDGER_REASONS);
	for (gone = 2; gone < LEDGER_REASONS; gone++)
		ledger_strike(s->l, slot, is_identity, &gone);
	/* The first ended first. */
	gone = LEDGER_REASONS;
	assert_int_equal(ledger_strike(s->l, slot, is_identity, &gone), 0);
}

/* One that ends sooner than all there are is none that makes room. */
static void
test_the_longest_reason_stays(void **state)
{
	struct stage *s = *state;
	uint32_t slot = put(s->l, 1, 9000);
	struct ledger_told late = told_of(LEDGER_REASONS + 1, 10);
	uint64_t gone = 0;

	for (uint64_t i = 2; i <= LEDGER_REASONS; i++) {
		struct ledger_told r = told_of(i, 1000 + (int64_t)i);

		ledger_renew(s->l, slot, &r);
	}
	ledger_renew(s->l, slot, &late);
	assert_int_equal(ledger_strike(s->l, slot, is_identity, &gone), 9000);
	for (gone = 1; gone <= LEDGER_REASONS; gone++)
		ledger_strike(s->l, slot, is_identity, &gone);
	assert_int_equal(ledger_strike(s->l, slot, is_identity, &gone), 0);
}

/* Those who have many leave one for each of the others. */
static void
test_every_element_has_a_reason(void **state)
{
	struct stage *s = *state;
	uint32_t many = ledger_capacity(s->l) / 2, slot[CAPACITY];
	uint64_t gone = 0;

	for (uint32_t n = 0; n < many; n++) {
		slot[n] = put(s->l, n, 1000);
		for (uint64_t i = 2; i <= LEDGER_REASONS; i++) {
			struct ledger_told r = told_of(i, 2000);

			ledger_renew(s->l, slot[n], &r);
		}
	}
	for (uint32_t n = many; n < ledger_capacity(s->l); n++)
		slot[n] = put(s->l, n, 1000);
	for (uint32_t n = 0; n < ledger_capacity(s->l); n++)
		assert_true(ledger_strike(s->l, slot[n], is_identity, &gone) >
			    0);
}

/* ---- names ------------------------------------------------------------- */

static void
add_name(struct grant_names *n, const char *text)
{
	struct name name;

	assert_int_equal(name_parse(text, strlen(text), &name, NULL),
			 ERR_NONE);
	memcpy(n->bytes + n->len, name.wire, name.len);
	n->len = (uint16_t)(n->len + name.len);
}

static struct ledger_told
told_for(const char *name, const char *alias, int64_t end_ms)
{
	struct ledger_told told = told_of(1, end_ms);

	add_name(&told.names, name);
	if (alias != NULL) {
		add_name(&told.names, alias);
		told.names.links = 1;
	}
	return told;
}

static bool
is_asked(void *arg, const struct ledger_element *e, struct ledger_told *told)
{
	struct name name, asked;
	size_t at = 0;

	(void)e;
	assert_int_equal(name_parse(arg, strlen(arg), &name, NULL), ERR_NONE);
	return names_next(&told->names, &at, &asked) &&
	       name_equal(&name, &asked);
}

/* The same rule, the same address: one name does not end the other. */
static void
test_two_names_are_two_reasons(void **state)
{
	struct stage *s = *state;
	uint32_t slot = put(s->l, 1, 1000);
	struct ledger_told a = told_for("a.test", "x.test", 5000);
	struct ledger_told b = told_for("b.test", "x.test", 3000);

	ledger_renew(s->l, slot, &a);
	ledger_renew(s->l, slot, &b);
	assert_int_equal(ledger_at(s->l, slot)->end_ms, 5000);
	/* Another chain, the same name: still the same reason. */
	a = told_for("a.test", "y.test", 4000);
	ledger_renew(s->l, slot, &a);
	assert_int_equal(ledger_at(s->l, slot)->end_ms, 5000);
	assert_int_equal(ledger_strike(s->l, slot, is_asked, "a.test"), 3000);
	assert_int_equal(ledger_strike(s->l, slot, is_asked, "b.test"), 1000);
}

static bool
is_told(struct stage *s, uint32_t slot, const char *name)
{
	struct ledger_view v = { s->map, s->size };
	struct ledger_element copy;
	struct ledger_told told;
	const struct ledger_element *e;
	uint32_t count;

	e = ledger_elements(s->map, s->size, &count);
	assert_true(slot < count && ledger_read(&e[slot], 1, &copy));
	told.reason.next = copy.reason;
	while (ledger_read_reason(&v, &e[slot], &copy, &told))
		if (is_asked((void *)(uintptr_t)name, NULL, &told))
			return true;
	return false;
}

static void
test_a_reader_sees_names(void **state)
{
	static const char longest[] =
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
	    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb."
	    "ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc."
	    "ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd";
	struct stage *s = *state;
	uint32_t slot = put(s->l, 1, 1000);
	struct ledger_told a = told_for("a.test", "x.test", 5000);
	struct ledger_told b = told_for(longest, "x.test", 5000);

	ledger_renew(s->l, slot, &a);
	ledger_renew(s->l, slot, &b);
	assert_true(is_told(s, slot, "a.test"));
	assert_true(is_told(s, slot, longest));
	assert_false(is_told(s, slot, "x.test"));
	ledger_strike(s->l, slot, is_asked, "a.test");
	assert_false(is_told(s, slot, "a.test"));
	assert_true(is_told(s, slot, longest));
}

/* A successor has them too, and may go on to count on them. */
static void
test_names_outlive_the_writer(void **state)
{
	struct stage *s = *state;
	struct ledger_told a = told_for("a.test", "x.test", 5000);
	uint32_t slots[3];

	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < 3; i++) {
			slots[i] = put(s->l, i, 1000);
			ledger_renew(s->l, slots[i], &a);
		}
		ledger_close(s->l);
		assert_int_equal(ledger_open(s->map, s->size, &hash, &s->l),
				 ERR_NONE);
		for (unsigned i = 0; i < 3; i++) {
			assert_true(is_told(s, slots[i], "a.test"));
			ledger_drop(s->l, slots[i]);
		}
	}
}

/* There is room for so many names only; grants are entered without. Names
 * that nobody needs any more make room. */
static void
test_names_without_room(void **state)
{
	struct stage *s = *state;
	unsigned named = 0;

	for (unsigned round = 0; round < 3; round++) {
		unsigned before = named;

		for (unsigned i = 0; i < CAPACITY; i++) {
			uint32_t slot = put(s->l, i, 5000);
			struct ledger_told told;
			char name[80];

			snprintf(name, sizeof(name), "n%u-%050u.test", i, i);
			told = told_for(name, NULL, 9000);
			ledger_renew(s->l, slot, &told);
			named += is_told(s, slot, name);
			assert_int_equal(ledger_at(s->l, slot)->end_ms, 9000);
		}
		assert_in_range(named - before, 1, CAPACITY - 1);
		assert_true(before == 0 || named == before * (round + 1) /
							  round);
		for (uint32_t slot = 0; slot < CAPACITY; slot++)
			ledger_drop(s->l, slot);
	}
}

/* Whatever has happened to the memory, a successor begins. */
static void
test_damaged_reasons_are_cut_off(void **state)
{
	struct stage *s = *state;
	struct ledger_told a = told_for("a.test", "x.test", 5000);
	uint32_t *words = s->map;
	uint64_t seed = 12345;

	for (unsigned i = 0; i < 8; i++)
		ledger_renew(s->l, put(s->l, i, 1000), &a);
	for (unsigned round = 0; round < 2000; round++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		words[16 + (seed >> 33) % ((s->size - 64) / 4)] =
		    (uint32_t)(seed >> 20) % 200;
		ledger_close(s->l);
		assert_int_equal(ledger_open(s->map, s->size, &hash, &s->l),
				 ERR_NONE);
	}
	for (uint32_t slot = 0; slot < CAPACITY; slot++)
		if (ledger_at(s->l, slot) != NULL)
			ledger_drop(s->l, slot);
	for (unsigned i = 0; i < CAPACITY; i++)
		ledger_renew(s->l, put(s->l, i, 1000), &a);
	assert_true(is_told(s, 0, "a.test"));
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
test_who_lasts_is_counted(void **state)
{
	struct stage *s = *state;

	for (unsigned i = 0; i < 6; i++)
		put(s->l, i, 1000 + i);
	assert_int_equal(ledger_lasting(s->l, SET_V4, 999), 6);
	assert_int_equal(ledger_lasting(s->l, SET_V4, 1002), 3);
	assert_int_equal(ledger_lasting(s->l, SET_V4, 1005), 0);
	assert_int_equal(ledger_lasting(s->l, SET_V6, 999), 0);
	ledger_drop(s->l, 5);
	assert_int_equal(ledger_lasting(s->l, SET_V4, 1002), 2);
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
		ON_A_STAGE(test_the_longest_reason_stays),
		ON_A_STAGE(test_every_element_has_a_reason),
		ON_A_STAGE(test_two_names_are_two_reasons),
		ON_A_STAGE(test_a_reader_sees_names),
		ON_A_STAGE(test_names_outlive_the_writer),
		ON_A_STAGE(test_names_without_room),
		ON_A_STAGE(test_damaged_reasons_are_cut_off),
		ON_A_STAGE(test_a_successor_finds_everything),
		ON_A_STAGE(test_what_is_damaged_is_dropped),
		ON_A_STAGE(test_another_shape_is_begun_anew),
		ON_A_STAGE(test_a_reader_sees_whole_live_elements),
		ON_A_STAGE(test_who_lasts_is_counted),
		ON_A_STAGE(test_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
