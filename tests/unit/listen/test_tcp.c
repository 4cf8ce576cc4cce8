/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections: pipelined, slow, greedy, broken off, too many. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "listen/listener.h"
#include "net/turns.h"
#include "stub_house.h"

enum { QUERY = 16 }; /* bytes of a query, number first */

struct story {
	struct stub_house stub;
	struct loop *loop;
	struct options opt;
	struct worker_stats stats, other;
	const struct worker_stats *others[2];
	struct tcp *tcp;
	struct before_wait before;
	int fd[2]; /* IPv6, which takes both families; IPv4 */
	uint16_t port, port4;
	unsigned waits; /* of the loop */
	unsigned descriptors;
};

static void
on_before_wait(void *owner)
{
	struct story *s = owner;

	s->waits++;
}

/* As a door opens it. */
static int
open_listener(int family, uint16_t *port_out)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	union sockaddr_any at = { .sa.sa_family = (sa_family_t)family };
	socklen_t len = family == AF_INET6 ? sizeof(at.in6) : sizeof(at.in);
	int on = 1, off = 0;
	struct endpoint e;

	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	assert_int_equal(bind(fd, &at.sa, len), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, &at.sa, &len), 0);
	endpoint_from_sockaddr(&at, &e);
	*port_out = e.port;
	return fd;
}

static enum err
open_tcp(struct story *s)
{
	struct listen_setup setup = { .loop = s->loop,
				      .house = &s->stub.house,
				      .opt = &s->opt,
				      .stats = &s->stats,
				      .fd = s->fd,
				      .count = 2,
				      .others = s->others };

	return tcp_new(&setup, &s->tcp);
}

static int
set_up(void **state)
{
	struct story *s = calloc(1, sizeof(*s));

	s->others[0] = &s->other;
	s->opt.max_connections = 8; /* 6 a client's */
	s->opt.timeout_s = 3;
	s->loop = loop_new();
	s->fd[0] = open_listener(AF_INET6, &s->port);
	s->fd[1] = open_listener(AF_INET, &s->port4);
	assert_int_equal(open_tcp(s), ERR_NONE);
	before_wait_init(s->loop, &s->before, on_before_wait, s);
	s->descriptors = count_descriptors();
	*state = s;
	return 0;
}

/* The clients have closed: nothing of them is left. */
static int
tear_down(void **state)
{
	struct story *s = *state;

	loop_turns(s->loop, 20);
	assert_int_equal(count_descriptors(), s->descriptors);
	before_wait_stop(s->loop, &s->before);
	tcp_free(s->tcp);
	loop_free(s->loop);
	close(s->fd[0]);
	close(s->fd[1]);
	free(s);
	return 0;
}

static int
client_from(struct story *s, const char *address)
{
	struct endpoint e = { .port = 0 };
	union sockaddr_any at;
	socklen_t len;
	int fd;

	assert_int_equal(addr_parse(address, strlen(address), &e.addr),
			 ERR_NONE);
	len = endpoint_to_sockaddr(&e, &at);
	fd = socket(at.sa.sa_family, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, &at.sa, len), 0);
	if (e.addr.family == 4) /* to the same host, another address */
		addr_parse("127.0.0.9", 9, &e.addr);
	e.port = s->port;
	len = endpoint_to_sockaddr(&e, &at);
	assert_int_equal(connect(fd, &at.sa, len), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	loop_turns(s->loop, 5);
	return fd;
}

static int
client(struct story *s)
{
	return client_from(s, "127.0.0.1");
}

static void
write_query(uint8_t out[2 + QUERY], uint32_t number)
{
	memset(out, 'q', 2 + QUERY);
	out[0] = 0;
	out[1] = QUERY;
	memcpy(out + 2, &number, sizeof(number));
}

static void
ask(int fd, uint32_t number)
{
	uint8_t bytes[2 + QUERY];

	write_query(bytes, number);
	assert_int_equal(send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL),
			 sizeof(bytes));
}

