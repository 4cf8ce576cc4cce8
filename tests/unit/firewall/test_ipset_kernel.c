/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sets as the kernel keeps them, in a network namespace; what ipset(8)
 * sees is the judge. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "firewall/backend.h"
#include "firewall/ipset_message.h"
#include "kit.h"

static struct backend *b;
static const struct backend_kind *const k = &backend_ipset;

static int
setup(void **state)
{
	struct backend_setup s = { .prefix = "T",
				   .set_size = 64,
				   .families = ROLE_IPV4 | ROLE_IPV6 };

	(void)state;
	return k->open(&s, &b) == ERR_NONE ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	k->close(b);
	return system("iptables -F OUTPUT; ipset destroy");
}

static bool
has(const struct backend_entry *e)
{
	bool it_has;

	assert_int_equal(k->has(b, e, &it_has), ERR_NONE);
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

static struct backend_look
look(enum set_index set)
{
	struct backend_look l;

	assert_int_equal(k->look(b, set, &l), ERR_NONE);
	return l;
}

static void
test_sets_are_made(void **state)
{
	(void)state;
	assert_false(look(SET_V4).present);
	for (unsigned set = 0; set < SET_COUNT; set++)
		assert_int_equal(k->prepare(b, set), ERR_NONE);
	kit_shell("ipset list -t T-ipv4-allow | grep -q 'Type: hash:ip,port,ip$'");
	kit_shell("ipset list -t T-ipv4-allow | grep -q 'family inet .*maxelem "
	      "64 timeout 60'");
	kit_shell("ipset list -t T-ipv6-allow | grep -q 'family inet6 '");
	kit_shell("ipset list -t T-ipv4-allow-local | grep -q 'Type: "
	      "hash:ip,port$'");
	kit_shell("ipset list -t T-ipv6-allow-local | grep -q 'family inet6 '");
	assert_true(look(SET_V6_LOCAL).present);
	assert_int_equal(look(SET_V4).capacity, 64);
	assert_int_equal(look(SET_V4).references, 0);
}

static void
test_entries_come_and_go(void **state)
{
	struct backend_entry e = kit_entry(5, 100);

	(void)state;
	assert_int_equal(k->prepare(b, SET_V4), ERR_NONE);
	add(5, 100);
	kit_shell("ipset test -q T-ipv4-allow 10.0.0.2,tcp:443,203.0.113.5");
	assert_true(has(&e));
	assert_int_equal(k->remove(b, &e, 1), ERR_NONE);
	assert_false(has(&e));
	/* What is not there can be removed all the same. */
	assert_int_equal(k->remove(b, &e, 1), ERR_NONE);
}

static void
test_every_kind_of_set_takes_its_entries(void **state)
{
	struct backend_fault fault;

	(void)state;
	for (unsigned set = 0; set < SET_COUNT; set++) {
		struct backend_entry e = kit_entry(5, 100);

		assert_int_equal(k->prepare(b, set), ERR_NONE);
		e.key.set = (uint8_t)set;
		if (set_family(set) == 6) {
			e.key.client = kit_addr("2001:db8::2");
			e.key.destination = kit_addr("2001:db8:9::5");
		}
		if (set_is_local(set))
			e.key.client = (struct addr){ 0 };
		assert_int_equal(k->add(b, &e, 1, &fault), ERR_NONE);
		assert_true(has(&e));
		assert_int_equal(list(set).count, 1);
	}
	kit_shell("ipset test -q T-ipv6-allow "
	      "2001:db8::2,tcp:443,2001:db8:9::5");
	kit_shell("ipset test -q T-ipv4-allow-local 203.0.113.5,tcp:443");
	kit_shell("ipset test -q T-ipv6-allow-local 2001:db8:9::5,tcp:443");
}

static void
test_a_refresh_gives_the_new_time(void **state)
{
	(void)state;
	assert_int_equal(k->prepare(b, SET_V4), ERR_NONE);
	add(5, 100);
	add(5, 500);
	assert_in_range(list(SET_V4).timeout_s[5], 498, 500);
	assert_int_equal(list(SET_V4).count, 1);
	add(6, BACKEND_MAX_TIMEOUT);
	assert_in_range(list(SET_V4).timeout_s[6], BACKEND_MAX_TIMEOUT - 2,
			BACKEND_MAX_TIMEOUT);
}

static void
test_a_full_set_names_the_line(void **state)
{
	struct backend_entry e[8];
	struct backend_fault fault;
	unsigned there;

	(void)state;
	kit_shell("ipset create T-ipv4-allow hash:ip,port,ip timeout 60 "
	      "hashsize 64 maxelem 20");
	assert_int_equal(k->prepare(b, SET_V4), ERR_NONE);
	for (unsigned i = 0; i < 16; i++)
		add(i, 100);
	for (unsigned i = 0; i < 8; i++)
		e[i] = kit_entry(100 + i, 100);
	assert_int_equal(k->add(b, e, 8, &fault), ERR_DENIED);
	assert_true(fault.known);
	assert_int_equal(fault.code, 4352);
	assert_int_equal(fault.cause, FAULT_FULL);
	there = fault.first_bad;
	assert_in_range(there, 1, 7);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(has(&e[i]), i < there);
	/* What is there can be refreshed. */
	add(3, 400);
	assert_in_range(list(SET_V4).timeout_s[3], 398, 400);
}

static void
test_a_set_that_is_gone(void **state)
{
	struct backend_entry e = kit_entry(5, 100);
	struct backend_fault fault;

	(void)state;
	assert_int_equal(k->add(b, &e, 1, &fault), ERR_DENIED);
	assert_int_equal(fault.code, ENOENT);
	assert_int_equal(fault.cause, FAULT_GONE);
	assert_false(has(&e));
}

static void
test_a_set_is_used_as_it_is(void **state)
{
	(void)state;
	kit_shell("ipset create T-ipv4-allow hash:ip,port,ip timeout 7 comment "
	      "hashsize 128 maxelem 1000");
	kit_shell("ipset add T-ipv4-allow 10.0.0.2,tcp:443,203.0.113.5 timeout "
	      "300 comment \"made by hand\"");
	assert_int_equal(k->prepare(b, SET_V4), ERR_NONE);
	assert_int_equal(look(SET_V4).capacity, 1000);
	assert_in_range(list(SET_V4).timeout_s[5], 298, 300);
	kit_shell("ipset list T-ipv4-allow | grep -q 'made by hand'");
	add(6, 100);
	assert_int_equal(list(SET_V4).count, 2);
}

static void
test_a_set_without_timeout_is_replaced(void **state)
{
	(void)state;
	kit_shell("ipset create T-ipv4-allow hash:ip,port,ip");
	kit_shell("ipset add T-ipv4-allow 10.0.0.2,tcp:443,203.0.113.5");
	/* A rule that refers to it goes on to do so. */
	kit_shell("iptables -A OUTPUT -m set --match-set T-ipv4-allow "
	      "src,dst,dst -j ACCEPT");
	assert_int_equal(k->prepare(b, SET_V4), ERR_NONE);
	assert_true(look(SET_V4).present);
	assert_int_equal(look(SET_V4).references, 1);
	assert_in_range(list(SET_V4).timeout_s[5], 58, 60);
	kit_shell("! ipset list -n | grep -q copy");
}

/* One that evicts at random when it is full; ipset(8) does not show it. */
static void
test_a_trap_is_replaced_with_the_time_left(void **state)
{
	(void)state;
	kit_shell("ipset create T-ipv4-allow hash:ip,port,ip timeout 60 forceadd "
	      "maxelem 1000");
	kit_shell("for i in $(seq 200); do echo add T-ipv4-allow "
	      "10.0.0.2,tcp:443,203.0.113.$i timeout $((300 + i)); done | "
	      "ipset restore");
	assert_false(look(SET_V4).present);
	assert_int_equal(k->prepare(b, SET_V4), ERR_NONE);
	assert_true(look(SET_V4).present);
	/* More than a set of ours has room for: all of them are kept. */
	assert_int_equal(look(SET_V4).capacity, 200);
	assert_int_equal(list(SET_V4).count, 200);
	assert_in_range(list(SET_V4).timeout_s[7], 305, 307);
	assert_in_range(list(SET_V4).timeout_s[199], 497, 499);
}

static void
test_a_set_of_another_type_makes_room(void **state)
{
	(void)state;
	kit_shell("ipset create T-ipv4-allow hash:ip");
	kit_shell("ipset create T-ipv4-copy hash:ip"); /* left by one that died */
	kit_shell("ipset add T-ipv4-allow 10.0.0.2");
	assert_int_equal(k->prepare(b, SET_V4), ERR_NONE);
	assert_true(look(SET_V4).present);
	assert_int_equal(list(SET_V4).count, 0);
	kit_shell("! ipset list -n | grep -q copy");
}

/* It cannot be swapped, and the rule is not ours to remove. */
static void
test_a_set_of_another_type_in_use_is_refused(void **state)
{
	(void)state;
	kit_shell("ipset create T-ipv4-allow hash:ip");
	kit_shell("iptables -A OUTPUT -m set --match-set T-ipv4-allow dst "
	      "-j ACCEPT");
	assert_int_equal(k->prepare(b, SET_V4), ERR_BUSY);
	kit_shell("ipset list -t T-ipv4-allow | grep -q 'Type: hash:ip$'");
	kit_shell("! ipset list -n | grep -q copy");
}

static void
test_an_endless_entry_is_seen(void **state)
{
	(void)state;
	assert_int_equal(k->prepare(b, SET_V4), ERR_NONE);
	kit_shell("ipset add T-ipv4-allow 10.0.0.2,tcp:443,203.0.113.5 timeout "
	      "0");
	add(6, 1);
	assert_int_equal(list(SET_V4).timeout_s[5], 0);
	assert_int_equal(list(SET_V4).timeout_s[6], 1);
}

static void
test_a_long_list_comes_whole(void **state)
{
	(void)state;
	kit_shell("ipset create T-ipv4-allow hash:ip,port,ip timeout 900");
	kit_shell("for p in $(seq 1 20000); do echo add T-ipv4-allow "
	      "10.0.0.2,tcp:$p,203.0.113.5; done | ipset restore");
	assert_int_equal(k->prepare(b, SET_V4), ERR_NONE);
	assert_int_equal(list(SET_V4).count, 20000);
	assert_int_equal(look(SET_V4).entries, 20000);
}

static void
test_a_name_that_is_too_long(void **state)
{
	struct backend_setup s = { .prefix = "FIFTEEN-LETTERS",
				   .set_size = 64,
				   .families = ROLE_IPV4 };
	struct backend *other;

	(void)state;
	assert_int_equal(k->open(&s, &other), ERR_RANGE);
	s.prefix = "FOURTEEN-LETTE";
	assert_int_equal(k->open(&s, &other), ERR_NONE);
	assert_int_equal(k->prepare(other, SET_V4_LOCAL), ERR_NONE);
	k->close(other);
	kit_shell("ipset list -n | grep -qx FOURTEEN-LETTE-ipv4-allow-local");
}

#define ON_A_STAGE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_STAGE(test_sets_are_made),
		ON_A_STAGE(test_entries_come_and_go),
		ON_A_STAGE(test_every_kind_of_set_takes_its_entries),
		ON_A_STAGE(test_a_refresh_gives_the_new_time),
		ON_A_STAGE(test_a_full_set_names_the_line),
		ON_A_STAGE(test_a_set_that_is_gone),
		ON_A_STAGE(test_a_set_is_used_as_it_is),
		ON_A_STAGE(test_a_set_without_timeout_is_replaced),
		ON_A_STAGE(test_a_trap_is_replaced_with_the_time_left),
		ON_A_STAGE(test_a_set_of_another_type_makes_room),
		ON_A_STAGE(test_a_set_of_another_type_in_use_is_refused),
		ON_A_STAGE(test_an_endless_entry_is_seen),
		ON_A_STAGE(test_a_long_list_comes_whole),
		ON_A_STAGE(test_a_name_that_is_too_long),
	};

	if (!kit_own_network())
		return EXIT_SKIP;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
