/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gate before the sockets: real sockets, real programs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listen/gate.h"

enum { MANY = 2000 };

static struct addr
address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, strlen(text), &a), ERR_NONE);
	return a;
}

static int
bound(int family, const char *text, union sockaddr_any *at)
{
	struct endpoint e = { .addr = address(text) };
	socklen_t len = endpoint_to_sockaddr(&e, at);
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int room = 8 << 20, both = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &both,
			   sizeof(both));
	assert_int_equal(bind(fd, &at->sa, len), 0);
	len = sizeof(*at);
	assert_int_equal(getsockname(fd, &at->sa, &len), 0);
	return fd;
}

/* How many of many arrive. */
static unsigned
arrive(int fd, const char *from, const char *to)
{
	union sockaddr_any here, there;
	struct endpoint e = { .addr = address(to) };
	socklen_t len = sizeof(there);
	unsigned got = 0;
	char byte;
	int s = bound(strchr(from, ':') ? AF_INET6 : AF_INET, from, &here);

	assert_int_equal(getsockname(fd, &there.sa, &len), 0);
	e.port = ntohs(there.in6.sin6_port); /* where IPv4 has it too */
	len = endpoint_to_sockaddr(&e, &there);
	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(sendto(s, "x", 1, 0, &there.sa, len), 1);
		while (recv(fd, &byte, 1, 0) == 1)
			got++;
	}
	close(s);
	return got;
}

static void
refuse(struct shares *s, const char *client, uint32_t a_second)
{
	s->heavy[0] = (struct share_heavy){ .client = address(client),
					    .refused = SHARE_HEAVY_AFTER,
					    .a_second = a_second };
}

static void
a_flood_is_dropped_and_nobody_else(void **state)
{
	static struct shares s;
	struct gate g = { 0 };
	union sockaddr_any at;
	int fd = bound(AF_INET6, "::", &at);

	(void)state;
	refuse(&s, "127.0.0.2", 200000);
	gate_turn(&g, &s, 1000);
	refuse(&s, "::1", 10000);
	gate_turn(&g, &s, 1001);
	assert_int_equal(g.count, 2);
	assert_true(gate_has_changed(&g));
	assert_false(gate_has_changed(&g));
	gate_apply(&g, fd);
	/* 1 of 64, and 1 of 2 */
	assert_in_range(arrive(fd, "127.0.0.2", "127.0.0.1"), 5, 90);
	assert_in_range(arrive(fd, "::1", "::1"), 800, 1200);
	assert_int_equal(arrive(fd, "127.0.0.3", "127.0.0.1"), MANY);
	close(fd);
}

static void
it_opens_when_the_time_is_over(void **state)
{
	static struct shares s;
	struct gate g = { 0 };
	union sockaddr_any at;
	int fd = bound(AF_INET, "127.0.0.1", &at);

	(void)state;
	gate_turn(&g, &s, 1000);
	assert_false(g.shut || gate_has_changed(&g));
	refuse(&s, "127.0.0.2", 1000000);
	gate_turn(&g, &s, 1000);
	gate_apply(&g, fd);
	assert_true(arrive(fd, "127.0.0.2", "127.0.0.1") < 60);
	gate_turn(&g, &s, 1000 + SHARE_HOLD_MS - 1);
	assert_true(g.shut);
	gate_turn(&g, &s, 1000 + SHARE_HOLD_MS);
	assert_false(g.shut);
	assert_true(gate_was_shut(&g, 1000 + SHARE_HOLD_MS));
	assert_false(gate_was_shut(&g, 1000 + SHARE_HOLD_MS + GATE_TRACE_MS));
	gate_apply(&g, fd);
	assert_int_equal(arrive(fd, "127.0.0.2", "127.0.0.1"), MANY);
	/* and next time for longer */
	refuse(&s, "127.0.0.2", 1000000);
	gate_turn(&g, &s, 3000);
	gate_turn(&g, &s, 3000 + 2 * SHARE_HOLD_MS - 1);
	assert_true(g.shut);
	close(fd);
}

static void
there_is_room_for_as_many_as_are_known(void **state)
{
	static struct shares s;
	struct gate g = { 0 };
	union sockaddr_any at;
	int fd = bound(AF_INET6, "::", &at);
	char text[32] = "2001:db8::1";

	(void)state;
	for (char c = '1'; c <= '9'; c++) {
		text[10] = c;
		refuse(&s, text, 20000);
		gate_turn(&g, &s, 1000);
	}
	assert_int_equal(g.count, SHARE_HEAVY);
	refuse(&s, "127.0.0.2", 1000000);
	gate_turn(&g, &s, 1000);
	gate_apply(&g, fd);
	assert_true(arrive(fd, "127.0.0.2", "127.0.0.1") < 60);
	assert_int_equal(arrive(fd, "::1", "::1"), MANY);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_is_dropped_and_nobody_else),
		cmocka_unit_test(it_opens_when_the_time_is_over),
		cmocka_unit_test(there_is_room_for_as_many_as_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
