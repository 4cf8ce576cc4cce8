/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The own-address table: what the kernel says, and how it is asked. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "proc/doors.h"
#include "proc/own.h"
#include "proc/role.h"

static struct addr
address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, strlen(text), &a), ERR_NONE);
	return a;
}

static void
the_kernel_lists_loopback(void **state)
{
	const struct own_addresses *own;
	struct addr lo = address("127.0.0.1"), far = address("192.0.2.77");
	struct own_watch *w;
	int fd, again;

	(void)state;
	assert_int_equal(own_watch_open(false, &w), ERR_NONE);
	assert_int_equal(own_watch_image(w, &fd), ERR_NONE);
	assert_int_equal(own_open(fd, &own), ERR_NONE);
	assert_true(own_has(own, &lo));
	assert_true(own_is_local(own, &lo));
	assert_false(own_has(own, &far));
	assert_false(own_is_local(own, &far));
	assert_int_equal(own_watch_image(w, &again), ERR_AGAIN);
	own_close(own);
	close(fd);
	own_watch_close(w);
}

static void
embedded_and_broadcast_count_as_own(void **state)
{
	static struct own_addresses t;
	const struct own_addresses *own;
	struct addr broadcast = address("10.0.0.255");
	struct addr mine = address("192.0.2.1");
	struct addr nat64 = address("64:ff9b::192.0.2.1");
	struct addr other = address("64:ff9b::192.0.2.2");
	int fd;

	(void)state;
	t.count = 2;
	t.addr[0] = broadcast;
	t.broadcast[0] = 1;
	t.addr[1] = mine;
	assert_int_equal(door_sealed_copy("own", &t, sizeof(t), &fd),
			 ERR_NONE);
	assert_int_equal(own_open(fd, &own), ERR_NONE);
	assert_true(own_has(own, &broadcast));
	assert_false(own_is_local(own, &broadcast));
	assert_true(own_is_local(own, &mine));
	assert_true(own_has(own, &nat64));
	assert_false(own_has(own, &other));
	own_close(own);
	close(fd);
}

static void
a_damaged_table_is_refused(void **state)
{
	static struct own_addresses t;
	const struct own_addresses *own;
	int fd;

	(void)state;
	t.count = OWN_MAX + 1;
	assert_int_equal(door_sealed_copy("own", &t, sizeof(t), &fd),
			 ERR_NONE);
	assert_int_equal(own_open(fd, &own), ERR_IMAGE);
	close(fd);
	assert_int_equal(door_sealed_copy("own", &t, sizeof(t) - 1, &fd),
			 ERR_NONE);
	assert_int_equal(own_open(fd, &own), ERR_IMAGE);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_lists_loopback),
		cmocka_unit_test(embedded_and_broadcast_count_as_own),
		cmocka_unit_test(a_damaged_table_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
