/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keeper of the sets of lists, over a firewall in memory that fails when
 * it is told to. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/clock.h"
#include "fake.h"
#include "firewall/fixed_keep.h"
#include "listed.h"

enum { PIECE = 4, TURNS = 1000 };

static struct {
	bool there[FIXED_COUNT], counted, odd;
	struct fixed_entries in[FIXED_COUNT];
	unsigned changes, largest, fail_change, lists;
	enum err prepare;
	/* An address that must be in BLOCK4 whatever happens. */
	struct net always;
	bool watch_always;
} kernel;

static struct fake_warden w;
static struct fixed_keeper *keeper;
static int64_t now_ms;

/* ---- the firewall ------------------------------------------------------- */

static enum err
k_prepare(struct backend *b, const struct fixed_shape *shape, bool *found_out)
{
	(void)b;
	*found_out = kernel.there[shape->set];
	if (kernel.prepare == ERR_NONE)
		kernel.there[shape->set] = true;
	return kernel.prepare;
}

static size_t
k_find(const struct fixed_entries *in, const struct fixed_entry *e)
{
	for (size_t i = 0; i < in->count; i++)
		if (fixed_compare(&in->at[i], e) == 0)
			return i;
	return SIZE_MAX;
}

static void
k_drop(enum fixed_index set, const struct fixed_entry *e)
{
	struct fixed_entries *in = &kernel.in[set];
	size_t at = k_find(in, e);

	assert_true(at != SIZE_MAX);
	in->at[at] = in->at[--in->count];
}

static bool
k_covers(enum fixed_index set, const struct net *net)
{
	for (size_t i = 0; i < kernel.in[set].count; i++)
		if (net_holds(&kernel.in[set].at[i].to, net))
			return true;
	return false;
}

static enum err
k_change(struct backend *b, const struct fixed_change *change)
{
	size_t size = change->add->count + change->remove->count;

	(void)b;
	kernel.changes++;
	if (kernel.fail_change > 0 && --kernel.fail_change == 0)
		return ERR_TIMEOUT;
	if (size > kernel.largest)
		kernel.largest = (unsigned)size;
	for (size_t i = 0; i < change->remove->count; i++)
		k_drop(change->set, &change->remove->at[i]);
	for (size_t i = 0; i < change->add->count; i++) {
		assert_true(k_find(&kernel.in[change->set],
				   &change->add->at[i]) == SIZE_MAX);
		fixed_add(&kernel.in[change->set], &change->add->at[i]);
	}
	if (kernel.watch_always && change->set == FIXED_BLOCK4)
		assert_true(k_covers(FIXED_BLOCK4, &kernel.always));
	return ERR_NONE;
}

static enum err
k_list(struct backend *b, enum fixed_index set, fixed_entry_fn *each, void *arg,
       bool *odd_out)
{
	(void)b;
	kernel.lists++;
	*odd_out = kernel.odd;
	for (size_t i = 0; i < kernel.in[set].count; i++)
		each(arg, &kernel.in[set].at[i]);
	return ERR_NONE;
}

static enum err
k_look(struct backend *b, enum fixed_index set, struct backend_look *out)
{
	(void)b;
	*out =
	    (struct backend_look){ .present = kernel.there[set],
				   .counted = kernel.counted,
				   .entries = (uint32_t)kernel.in[set].count };
	return ERR_NONE;
}

static enum err
k_clear(struct backend *b, enum fixed_index set)
{
	(void)b;
	kernel.odd = false;
	fixed_fini(&kernel.in[set]);
	return ERR_NONE;
}

static struct backend_kind with_lists;

/* ---- the stage ---------------------------------------------------------- */

static void
block(const char *nets)
{
	const struct listed l = { "drop", nets, ACTION_LOG, LISTS_BLOCK_SET,
				  NULL };

	listed_none(&w.a.judge);
	listed_are(&w.a.judge, &l, 1);
	if (keeper != NULL)
		fixed_plan(keeper);
}

static int
set_up(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	kernel.counted = true;
	now_ms = clock_ms();
	keeper = NULL;
	fake_begin(&w, "10.0.0.0/8 ~> *\n", kit_options());
	with_lists = backend_fake;
	with_lists.fixed_piece = with_lists.fixed_static_piece = PIECE;
	with_lists.fixed_static_most = 1000;
	with_lists.fixed_prepare = k_prepare;
	with_lists.fixed_change = k_change;
	with_lists.fixed_list = k_list;
	with_lists.fixed_look = k_look;
	with_lists.fixed_clear = k_clear;
	w.a.kind = &with_lists;
	block("192.0.2.1 192.0.2.9 198.51.100.0/26");
	return 0;
}

