/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watchers carry their owner, and are called when they should be. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/loop.h"
#include "net/turns.h"

struct story {
	struct loop *loop;
	struct ready ready;
	struct due due, end;
	struct before_wait before;
	int fd[2];
	unsigned reads, writes, dues, befores;
	int64_t due_at_ms;
};

static int
set_up(void **state)
{
	static struct story s;

	s = (struct story){ .loop = loop_new() };
	assert_non_null(s.loop);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s.fd), 0);
	*state = &s;
	return 0;
}

static int
tear_down(void **state)
{
	struct story *s = *state;

	ready_want(s->loop, &s->ready, false, false);
	loop_free(s->loop);
	close(s->fd[0]);
	close(s->fd[1]);
	return 0;
}

static void
on_due(void *owner)
{
	struct story *s = owner;

	s->dues++;
	s->due_at_ms = loop_now_ms(s->loop);
}

static void
on_ready(void *owner, bool readable, bool writable)
{
	struct story *s = owner;
	char c;

	if (readable && read(s->fd[0], &c, 1) == 1)
		s->reads++;
	s->writes += writable;
	if (writable)
		ready_want(s->loop, &s->ready, true, false);
}

static void
on_before_wait(void *owner)
{
	struct story *s = owner;

	s->befores++;
}

static void
what_is_watched_is_told(void **state)
{
	struct story *s = *state;

	ready_init(&s->ready, s->fd[0], on_ready, s);
	assert_int_equal(write(s->fd[1], "ab", 2), 2);
	loop_turns(s->loop, 20);
	assert_int_equal(s->reads, 0);
	ready_want(s->loop, &s->ready, true, true);
	loop_turns(s->loop, 20);
	assert_int_equal(s->reads, 2);
	assert_int_equal(s->writes, 1);
	ready_want(s->loop, &s->ready, false, false);
	assert_int_equal(write(s->fd[1], "c", 1), 1);
	loop_turns(s->loop, 20);
	assert_int_equal(s->reads, 2);
}

/* The number of a descriptor says nothing about what is behind it. */
static void
a_number_used_anew_is_watched_anew(void **state)
{
	struct story *s = *state;
	int pair[2];

	ready_init(&s->ready, s->fd[0], on_ready, s);
	ready_want(s->loop, &s->ready, true, false);
	loop_turns(s->loop, 5);
	ready_want(s->loop, &s->ready, false, false);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(dup2(pair[0], s->fd[0]), s->fd[0]);
	close(pair[0]);
	ready_init(&s->ready, s->fd[0], on_ready, s);
	ready_want(s->loop, &s->ready, true, false);
	assert_int_equal(write(pair[1], "x", 1), 1);
	loop_turns(s->loop, 20);
	assert_int_equal(s->reads, 1);
	close(pair[1]);
}

static void
a_timer_comes_once_and_in_time(void **state)
{
	struct story *s = *state;
	int64_t begin_ms = clock_ms();

	due_init(&s->due, on_due, s);
	due_in(s->loop, &s->due, 5);
	due_in(s->loop, &s->due, 40); /* set anew: the first is forgotten */
	loop_turns(s->loop, 150);
	assert_int_equal(s->dues, 1);
	assert_in_range(s->due_at_ms - begin_ms, 38, 10000);
}

static void
a_stopped_timer_never_comes(void **state)
{
	struct story *s = *state;

	due_init(&s->due, on_due, s);
	due_in(s->loop, &s->due, 5);
	due_stop(s->loop, &s->due);
	loop_turns(s->loop, 20);
	assert_int_equal(s->dues, 0);
}

static void
before_each_wait_and_no_longer(void **state)
{
	struct story *s = *state;
	unsigned before;

	before_wait_init(s->loop, &s->before, on_before_wait, s);
	loop_turns(s->loop, 5);
	assert_true(s->befores >= 1);
	before = s->befores;
	before_wait_stop(s->loop, &s->before);
	before_wait_stop(s->loop, &s->before);
	loop_turns(s->loop, 5);
	assert_int_equal(s->befores, before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_watched_is_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
		    a_number_used_anew_is_watched_anew, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_timer_comes_once_and_in_time,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_stopped_timer_never_comes,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(before_each_wait_and_no_longer,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