/* The next answer's number; -1: none, -2: the connection has ended. */
static int64_t
hear(int fd)
{
	uint8_t bytes[2 + QUERY];
	ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
	uint32_t number;

	if (got == -1 && errno == EAGAIN)
		return -1;
	if (got <= 0)
		return -2;
	assert_int_equal(got, sizeof(bytes));
	assert_int_equal(bytes[0] << 8 | bytes[1], QUERY);
	memcpy(&number, bytes + 2, sizeof(number));
	return number;
}

static void
what_is_asked_is_answered(void **state)
{
	struct story *s = *state;
	int four = client(s), six = client_from(s, "::1");
	const struct origin *o = &s->stub.last;
	char text[ADDR_TEXT_SIZE];

	ask(four, 7);
	loop_turns(s->loop, 10);
	assert_int_equal(hear(four), 7);
	assert_string_equal(addr_print(&o->client.addr, text), "127.0.0.1");
	assert_string_equal(addr_print(&o->local, text), "127.0.0.9");
	assert_int_equal(o->ifindex, if_nametoindex("lo"));
	assert_true(o->stream);
	ask(six, 8);
	loop_turns(s->loop, 10);
	assert_int_equal(hear(six), 8);
	assert_string_equal(addr_print(&o->client.addr, text), "::1");
	assert_string_equal(addr_print(&o->local, text), "::1");
	assert_int_equal(o->ifindex, if_nametoindex("lo"));
	assert_int_equal(s->stats.tcp_accepted, 2);
	assert_int_equal(s->stats.queries_tcp, 2);
	close(four);
	close(six);
}

static void
an_ipv4_listener_knows_the_same(void **state)
{
	struct story *s = *state;
	const struct origin *o = &s->stub.last;
	char text[ADDR_TEXT_SIZE];
	int fd;

	s->port = s->port4;
	fd = client(s);
	ask(fd, 1);
	loop_turns(s->loop, 10);
	assert_int_equal(hear(fd), 1);
	assert_string_equal(addr_print(&o->client.addr, text), "127.0.0.1");
	assert_string_equal(addr_print(&o->local, text), "127.0.0.9");
	assert_int_equal(o->ifindex, if_nametoindex("lo"));
	close(fd);
}

static void
byte_by_byte_is_a_query_too(void **state)
{
	struct story *s = *state;
	int fd = client(s);
	uint8_t bytes[2 + QUERY];

	write_query(bytes, 99);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		assert_int_equal(hear(fd), -1);
		send(fd, bytes + i, 1, 0);
		loop_turns(s->loop, 1);
	}
	loop_turns(s->loop, 5);
	assert_int_equal(hear(fd), 99);
	close(fd);
}

/* Sends as much as goes of so many and hears what comes; how many came, or
 * that the connection has ended. */
static uint32_t
ask_many(struct story *s, int fd, uint32_t many, bool *ended_out)
{
	uint32_t heard = 0, asked = 0;
	uint8_t bytes[2 + QUERY];

	*ended_out = false;
	while (heard < many && !*ended_out) {
		int64_t number;

		write_query(bytes, asked);
		while (asked < many &&
		       send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL) ==
			   (ssize_t)sizeof(bytes))
			write_query(bytes, ++asked);
		loop_turns(s->loop, 1);
		while ((number = hear(fd)) >= 0)
			assert_int_equal(number, heard++);
		*ended_out = number == -2;
	}
	return heard;
}

static void
a_thousand_in_a_row_are_answered_in_order(void **state)
{
	struct story *s = *state;
	int fd = client(s);
	bool ended;

	assert_int_equal(ask_many(s, fd, 999, &ended), 999);
	loop_turns(s->loop, 20);
	assert_int_equal(hear(fd), -1);
	ask(fd, 999);
	loop_turns(s->loop, 20);
	assert_int_equal(hear(fd), 999);
	assert_int_equal(hear(fd), -2);
	assert_int_equal(s->stats.tcp_spent, 1);
	assert_int_equal(s->stub.last.idle_100ms, 0);
	close(fd);
}

