/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sets as nftables keeps them, in a network namespace; what nft(8) sees
 * is the judge. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "firewall/admission.h"
#include "firewall/nft_backend.h"
#include "firewall/nft_element.h"
#include "kit.h"

static struct backend *b;
static const struct backend_kind *const k = &backend_nftables;
static struct options opt;

static int
setup(void **state)
{
	struct backend_setup s = { .prefix = "T",
				   .set_size = 64,
				   .families = ROLE_IPV4 | ROLE_IPV6,
				   .opt = &opt };

	(void)state;
	opt = (struct options){ .nft_table = "inet filter", .chain = "C" };
	kit_shell("nft add table inet filter; nft add chain inet filter C");
	return k->open(&s, &b) == ERR_NONE ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	k->close(b);
	return system("nft flush ruleset");
}

static bool
has(unsigned n)
{
	struct backend_entry e = kit_entry(n, 1);
	bool it_has;

	assert_int_equal(k->has(b, &e, &it_has), ERR_NONE);
	return it_has;
}

static void
add(unsigned n, uint32_t timeout_s)
{
	struct backend_entry e = kit_entry(n, timeout_s);
	struct backend_fault fault;

	assert_int_equal(k->add(b, &e, 1, &fault), ERR_NONE);
}

struct seen {
	unsigned count;
	uint32_t timeout_s[256]; /* by last byte of the destination */
};

static void
on_entry(void *arg, const struct backend_entry *e)
{
	struct seen *s = arg;

	if (is_canary(&e->key))
		return;
	s->count++;
	s->timeout_s[e->key.destination.byte[3]] = e->timeout_s;
}

static struct seen
list(enum set_index set)
{
	struct seen s = { 0 };

	assert_int_equal(k->list(b, set, on_entry, &s), ERR_NONE);
	return s;
}

static void
prepare_all(void)
{
	for (unsigned set = 0; set < SET_COUNT; set++)
		assert_int_equal(k->prepare(b, set), ERR_NONE);
}

static void
test_entries_come_and_go(void **state)
{
	struct backend_entry e = kit_entry(5, 100);

	(void)state;
	prepare_all();
	assert_false(has(5));
	add(5, 100);
	kit_shell("nft get element inet filter T-ipv4-allow "
	      "'{ 10.0.0.2 . tcp . 443 . 203.0.113.5 }' >/dev/null");
	assert_true(has(5));
	assert_in_range(list(SET_V4).timeout_s[5], 98, 100);
	assert_int_equal(k->remove(b, &e, 1), ERR_NONE);
	assert_false(has(5));
	assert_int_equal(k->remove(b, &e, 1), ERR_NONE);
}

static void
test_every_set_takes_its_entries(void **state)
{
	struct backend_entry e = kit_entry(5, 100);
	struct backend_fault fault;

	(void)state;
	prepare_all();
	e.key.set = SET_V4_LOCAL;
	e.key.client = (struct addr){ 0 };
	assert_int_equal(k->add(b, &e, 1, &fault), ERR_NONE);
	e.key.set = SET_V6_LOCAL;
	e.key.destination = kit_addr("2001:db8:1::5");
	assert_int_equal(k->add(b, &e, 1, &fault), ERR_NONE);
	e.key.set = SET_V6;
	e.key.client = kit_addr("fd00::2");
	e.key.protocol = IPPROTO_SCTP;
	assert_int_equal(k->add(b, &e, 1, &fault), ERR_NONE);
	kit_shell("nft get element inet filter T-ipv4-allow-local "
	      "'{ tcp . 443 . 203.0.113.5 }' >/dev/null");
	kit_shell("nft get element inet filter T-ipv6-allow-local "
	      "'{ tcp . 443 . 2001:db8:1::5 }' >/dev/null");
	kit_shell("nft get element inet filter T-ipv6-allow "
	      "'{ fd00::2 . sctp . 443 . 2001:db8:1::5 }' >/dev/null");
	assert_int_equal(list(SET_V6).count, 1);
}

static void
renews_both_ways(void)
{
	add(5, 100);
	add(5, 500);
	assert_in_range(list(SET_V4).timeout_s[5], 498, 500);
	add(5, 50);
	assert_in_range(list(SET_V4).timeout_s[5], 48, 50);
	assert_int_equal(list(SET_V4).count, 1);
}

static void
test_a_refresh_gives_the_new_time(void **state)
{
	(void)state;
	prepare_all();
	assert_true(b->renews_known);
	renews_both_ways();
	/* As on a kernel that does not renew what is there. */
	b->renews = false;
	renews_both_ways();
}

