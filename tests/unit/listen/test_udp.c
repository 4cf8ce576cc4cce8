/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams come in whole and go back where they came from. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listen/listener.h"
#include "net/turns.h"
#include "stub_house.h"

struct story {
	struct stub_house stub;
	struct loop *loop;
	struct options opt;
	struct worker_stats stats;
	struct udp *udp;
	struct before_wait before;
	int fd[2];
	uint16_t port[2];
};

static void
on_before_wait(void *owner)
{
	struct story *s = owner;

	udp_flush(s->udp);
}

/* As a door opens it: bound to every address, with packet information. */
static int
open_socket(int family, uint16_t *port_out)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	union sockaddr_any at = { .sa.sa_family = (sa_family_t)family };
	socklen_t len = family == AF_INET6 ? sizeof(at.in6) : sizeof(at.in);
	int on = 1, off = 0;
	struct endpoint e;

	if (family == AF_INET6) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	} else {
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	}
	assert_int_equal(bind(fd, &at.sa, len), 0);
	assert_int_equal(getsockname(fd, &at.sa, &len), 0);
	endpoint_from_sockaddr(&at, &e);
	*port_out = e.port;
	return fd;
}

static int
set_up(void **state)
{
	struct story *s = calloc(1, sizeof(*s));
	int fds[3];
	struct listen_setup setup = { .house = &s->stub.house,
				      .opt = &s->opt,
				      .stats = &s->stats,
				      .fd = fds,
				      .count = 3,
				      .others = NULL };

	s->loop = setup.loop = loop_new();
	s->fd[0] = fds[0] = open_socket(AF_INET, &s->port[0]);
	fds[1] = -1;
	s->fd[1] = fds[2] = open_socket(AF_INET6, &s->port[1]);
	assert_int_equal(udp_new(&setup, &s->udp), ERR_NONE);
	before_wait_init(s->loop, &s->before, on_before_wait, s);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct story *s = *state;

	before_wait_stop(s->loop, &s->before);
	udp_free(s->udp);
	loop_free(s->loop);
	close(s->fd[0]);
	close(s->fd[1]);
	free(s);
	return 0;
}

/* Connected: what comes from another address is not heard. */
static int
client_to(const char *address, uint16_t port)
{
	struct endpoint e = { .port = port };
	union sockaddr_any at;
	socklen_t len;
	int fd;

	assert_int_equal(addr_parse(address, strlen(address), &e.addr),
			 ERR_NONE);
	len = endpoint_to_sockaddr(&e, &at);
	fd = socket(at.sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(fd, &at.sa, len), 0);
	return fd;
}

static void
expect_echo(struct story *s, int fd, const char *text)
{
	char got[64] = "";

	assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
	loop_turns(s->loop, 10);
	assert_int_equal(recv(fd, got, sizeof(got) - 1, 0), strlen(text));
	assert_string_equal(got, text);
}

static void
expect_origin(const struct story *s, const char *client, const char *local)
{
	const struct origin *o = &s->stub.last;
	char text[ADDR_TEXT_SIZE];

	assert_string_equal(addr_print(&o->client.addr, text), client);
	assert_string_equal(addr_print(&o->local, text), local);
	assert_int_equal(o->ifindex, if_nametoindex("lo"));
	assert_false(o->stream);
}

static void
an_answer_comes_from_the_address_asked(void **state)
{
	struct story *s = *state;
	int fd = client_to("127.0.0.5", s->port[0]);

	expect_echo(s, fd, "question-v4-sock");
	/* A client may have any address of 127/8; the kernel chose one. */
	expect_origin(s, "127.0.0.1", "127.0.0.5");
	close(fd);
}

static void
an_ipv6_socket_serves_both_families(void **state)
{
	struct story *s = *state;
	int six = client_to("::1", s->port[1]);
	int four = client_to("127.0.0.7", s->port[1]);

	expect_echo(s, six, "question-over-v6");
	expect_origin(s, "::1", "::1");
	expect_echo(s, four, "question-over-v4");
	expect_origin(s, "127.0.0.1", "127.0.0.7");
	assert_int_equal(s->stub.last.client.addr.family, 4);
	close(six);
	close(four);
}

static void
late_answers_find_their_clients(void **state)
{
	struct story *s = *state;
	int fd[3] = { client_to("127.0.0.1", s->port[0]),
		      client_to("127.0.0.2", s->port[1]),
		      client_to("::1", s->port[1]) };
	const char *text[3] = { "first-question", "second-question",
				"third-question!" };
	char got[64];

	s->stub.hold = true;
	for (unsigned i = 0; i < 3; i++) {
		send(fd[i], text[i], strlen(text[i]), 0);
		loop_turns(s->loop, 5);
		assert_int_equal(recv(fd[i], got, sizeof(got), 0), -1);
	}
	assert_int_equal(s->stub.held_count, 3);
	while (s->stub.held_count > 0)
		stub_release(&s->stub, 0);
	loop_turns(s->loop, 5);
	for (unsigned i = 0; i < 3; i++) {
		memset(got, 0, sizeof(got));
		assert_int_equal(recv(fd[i], got, sizeof(got), 0),
				 strlen(text[i]));
		assert_string_equal(got, text[i]);
		assert_int_equal(recv(fd[i], got, sizeof(got), 0), -1);
		close(fd[i]);
	}
}