/* All that may be asked is answered, although as much again lies unread. */
static void
of_ten_thousand_a_thousand_are_answered(void **state)
{
	struct story *s = *state;
	int fd = client(s), other = client(s);
	bool ended;

	assert_int_equal(ask_many(s, fd, 10000, &ended), 1000);
	assert_true(ended);
	assert_int_equal(s->stub.queries, 1000);
	ask(other, 3);
	loop_turns(s->loop, 10);
	assert_int_equal(hear(other), 3);
	assert_int_equal(s->stats.tcp_closed, 0);
	close(fd);
	loop_turns(s->loop, 10);
	assert_int_equal(s->stats.tcp_closed, 1);
	close(other);
}

/* It was told the end and stays: it is not waited for long. */
static void
who_stays_after_the_end_is_closed(void **state)
{
	struct story *s = *state;
	int fd = client(s);
	bool ended;

	ask_many(s, fd, 1000, &ended);
	loop_turns(s->loop, 1500);
	assert_int_equal(s->stats.tcp_closed, 0);
	send(fd, "more", 4, MSG_NOSIGNAL);
	loop_turns(s->loop, 1000);
	assert_int_equal(s->stats.tcp_closed, 1);
	close(fd);
}

static void
a_hundred_are_in_flight_and_no_more(void **state)
{
	struct story *s = *state;
	int fd = client(s);

	s->stub.hold = true;
	for (uint32_t i = 0; i < 250; i++)
		ask(fd, i);
	loop_turns(s->loop, 20);
	assert_int_equal(s->stub.queries, 100);
	stub_release(&s->stub, 99); /* the last first */
	loop_turns(s->loop, 20);
	assert_int_equal(hear(fd), 99);
	assert_int_equal(s->stub.queries, 101);
	while (s->stub.held_count > 0) {
		while (s->stub.held_count > 0)
			stub_release(&s->stub, 0);
		loop_turns(s->loop, 10);
	}
	assert_int_equal(s->stub.queries, 250);
	for (unsigned i = 1; i < 250; i++)
		assert_true(hear(fd) >= 0);
	assert_int_equal(hear(fd), -1);
	close(fd);
}

static void
a_dropped_query_gives_its_place_back(void **state)
{
	struct story *s = *state;
	int fd = client(s);

	s->stub.drop = true;
	for (uint32_t i = 0; i < 150; i++)
		ask(fd, i);
	loop_turns(s->loop, 20);
	assert_int_equal(s->stub.queries, 150);
	s->stub.drop = false;
	ask(fd, 5);
	loop_turns(s->loop, 10);
	assert_int_equal(hear(fd), 5);
	close(fd);
}

/* The length is followed by as many bytes as it says, at most 70000. */
static int64_t
send_frame(struct story *s, unsigned len)
{
	static uint8_t bytes[70000];
	int fd = client(s);
	int64_t heard;

	bytes[0] = (uint8_t)(len >> 8);
	bytes[1] = (uint8_t)len;
	send(fd, bytes, 2 + len, MSG_NOSIGNAL);
	loop_turns(s->loop, 20);
	heard = recv(fd, bytes, sizeof(bytes), 0);
	if (heard == -1 && errno != EAGAIN)
		heard = 0;
	close(fd);
	loop_turns(s->loop, 5);
	return heard;
}

static void
what_is_no_frame_ends_the_connection(void **state)
{
	static const unsigned bad[] = { 0, 1, 11, LISTEN_QUERY_MAX + 1, 65535 };
	struct story *s = *state;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(send_frame(s, bad[i]), 0);
	assert_int_equal(s->stub.queries, 0);
	assert_int_equal(send_frame(s, 12), 14);
	assert_int_equal(send_frame(s, LISTEN_QUERY_MAX), 514);
	assert_int_equal(s->stub.queries, 2);
}