static void
test_an_aborted_batch_grants_nothing(void **state)
{
	struct backend_entry e[3] = { kit_entry(1, 100), kit_entry(2, 100),
				      kit_entry(3, 100) };
	struct netlink_refusal refusal;

	(void)state;
	prepare_all();
	/* The last message fails; the first, alone, would be acknowledged. */
	nft_begin(&b->paper);
	nft_put_add(&b->paper, &b->at, b->name[SET_V4], e, 2);
	nft_put_add(&b->paper, &b->at, "T-no-such-set", &e[2], 1);
	assert_int_equal(nft_send(&b->paper, &b->netlink, &refusal),
			 ERR_DENIED);
	assert_int_equal(refusal.code, ENOENT);
	assert_int_equal(list(SET_V4).count, 0);
	/* The first one fails. */
	nft_begin(&b->paper);
	nft_put_add(&b->paper, &b->at, "T-no-such-set", &e[2], 1);
	nft_put_add(&b->paper, &b->at, b->name[SET_V4], e, 2);
	assert_int_equal(nft_send(&b->paper, &b->netlink, &refusal),
			 ERR_DENIED);
	assert_int_equal(list(SET_V4).count, 0);
	/* And no late word of it is taken for that of another. */
	add(1, 100);
	assert_int_equal(list(SET_V4).count, 1);
}

static void
test_a_batch_of_removals_where_some_are_gone(void **state)
{
	struct backend_entry e[3] = { kit_entry(1, 100), kit_entry(2, 100),
				      kit_entry(3, 100) };

	(void)state;
	prepare_all();
	add(1, 100);
	add(3, 100);
	assert_int_equal(k->remove(b, e, 3), ERR_NONE);
	assert_int_equal(list(SET_V4).count, 0);
}

static void
test_a_full_set_refreshes_what_it_holds(void **state)
{
	struct backend_entry e;
	struct backend_fault fault = { 0 };

	(void)state;
	prepare_all();
	/* The canary has one of the 64 places. */
	for (unsigned n = 0; n < 63; n++)
		add(n, 100);
	e = kit_entry(200, 100);
	assert_int_equal(k->add(b, &e, 1, &fault), ERR_DENIED);
	assert_int_equal(fault.cause, FAULT_FULL);
	assert_true(fault.known);
	assert_int_equal(fault.first_bad, 0);
	add(7, 900);
	assert_in_range(list(SET_V4).timeout_s[7], 898, 900);
	b->renews = false;
	add(8, 900);
	assert_in_range(list(SET_V4).timeout_s[8], 898, 900);
}

static void
test_a_set_that_is_gone(void **state)
{
	struct backend_entry e = kit_entry(1, 100);
	struct backend_fault fault = { 0 };
	struct backend_look look;

	(void)state;
	prepare_all();
	kit_shell("nft delete set inet filter T-ipv4-allow");
	assert_int_equal(k->add(b, &e, 1, &fault), ERR_DENIED);
	assert_int_equal(fault.cause, FAULT_GONE);
	assert_int_equal(k->look(b, SET_V4, &look), ERR_NONE);
	assert_false(look.present);
	assert_false(look.other);
	kit_shell("nft add set inet filter T-ipv4-allow '{ type ipv4_addr; }'");
	assert_int_equal(k->look(b, SET_V4, &look), ERR_NONE);
	assert_true(look.other);
}

static void
test_a_long_list_comes_whole(void **state)
{
	(void)state;
	b->set_size = 30000;
	prepare_all();
	kit_shell("(echo 'add element inet filter T-ipv4-allow {'; for p in $(seq "
	      "1 20000); do echo \"10.0.0.2 . tcp . $p . 203.0.113.5 timeout "
	      "60s,\"; done; echo '}') | nft -f -");
	assert_int_equal(list(SET_V4).count, 20000);
}

static void
test_an_endless_entry_is_seen(void **state)
{
	(void)state;
	prepare_all();
	kit_shell("nft add element inet filter T-ipv4-allow "
	      "'{ 10.0.0.2 . tcp . 443 . 203.0.113.9 timeout 0s }'");
	assert_int_equal(list(SET_V4).count, 1);
	assert_int_equal(list(SET_V4).timeout_s[9], 0);
}

/* Whatever the news were, they are only a reason to look. */
static bool
news(void)
{
	struct pollfd at = { .fd = k->watch(b), .events = POLLIN };

	return poll(&at, 1, 300) == 1 && k->heard(b);
}

static void
test_only_others_are_heard(void **state)
{
	(void)state;
	prepare_all();
	while (news())
		;
	add(1, 100);
	add(2, 100);
	assert_false(news());
	kit_shell("nft add table inet other; nft add chain inet other x");
	assert_false(news());
	kit_shell("nft delete element inet filter T-ipv4-allow "
	      "'{ 10.0.0.2 . tcp . 443 . 203.0.113.1 }'");
	assert_true(news());
	kit_shell("nft flush ruleset");
	assert_true(news());
}

#define ON_A_STAGE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_STAGE(test_entries_come_and_go),
		ON_A_STAGE(test_every_set_takes_its_entries),
		ON_A_STAGE(test_a_refresh_gives_the_new_time),
		ON_A_STAGE(test_an_aborted_batch_grants_nothing),
		ON_A_STAGE(test_a_batch_of_removals_where_some_are_gone),
		ON_A_STAGE(test_a_full_set_refreshes_what_it_holds),
		ON_A_STAGE(test_a_set_that_is_gone),
		ON_A_STAGE(test_a_long_list_comes_whole),
		ON_A_STAGE(test_an_endless_entry_is_seen),
		ON_A_STAGE(test_only_others_are_heard),
	};

	if (!kit_own_network())
		return EXIT_SKIP;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
