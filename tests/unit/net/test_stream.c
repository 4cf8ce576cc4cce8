/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream keeps what the kernel does not take, up to its bound. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/stream.h"
#include "net/turns.h"

enum { BUFFER = 200000, PART = 60000 };

struct story {
	struct loop *loop;
	struct pool buffers;
	struct stream stream;
	int peer;
	enum err flushed;
	unsigned calls;
};

static void
on_ready(void *owner, bool readable, bool writable)
{
	struct story *s = owner;

	(void)readable;
	s->calls++;
	if (writable)
		s->flushed = stream_flush(&s->stream);
	if (s->flushed != ERR_NONE)
		loop_stop(s->loop);
}

static struct stream_setup
setup_of(struct story *s)
{
	return (struct stream_setup){ .loop = s->loop,
				      .buffers = &s->buffers,
				      .buffer_size = BUFFER,
				      .fn = on_ready,
				      .owner = s };
}

static int
set_up(void **state)
{
	static struct story s;
	struct stream_setup setup;
	int fd[2], small = 4096;

	s = (struct story){ .loop = loop_new(), .peer = -1 };
	assert_int_equal(pool_init(&s.buffers, BUFFER, 1), ERR_NONE);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	setup = setup_of(&s);
	stream_init(&s.stream, &setup, fd[0]);
	s.peer = fd[1];
	*state = &s;
	return 0;
}

static int
tear_down(void **state)
{
	struct story *s = *state;

	stream_close(&s->stream);
	assert_int_equal(s->buffers.in_use, 0);
	pool_fini(&s->buffers);
	loop_free(s->loop);
	close(s->peer);
	return 0;
}

static uint8_t sent[PART], got[BUFFER + 100000];

static enum err
write_one(struct story *s)
{
	uint8_t head[2] = { 'h', 'h' };
	struct stream_part part[2] = { { head, 2 }, { sent, PART } };

	memset(sent, 's', PART);
	return stream_write(&s->stream, part);
}

static size_t
drain(struct story *s)
{
	size_t all = 0;

	for (unsigned quiet = 0; quiet < 3;) {
		ssize_t n = recv(s->peer, got + all, sizeof(got) - all, 0);

		if (n > 0) {
			all += (size_t)n;
			quiet = 0;
		} else {
			quiet++;
		}
		loop_turns(s->loop, 2);
	}
	return all;
}

static void
what_waits_arrives_in_order(void **state)
{
	struct story *s = *state;
	size_t all;

	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(write_one(s), ERR_NONE);
	assert_false(stream_is_drained(&s->stream));
	all = drain(s);
	assert_int_equal(all, 3 * (PART + 2));
	for (size_t i = 0; i < all; i++)
		assert_int_equal(got[i], i % (PART + 2) < 2 ? 'h' : 's');
	assert_true(stream_is_drained(&s->stream));
	assert_int_equal(s->buffers.in_use, 0);
}

static void
who_does_not_read_is_found_out(void **state)
{
	struct story *s = *state;
	unsigned taken = 0;

	while (write_one(s) == ERR_NONE)
		assert_true(++taken < 10);
	assert_true(taken >= 3);
	assert_int_equal(write_one(s), ERR_FULL);
}

static void
without_a_buffer_it_is_full(void **state)
{
	struct story *s = *state;
	void *slot = pool_take(&s->buffers);

	assert_int_equal(write_one(s), ERR_FULL);
	pool_give(&s->buffers, slot);
}

static void
the_end_and_an_error_are_told(void **state)
{
	struct story *s = *state;
	uint8_t bytes[16];
	size_t n = 0;

	assert_int_equal(stream_read(&s->stream, bytes, 16, &n), ERR_AGAIN);
	assert_int_equal(write(s->peer, "abc", 3), 3);
	assert_int_equal(stream_read(&s->stream, bytes, 16, &n), ERR_NONE);
	assert_int_equal(n, 3);
	assert_int_equal(shutdown(s->peer, SHUT_RDWR), 0);
	assert_int_equal(stream_read(&s->stream, bytes, 16, &n), ERR_CLOSED);
	assert_int_equal(write_one(s), ERR_SYSTEM); /* and no SIGPIPE */
	stream_close(&s->stream);
	assert_int_equal(write_one(s), ERR_CLOSED);
}

/* A port that was just given back refuses. */
static struct endpoint
closed_port(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	union sockaddr_any at = { .in = { .sin_family = AF_INET } };
	socklen_t len = sizeof(at);
	struct endpoint e;

	at.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, &at.sa, sizeof(at.in)), 0);
	assert_int_equal(getsockname(fd, &at.sa, &len), 0);
	endpoint_from_sockaddr(&at, &e);
	close(fd);
	return e;
}

static void
a_refused_connection_is_told_by_flush(void **state)
{
	struct story *s = *state;
	struct endpoint to = closed_port();
	struct stream_setup setup = setup_of(s);

	stream_close(&s->stream);
	assert_int_equal(stream_connect(&s->stream, &setup, &to), ERR_NONE);
	assert_int_equal(write_one(s), ERR_NONE); /* it waits */
	s->flushed = ERR_NONE;
	loop_turns(s->loop, 200);
	assert_int_equal(s->flushed, ERR_SYSTEM);
	assert_int_equal(errno, ECONNREFUSED);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(what_waits_arrives_in_order),
		STORY(who_does_not_read_is_found_out),
		STORY(without_a_buffer_it_is_full),
		STORY(the_end_and_an_error_are_told),
		STORY(a_refused_connection_is_told_by_flush),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