static void
begin(void)
{
	assert_int_equal(fixed_keeper_new(&w.a, &keeper), ERR_NONE);
	fixed_plan(keeper);
}

static int
tear_down(void **state)
{
	(void)state;
	fixed_keeper_free(keeper);
	for (unsigned set = 0; set < FIXED_COUNT; set++)
		fixed_fini(&kernel.in[set]);
	listed_none(&w.a.judge);
	fake_end(&w);
	return 0;
}

static void
work(void)
{
	unsigned turns = 0;

	while (fixed_work(keeper, now_ms))
		assert_true(turns++ < TURNS);
}

static const char *
held(void)
{
	static char said[8192];
	struct text text;

	text_init(&text, said, sizeof(said));
	fixed_sort(&kernel.in[FIXED_BLOCK4]);
	listed_print(&kernel.in[FIXED_BLOCK4], &text);
	return said;
}

static const char whole[] = "192.0.2.1/32\n192.0.2.9/32\n198.51.100.0/26\n";

/* ---- stories ------------------------------------------------------------ */

static void
filled_and_changed_by_differences(void **state)
{
	(void)state;
	begin();
	assert_int_equal(fixed_wanted(keeper),
			 1u << FIXED_BLOCK4 | 1u << FIXED_BLOCK6);
	work();
	assert_string_equal(held(), whole);
	assert_int_equal(w.board.fixed_state[FIXED_BLOCK4], FIXED_STANDS);
	assert_int_equal(w.board.fixed_entries[FIXED_BLOCK4], 3);
	kernel.largest = kernel.changes = 0;
	block("192.0.2.1 192.0.2.8/31 198.51.100.0/26");
	work();
	assert_string_equal(held(),
			    "192.0.2.1/32\n192.0.2.8/31\n198.51.100.0/26\n");
	assert_int_equal(kernel.changes, 1);
	assert_int_equal(kernel.largest, 2);
	listed_none(&w.a.judge);
	fixed_plan(keeper);
	work();
	assert_string_equal(held(), "");
	assert_int_equal(w.board.fixed_state[FIXED_BLOCK4], FIXED_ABSENT);
}

static void
many(char text[8192], unsigned from, unsigned count)
{
	struct text t;

	text_init(&t, text, 8192);
	for (unsigned i = from; i < from + count; i++)
		text_printf(&t, "203.0.%u.%u ", i / 256, i % 256);
}

/* What stays listed, be it in another net, is covered by every piece. */
static void
in_pieces_and_covered_all_the_time(void **state)
{
	char text[8192];

	(void)state;
	many(text, 0x7100, 100);
	block(text);
	begin();
	work();
	assert_int_equal(kernel.in[FIXED_BLOCK4].count, 100);
	assert_int_equal(kernel.largest, PIECE);
	kernel.always.addr = kit_addr("203.0.113.7");
	kernel.always.bits = 32;
	kernel.watch_always = true;
	block("203.0.113.0/24 192.0.2.1");
	work();
	assert_string_equal(held(), "192.0.2.1/32\n203.0.113.0/24\n");
	block(text);
	work();
	assert_int_equal(kernel.in[FIXED_BLOCK4].count, 100);
}

static void
another_plan_amid_the_work(void **state)
{
	char text[8192];

	(void)state;
	many(text, 0x7100, 100);
	block(text);
	begin();
	for (unsigned i = 0; i < 5; i++)
		fixed_work(keeper, now_ms);
	assert_in_range(kernel.in[FIXED_BLOCK4].count, 4, 40);
	assert_int_equal(w.board.fixed_state[FIXED_BLOCK4], FIXED_FILLING);
	kernel.lists = 0;
	block("192.0.2.1 203.0.113.2 203.0.113.99");
	work();
	assert_string_equal(held(),
			    "192.0.2.1/32\n203.0.113.2/32\n203.0.113.99/32\n");
	assert_int_equal(kernel.lists, 0); /* it knew how far it was */
}