/* More than one batch comes in, more than one queue goes out. */
static void
many_at_once_are_all_answered(void **state)
{
	struct story *s = *state;
	int fd[2] = { client_to("127.0.0.1", s->port[0]),
		      client_to("::1", s->port[1]) };
	bool seen[200] = { false };

	for (uint32_t i = 0; i < 200; i++) {
		uint32_t query[4] = { i };

		send(fd[i % 2], query, sizeof(query), 0);
	}
	loop_turns(s->loop, 50);
	for (unsigned i = 0; i < 200; i++) {
		uint32_t got[4] = { 1000 };

		assert_int_equal(recv(fd[i % 2], got, sizeof(got), 0),
				 sizeof(got));
		assert_true(got[0] < 200);
		assert_false(seen[got[0]]);
		seen[got[0]] = true;
	}
	assert_int_equal(s->stats.queries_udp, 200);
	assert_int_equal(s->stats.dropped_send, 0);
	close(fd[0]);
	close(fd[1]);
}

static void
too_long_is_dropped_and_counted(void **state)
{
	struct story *s = *state;
	int fd = client_to("127.0.0.1", s->port[0]);
	static uint8_t bytes[65000];

	assert_int_equal(send(fd, bytes, LISTEN_QUERY_MAX, 0),
			 LISTEN_QUERY_MAX);
	send(fd, bytes, LISTEN_QUERY_MAX + 1, 0);
	send(fd, bytes, sizeof(bytes), 0);
	loop_turns(s->loop, 10);
	assert_int_equal(s->stub.queries, 1);
	assert_int_equal(s->stub.last_len, LISTEN_QUERY_MAX);
	assert_int_equal(s->stats.dropped_long, 2);
	send(fd, bytes, 0, 0);
	loop_turns(s->loop, 10);
	assert_int_equal(s->stub.queries, 2);
	assert_int_equal(s->stub.last_len, 0);
	close(fd);
}

static void
an_answer_too_large_for_udp_never_leaves(void **state)
{
	struct story *s = *state;
	int fd = client_to("127.0.0.1", s->port[0]);
	char got[2000];

	s->stub.answer_len = EDNS_UDP_SIZE;
	send(fd, "question-one", 12, 0);
	loop_turns(s->loop, 10);
	assert_int_equal(recv(fd, got, sizeof(got), 0), EDNS_UDP_SIZE);
	s->stub.answer_len = EDNS_UDP_SIZE + 1;
	send(fd, "question-two", 12, 0);
	loop_turns(s->loop, 10);
	assert_int_equal(recv(fd, got, sizeof(got), 0), -1);
	assert_int_equal(s->stats.dropped_send, 1);
	close(fd);
}

/* Among answers that can be sent stands one that cannot. */
static void
one_that_cannot_be_sent_holds_up_no_other(void **state)
{
	struct story *s = *state;
	int fd = client_to("127.0.0.1", s->port[0]);
	char got[64];

	s->stub.hold = true;
	for (unsigned i = 0; i < 3; i++)
		send(fd, "question-same", 13, 0);
	loop_turns(s->loop, 10);
	assert_int_equal(s->stub.held_count, 3);
	/* An address that is not ours to send from. */
	addr_parse("203.0.113.9", 11, &s->stub.held[1].origin.local);
	while (s->stub.held_count > 0)
		stub_release(&s->stub, s->stub.held_count > 1 ? 1 : 0);
	loop_turns(s->loop, 10);
	assert_int_equal(recv(fd, got, sizeof(got), 0), 13);
	assert_int_equal(recv(fd, got, sizeof(got), 0), 13);
	assert_int_equal(recv(fd, got, sizeof(got), 0), -1);
	assert_int_equal(s->stats.dropped_send, 1);
	close(fd);
}

/* Whatever the kernel dropped is known when the next one comes. */
static void
what_the_kernel_drops_is_counted(void **state)
{
	struct story *s = *state;
	int fd = client_to("127.0.0.5", s->port[0]);
	int other = client_to("127.0.0.5", s->port[0]);
	unsigned sent = 0;
	int least = 1;

	setsockopt(s->fd[0], SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
	while (sent < 500)
		sent += send(fd, "question-a-flood", 16, 0) > 0;
	loop_turns(s->loop, 20);
	expect_echo(s, other, "question-behind1");
	assert_true(s->stats.dropped_kernel > 400);
	assert_int_equal(s->stats.queries_udp + s->stats.dropped_kernel,
			 sent + 1);
	assert_true(s->stub.house.shares.overflow.until_ms > 0);
	close(fd);
	close(other);
}

static void
after_the_stop_answers_still_leave(void **state)
{
	struct story *s = *state;
	int fd = client_to("127.0.0.1", s->port[0]);
	char got[64];

	s->stub.hold = true;
	send(fd, "question-one", 12, 0);
	loop_turns(s->loop, 10);
	udp_stop_reading(s->udp);
	send(fd, "question-two", 12, 0);
	loop_turns(s->loop, 10);
	assert_int_equal(s->stub.queries, 1);
	stub_release(&s->stub, 0);
	loop_turns(s->loop, 10);
	assert_int_equal(recv(fd, got, sizeof(got), 0), 12);
	close(fd);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(an_answer_comes_from_the_address_asked),
		STORY(an_ipv6_socket_serves_both_families),
		STORY(late_answers_find_their_clients),
		STORY(many_at_once_are_all_answered),
		STORY(too_long_is_dropped_and_counted),
		STORY(an_answer_too_large_for_udp_never_leaves),
		STORY(one_that_cannot_be_sent_holds_up_no_other),
		STORY(what_the_kernel_drops_is_counted),
		STORY(after_the_stop_answers_still_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
