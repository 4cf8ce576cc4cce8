/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Callers at the control socket: real sockets, a made-up clock. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/desk.h"
#include "pages.h"
#include "proc/post.h"

struct lab {
	struct pages pages;
	struct desk desk;
	struct sockaddr_un at;
	socklen_t at_len;
	int supervisor[2]; /* ours, the desk's */
	int64_t now_ms;
};

static int
set_up(void **state)
{
	struct lab *l = calloc(1, sizeof(*l));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	*state = l;
	if (l == NULL || !pages_init(&l->pages, "10.0.0.0/8 ~> *\n") ||
	    post_pair(l->supervisor) != ERR_NONE)
		return -1;
	/* An address without a name: the kernel chooses one. */
	l->at.sun_family = AF_UNIX;
	l->at_len = sizeof(l->at);
	if (bind(fd, (struct sockaddr *)&l->at, sizeof(sa_family_t)) == -1 ||
	    listen(fd, 32) == -1 ||
	    getsockname(fd, (struct sockaddr *)&l->at, &l->at_len) == -1)
		return -1;
	desk_init(&l->desk, &l->pages.view, fd, l->supervisor[1]);
	l->now_ms = 1000;
	return 0;
}

static int
tear_down(void **state)
{
	struct lab *l = *state;

	desk_fini(&l->desk);
	close(l->desk.listener);
	close(l->supervisor[0]);
	close(l->supervisor[1]);
	pages_fini(&l->pages);
	free(l);
	return 0;
}

/* The desk does what there is to do, until there is nothing more. */
static void
run(struct lab *l)
{
	struct pollfd fds[DESK_FDS];

	for (;;) {
		desk_watch(&l->desk, fds, l->now_ms);
		if (poll(fds, DESK_FDS, 0) == 0)
			break;
		desk_serve(&l->desk, fds, l->now_ms);
	}
	desk_serve(&l->desk, fds, l->now_ms);
}

static int
call(struct lab *l, const char *line)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_int_equal(
	    connect(fd, (struct sockaddr *)&l->at, l->at_len), 0);
	assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL),
			 strlen(line));
	return fd;
}

/* All that has come; *over_out: the desk has closed. Valid until the next. */
static const char *
hear(int fd, bool *over_out)
{
	static char buf[1 << 20];
	size_t len = 0;
	ssize_t n;

	while ((n = recv(fd, buf + len, sizeof(buf) - 1 - len, 0)) > 0)
		len += (size_t)n;
	*over_out = n == 0 || errno == ECONNRESET;
	buf[len] = '\0';
	return buf;
}

static unsigned
callers(const struct lab *l)
{
	unsigned n = 0;

	for (unsigned i = 0; i < DESK_CALLERS; i++)
		n += l->desk.caller[i].fd != -1;
	return n;
}

static void
asked_and_answered(void **state)
{
	struct lab *l = *state;
	int fd = call(l, "explain 10.0.0.2 a.example A\n");
	bool over;

	run(l);
	assert_non_null(strstr(hear(fd, &over), "\nanswer A forwarded\n"));
	assert_true(over);
	assert_int_equal(callers(l), 0);
	close(fd);
}

static void
line_in_pieces(void **state)
{
	struct lab *l = *state;
	int fd = call(l, "expl");
	bool over;

	run(l);
	assert_string_equal(hear(fd, &over), "");
	assert_false(over);
	send(fd, "ain 10.0.0.2 a A\nmore", 21, 0);
	run(l);
	assert_int_equal(strncmp(hear(fd, &over), "ok\n", 3), 0);
	assert_true(over);
	close(fd);
}

static void
over_long_line(void **state)
{
	static char line[REQUEST_MAX + 1];
	struct lab *l = *state;
	bool over;
	int fd;

	memset(line, 'x', REQUEST_MAX);
	fd = call(l, line);
	run(l);
	assert_string_equal(hear(fd, &over),
			    "error: request is longer than 4096 bytes\n");
	assert_true(over);
	assert_int_equal(callers(l), 0);
	close(fd);
}

static void
unknown_command(void **state)
{
	struct lab *l = *state;
	int fd = call(l, "panic\n");
	bool over;

	run(l);
	assert_string_equal(hear(fd, &over),
			    "error: unknown command \"panic\"; commands are "
			    "status, stats, grants, audit, explain, lists, "
			    "lookup, why, suggest, diff, reload, confirm, revoke, flush, top, "
			    "cache, check, health, doctor and query\n");
	assert_true(over);
	close(fd);
}

static void
hung_up_before_the_line(void **state)
{
	struct lab *l = *state;

	close(call(l, "stat"));
	run(l);
	assert_int_equal(callers(l), 0);
}

static void
slow_caller_is_timed_out(void **state)
{
	struct lab *l = *state;
	int fd = call(l, "status");
	bool over;

	run(l);
	assert_int_equal(desk_wait_ms(&l->desk, l->now_ms), DESK_REQUEST_MS);
	l->now_ms += DESK_REQUEST_MS - 1;
	send(fd, " ", 1, 0); /* a byte now and then buys no time */
	run(l);
	assert_string_equal(hear(fd, &over), "");
	assert_false(over);
	l->now_ms++;
	run(l);
	assert_string_equal(hear(fd, &over),
			    "error: no request within 5 s\n");
	assert_true(over);
	assert_int_equal(desk_wait_ms(&l->desk, l->now_ms), -1);
	close(fd);
}