static void
who_has_ended_his_side_still_hears(void **state)
{
	struct story *s = *state;
	int fd = client(s);

	s->stub.hold = true;
	ask(fd, 1);
	ask(fd, 2);
	shutdown(fd, SHUT_WR);
	loop_turns(s->loop, 20);
	assert_int_equal(hear(fd), -1);
	stub_release(&s->stub, 0);
	loop_turns(s->loop, 10);
	assert_int_equal(hear(fd), 1);
	assert_int_equal(hear(fd), -1);
	s->waits = 0;
	loop_turns(s->loop, 100);
	assert_true(s->waits < 10); /* the end is not read again and again */
	stub_release(&s->stub, 0);
	loop_turns(s->loop, 10);
	assert_int_equal(hear(fd), 2);
	assert_int_equal(hear(fd), -2);
	close(fd);
}

static void
a_late_answer_reaches_nobody_else(void **state)
{
	struct story *s = *state;
	struct linger now = { .l_onoff = 1 };
	int fd = client(s), other;

	s->stub.hold = true;
	ask(fd, 1);
	loop_turns(s->loop, 10);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd); /* RST */
	loop_turns(s->loop, 10);
	assert_int_equal(s->stub.forgotten, 1);
	other = client(s); /* has the slot now */
	ask(other, 2);
	loop_turns(s->loop, 10);
	assert_ptr_equal(s->stub.held[0].origin.listener,
			 s->stub.held[1].origin.listener);
	stub_release(&s->stub, 0);
	loop_turns(s->loop, 10);
	assert_int_equal(hear(other), -1);
	stub_release(&s->stub, 0);
	loop_turns(s->loop, 10);
	assert_int_equal(hear(other), 2);
	close(other);
}

static void
without_a_query_it_ends_after_two_seconds(void **state)
{
	struct story *s = *state;
	int quiet = client(s), slow = client(s);
	int64_t begin_ms = clock_ms();

	send(slow, "\0\20qqq", 5, 0);
	loop_turns(s->loop, 1500);
	assert_int_equal(hear(quiet), -1);
	send(slow, "q", 1, 0); /* that is not a query yet */
	while (hear(quiet) != -2 || hear(slow) != -2) {
		loop_turns(s->loop, 20);
		assert_true(clock_ms() - begin_ms < 2500);
	}
	assert_true(clock_ms() - begin_ms > 1900);
	assert_int_equal(s->stats.tcp_timed_out, 2);
	close(quiet);
	close(slow);
}

static void
who_is_idle_is_closed_who_waits_is_not(void **state)
{
	struct story *s = *state;
	int idle = client(s), waiting = client(s);

	ask(idle, 1);
	loop_turns(s->loop, 10);
	assert_int_equal(hear(idle), 1);
	s->stub.hold = true;
	ask(waiting, 2);
	loop_turns(s->loop, 2500);
	assert_int_equal(hear(idle), -1);
	loop_turns(s->loop, 1000);
	assert_int_equal(hear(idle), -2);
	assert_int_equal(hear(waiting), -1);
	stub_release(&s->stub, 0);
	loop_turns(s->loop, 10);
	assert_int_equal(hear(waiting), 2);
	close(idle);
	close(waiting);
}

static void
a_client_leaves_room_for_others(void **state)
{
	struct story *s = *state;
	int fd[10];

	for (unsigned i = 0; i < 7; i++)
		fd[i] = client(s);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(hear(fd[i]), -1);
	assert_int_equal(hear(fd[6]), -2);
	fd[7] = client_from(s, "127.0.0.2");
	fd[8] = client_from(s, "::1");
	fd[9] = client_from(s, "127.0.0.3"); /* the ninth of eight */
	assert_int_equal(hear(fd[9]), -2);
	ask(fd[7], 7);
	ask(fd[8], 8);
	loop_turns(s->loop, 10);
	assert_int_equal(hear(fd[7]), 7);
	assert_int_equal(hear(fd[8]), 8);
	assert_int_equal(s->stats.tcp_refused, 1);
	assert_int_equal(s->stats.tcp_refused_client, 1);
	for (unsigned i = 0; i < 10; i++)
		close(fd[i]);
	loop_turns(s->loop, 20);
	assert_int_equal(s->stats.tcp_accepted, 8);
	assert_int_equal(s->stats.tcp_closed, 8);
}