static void
a_change_that_fails_is_looked_into(void **state)
{
	(void)state;
	begin();
	kernel.fail_change = 1;
	assert_false(fixed_work(keeper, now_ms));
	assert_string_equal(held(), "");
	work();
	assert_string_equal(held(), ""); /* not at once */
	now_ms += 10000;
	work();
	assert_string_equal(held(), whole);
	kernel.prepare = ERR_BUSY;
	block("192.0.2.5");
	work();
	assert_string_equal(held(), whole);
	kernel.prepare = ERR_NONE;
	now_ms += 10000;
	work();
	assert_string_equal(held(), "192.0.2.5/32\n");
}

static void
what_is_there_is_gone_on_with(void **state)
{
	struct fixed_entry odd = { .to = { .bits = 32 } };

	(void)state;
	kernel.there[FIXED_BLOCK4] = true;
	odd.to.addr = kit_addr("192.0.2.9");
	fixed_add(&kernel.in[FIXED_BLOCK4], &odd);
	odd.to.addr = kit_addr("45.0.0.1");
	fixed_add(&kernel.in[FIXED_BLOCK4], &odd);
	begin();
	work();
	assert_string_equal(held(), whole);
	assert_int_equal(kernel.largest, 3); /* two came, one went */
	kernel.odd = true;
	kernel.counted = false;
	now_ms += 100000;
	fixed_watch(keeper, now_ms, true);
	work();
	assert_false(kernel.odd);
	assert_string_equal(held(), whole);
}

static void
what_others_do_is_put_right(void **state)
{
	struct fixed_entry e = { .to = { .bits = 32 } };

	(void)state;
	begin();
	work();
	e.to.addr = kit_addr("192.0.2.9");
	k_drop(FIXED_BLOCK4, &e);
	fixed_watch(keeper, now_ms, true);
	work();
	assert_string_equal(held(), whole);
	kernel.there[FIXED_BLOCK4] = false;
	fixed_fini(&kernel.in[FIXED_BLOCK4]);
	for (unsigned i = 0; i < FIXED_COUNT; i++)
		fixed_watch(keeper, now_ms, false);
	work();
	assert_string_equal(held(), whole);
	assert_true(kernel.there[FIXED_BLOCK4]);
}

/* ---- the audit ---------------------------------------------------------- */

static void
note(void *arg, const struct fixed_difference *d)
{
	struct fixed_entries one = { (struct fixed_entry *)&d->entry, 1, 1 };

	text_str(arg, d->in_kernel ? "+" : "-");
	listed_print(&one, arg);
}

static void
one_in_the_place_of_another_is_told(void **state)
{
	struct audited_set told[FIXED_COUNT] = { 0 };
	struct fixed_entry e = { .to = { .bits = 32 } };
	char said[512];
	struct text text;

	(void)state;
	begin();
	work();
	e.to.addr = kit_addr("192.0.2.9");
	k_drop(FIXED_BLOCK4, &e);
	e.to.addr = kit_addr("45.0.0.1");
	fixed_add(&kernel.in[FIXED_BLOCK4], &e);
	text_init(&text, said, sizeof(said));
	assert_int_equal(fixed_audit(keeper, note, &text, told), ERR_NONE);
	assert_string_equal(said, "+45.0.0.1/32\n-192.0.2.9/32\n");
	assert_int_equal(told[FIXED_BLOCK4].status, AUDITED_SET_COMPARED);
	assert_int_equal(told[FIXED_BLOCK4].lists, 3);
	assert_int_equal(told[FIXED_BLOCK4].kernel, 3);
	assert_int_equal(told[FIXED_BLOCK4].differences, 2);
	now_ms += 100000;
	fixed_watch(keeper, now_ms, false);
	work();
	assert_string_equal(held(), whole);
	kernel.there[FIXED_BLOCK4] = false;
	fixed_audit(keeper, note, &text, told);
	assert_int_equal(told[FIXED_BLOCK4].status, AUDITED_SET_GONE);
	assert_int_equal(told[FIXED_BLOCK4].differences, 1);
}

int
main(void)
{
#define KEEP_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		KEEP_TEST(filled_and_changed_by_differences),
		KEEP_TEST(in_pieces_and_covered_all_the_time),
		KEEP_TEST(another_plan_amid_the_work),
		KEEP_TEST(a_change_that_fails_is_looked_into),
		KEEP_TEST(what_is_there_is_gone_on_with),
		KEEP_TEST(what_others_do_is_put_right),
		KEEP_TEST(one_in_the_place_of_another_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