static void
ninth_caller_waits_for_a_place(void **state)
{
	struct lab *l = *state;
	int fd[DESK_CALLERS], ninth;
	bool over;

	for (unsigned i = 0; i < DESK_CALLERS; i++)
		fd[i] = call(l, "");
	run(l);
	assert_int_equal(callers(l), DESK_CALLERS);
	ninth = call(l, "grants\n");
	run(l);
	assert_string_equal(hear(ninth, &over), "");
	assert_false(over);
	close(fd[3]);
	run(l);
	assert_int_equal(strncmp(hear(ninth, &over), "error: there is no "
						     "ledger", 24), 0);
	assert_true(over);
	close(ninth);
	for (unsigned i = 0; i < DESK_CALLERS; i++) {
		if (i != 3)
			close(fd[i]);
	}
	run(l);
	assert_int_equal(callers(l), 0);
}

/* An answer larger than a socket takes at once. */
static int
call_for_much(struct lab *l)
{
	enum { RULES = 10000 };
	char *acl = malloc(RULES * 80), *at = acl;
	int fd, small = 4096;

	for (unsigned i = 0; i < RULES; i++)
		at += sprintf(at, "10.0.0.0/8 -> a-long-enough-name.example:"
				  "TCP:%u\n", i + 1);
	pages_fini(&l->pages);
	assert_true(pages_init(&l->pages, acl));
	free(acl);
	fd = call(l, "");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	send(fd, "explain 10.0.0.2 a-long-enough-name.example\n", 44, 0);
	return fd;
}

static void
large_answer_arrives_whole(void **state)
{
	struct lab *l = *state;
	int fd = call_for_much(l);
	size_t heard = 0;
	const char *part;
	bool over = false;

	while (!over) {
		run(l);
		part = hear(fd, &over);
		heard += strlen(part);
		l->now_ms += DESK_ANSWER_MS - 1; /* slow, but it moves */
	}
	assert_true(heard > 500000);
	assert_int_equal(callers(l), 0);
	close(fd);
}

static void
caller_that_does_not_listen(void **state)
{
	struct lab *l = *state;
	int fd = call_for_much(l);

	run(l);
	assert_int_equal(callers(l), 1);
	l->now_ms += DESK_ANSWER_MS;
	run(l);
	assert_int_equal(callers(l), 0);
	close(fd);
}

static struct plain_letter
heard_by_supervisor(struct lab *l)
{
	struct plain_letter letter;

	assert_int_equal(recv(l->supervisor[0], &letter, sizeof(letter), 0),
			 sizeof(letter));
	assert_int_equal(post_check(ROLE_CONTROL, ROLE_SUPERVISOR, &letter,
				    sizeof(letter)), ERR_NONE);
	assert_int_equal(letter.head.kind, POST_RELOAD);
	return letter;
}

static void
reload_hears_its_own_word(void **state)
{
	struct lab *l = *state;
	int first = call(l, "reload\n"), second = call(l, "reload\n");
	struct plain_letter a, b;
	struct reloaded_letter word = { .ok = RELOAD_DONE,
					.generation = 4 };
	bool over;

	run(l);
	a = heard_by_supervisor(l);
	b = heard_by_supervisor(l);
	assert_int_not_equal(a.seq, b.seq);
	word.seq = b.seq;
	desk_reloaded(&l->desk, &word, l->now_ms);
	run(l);
	assert_string_equal(hear(second, &over),
			    "ok\npolicy generation 4 is in force\n");
	assert_true(over);
	assert_string_equal(hear(first, &over), "");
	assert_false(over);
	/* A word that nobody waits for any more is ignored. */
	desk_reloaded(&l->desk, &word, l->now_ms);
	assert_int_equal(callers(l), 1);
	close(first);
	close(second);
	run(l);
	assert_int_equal(callers(l), 0);
}

static void
reload_waits_thirty_seconds(void **state)
{
	struct lab *l = *state;
	int fd = call(l, "reload\n");
	bool over;

	run(l);
	l->now_ms += 29999;
	run(l);
	hear(fd, &over);
	assert_false(over);
	l->now_ms++;
	run(l);
	assert_int_equal(strncmp(hear(fd, &over), "error: no word from the "
						  "supervisor", 34), 0);
	assert_true(over);
	close(fd);
}

static void
reload_without_supervisor(void **state)
{
	struct lab *l = *state;
	int fd;
	bool over;

	close(l->supervisor[0]);
	l->supervisor[0] = -1;
	fd = call(l, "reload\n");
	run(l);
	assert_string_equal(hear(fd, &over),
			    "error: the supervisor cannot be reached\n");
	close(fd);
}

static void
rests_after_a_failed_accept(void **state)
{
	struct lab *l = *state;
	struct pollfd fds[DESK_FDS];
	int listener = l->desk.listener;

	l->desk.listener = l->supervisor[0]; /* accept() fails on it */
	desk_watch(&l->desk, fds, l->now_ms);
	fds[0].revents = POLLIN;
	desk_serve(&l->desk, fds, l->now_ms);
	l->desk.listener = listener;
	desk_watch(&l->desk, fds, l->now_ms);
	assert_int_equal(fds[0].fd, -1);
	assert_int_equal(desk_wait_ms(&l->desk, l->now_ms), DESK_REST_MS);
	l->now_ms += DESK_REST_MS;
	desk_watch(&l->desk, fds, l->now_ms);
	assert_int_equal(fds[0].fd, listener);
}

#define LAB_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(asked_and_answered),
		LAB_TEST(line_in_pieces),
		LAB_TEST(over_long_line),
		LAB_TEST(unknown_command),
		LAB_TEST(hung_up_before_the_line),
		LAB_TEST(slow_caller_is_timed_out),
		LAB_TEST(ninth_caller_waits_for_a_place),
		LAB_TEST(large_answer_arrives_whole),
		LAB_TEST(caller_that_does_not_listen),
		LAB_TEST(reload_hears_its_own_word),
		LAB_TEST(reload_waits_thirty_seconds),
		LAB_TEST(reload_without_supervisor),
		LAB_TEST(rests_after_a_failed_accept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