/* What other workers hold is not ours to give. */
static void
all_workers_share_one_number(void **state)
{
	struct story *s = *state;
	int one, two, three;

	s->other.tcp_accepted = 1006;
	s->other.tcp_closed = 1000;
	one = client(s);
	two = client_from(s, "127.0.0.2");
	three = client_from(s, "127.0.0.3");
	assert_int_equal(hear(one), -1);
	assert_int_equal(hear(two), -1);
	assert_int_equal(hear(three), -2);
	assert_int_equal(s->stats.tcp_refused, 1);
	close(three);
	s->other.tcp_closed++;
	three = client_from(s, "127.0.0.3");
	assert_int_equal(hear(three), -1);
	close(one);
	close(two);
	close(three);
}

/* A time that is long for a quiet house is short where others wait. */
static void
where_room_is_scarce_idle_ones_go_sooner(void **state)
{
	struct story *s = *state;
	int idle, late;

	tcp_free(s->tcp);
	s->opt.timeout_s = 60;
	assert_int_equal(open_tcp(s), ERR_NONE);
	idle = client(s);
	ask(idle, 1);
	loop_turns(s->loop, 10);
	assert_int_equal(hear(idle), 1);
	assert_int_equal(s->stub.last.idle_100ms, 600);
	loop_turns(s->loop, 1000);
	s->other.tcp_accepted = 5;
	late = client_from(s, "127.0.0.2");
	ask(late, 2);
	loop_turns(s->loop, 10);
	assert_int_equal(hear(late), 2);
	assert_int_equal(s->stub.last.idle_100ms, 30);
	loop_turns(s->loop, 2100);
	assert_int_equal(hear(idle), -2);
	assert_int_equal(hear(late), -1);
	loop_turns(s->loop, 1100);
	assert_int_equal(hear(late), -2);
	assert_int_equal(s->stats.tcp_timed_out, 2);
	close(idle);
	close(late);
}

/* A byte now and then is not a query. */
static void
single_bytes_do_not_prolong_it(void **state)
{
	struct story *s = *state;
	int fd = client(s);
	int64_t begin_ms;

	ask(fd, 1);
	loop_turns(s->loop, 10);
	assert_int_equal(hear(fd), 1);
	begin_ms = clock_ms();
	send(fd, "\0", 1, MSG_NOSIGNAL);
	while (hear(fd) != -2) {
		assert_true(clock_ms() - begin_ms < 4000);
		send(fd, "\20", 1, MSG_NOSIGNAL);
		loop_turns(s->loop, 300);
	}
	assert_true(clock_ms() - begin_ms > 2900);
	close(fd);
}

static void
who_never_reads_is_closed(void **state)
{
	struct story *s = *state;
	int fd = client(s), other = client(s);
	unsigned before;

	s->stub.answer_len = 60000;
	for (uint32_t i = 0; i < 1000; i++) {
		uint8_t bytes[2 + QUERY];

		write_query(bytes, i);
		if (send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL) == -1)
			break;
		loop_turns(s->loop, 1);
		if (s->stats.dropped_send > 0)
			break;
	}
	assert_int_equal(s->stats.dropped_send, 1);
	before = s->stub.queries;
	s->stub.answer_len = 0;
	ask(other, 5);
	loop_turns(s->loop, 10);
	assert_int_equal(s->stub.queries, before + 1);
	assert_int_equal(hear(other), 5);
	close(fd);
	close(other);
}

static void
large_answers_arrive_whole(void **state)
{
	struct story *s = *state;
	static uint8_t got[5 * (2 + MESSAGE_MAX)];
	int fd = client(s);
	size_t all = 0;

	s->stub.answer_len = MESSAGE_MAX;
	for (uint32_t i = 0; i < 5; i++) {
		ssize_t n;

		ask(fd, i);
		for (unsigned tries = 0; tries < 20; tries++) {
			loop_turns(s->loop, 2);
			n = recv(fd, got + all, sizeof(got) - all, 0);
			all += n > 0 ? (size_t)n : 0;
		}
	}
	assert_int_equal(all, sizeof(got));
	for (uint32_t i = 0; i < 5; i++) {
		const uint8_t *answer = got + i * (2 + MESSAGE_MAX);

		assert_int_equal(answer[0] << 8 | answer[1], MESSAGE_MAX);
		assert_memory_equal(answer + 2, &i, sizeof(i));
		assert_int_equal(answer[2 + MESSAGE_MAX - 1], 'A');
	}
	close(fd);
}

static void
broken_off_in_the_middle_of_an_answer(void **state)
{
	struct story *s = *state;
	struct linger now = { .l_onoff = 1 };

	s->stub.answer_len = MESSAGE_MAX;
	for (unsigned i = 0; i < 20; i++) {
		int fd = client(s);
		char some[100];

		for (uint32_t n = 0; n < 50; n++)
			ask(fd, n);
		loop_turns(s->loop, 1);
		assert_true(recv(fd, some, sizeof(some), 0) > 0);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(fd);
		loop_turns(s->loop, 5);
	}
	s->stub.answer_len = 0;
	int fd = client(s);

	ask(fd, 3);
	loop_turns(s->loop, 10);
	assert_int_equal(hear(fd), 3);
	close(fd);
}

/* The clients' ends need descriptors of this process too, so they are made
 * before the limit falls. */
static void
without_descriptors_it_rests_and_recovers(void **state)
{
	struct story *s = *state;
	struct endpoint e = { .port = s->port };
	union sockaddr_any at;
	struct rlimit limit, low;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	addr_parse("127.0.0.1", 9, &e.addr);
	endpoint_to_sockaddr(&e, &at);
	assert_int_equal(connect(fd, &at.sa, sizeof(at.in)), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	getrlimit(RLIMIT_NOFILE, &limit);
	low = limit;
	low.rlim_cur = (rlim_t)fd; /* none is free below it */
	setrlimit(RLIMIT_NOFILE, &low);
	s->waits = 0;
	loop_turns(s->loop, 350);
	assert_int_equal(s->stats.tcp_accepted, 0);
	assert_in_range(s->stats.tcp_refused_descriptor, 3, 5);
	assert_true(s->waits < 20);
	setrlimit(RLIMIT_NOFILE, &limit);
	ask(fd, 4);
	loop_turns(s->loop, 150);
	assert_int_equal(hear(fd), 4);
	close(fd);
}

static void
after_the_stop_answers_still_leave(void **state)
{
	struct story *s = *state;
	int fd = client(s);

	s->stub.hold = true;
	ask(fd, 1);
	loop_turns(s->loop, 10);
	tcp_stop_reading(s->tcp);
	ask(fd, 2);
	loop_turns(s->loop, 10);
	assert_int_equal(s->stub.queries, 1);
	stub_release(&s->stub, 0);
	loop_turns(s->loop, 10);
	assert_int_equal(hear(fd), 1);
	assert_int_equal(s->stub.queries, 1);
	close(fd);
	s->descriptors++; /* nobody reads that it has ended */
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(what_is_asked_is_answered),
		STORY(an_ipv4_listener_knows_the_same),
		STORY(byte_by_byte_is_a_query_too),
		STORY(a_thousand_in_a_row_are_answered_in_order),
		STORY(of_ten_thousand_a_thousand_are_answered),
		STORY(who_stays_after_the_end_is_closed),
		STORY(a_hundred_are_in_flight_and_no_more),
		STORY(a_dropped_query_gives_its_place_back),
		STORY(what_is_no_frame_ends_the_connection),
		STORY(who_has_ended_his_side_still_hears),
		STORY(a_late_answer_reaches_nobody_else),
		STORY(without_a_query_it_ends_after_two_seconds),
		STORY(who_is_idle_is_closed_who_waits_is_not),
		STORY(a_client_leaves_room_for_others),
		STORY(all_workers_share_one_number),
		STORY(where_room_is_scarce_idle_ones_go_sooner),
		STORY(single_bytes_do_not_prolong_it),
		STORY(who_never_reads_is_closed),
		STORY(large_answers_arrive_whole),
		STORY(broken_off_in_the_middle_of_an_answer),
		STORY(without_descriptors_it_rests_and_recovers),
		STORY(after_the_stop_answers_still_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
