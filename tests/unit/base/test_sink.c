/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each kind of descriptor that standard error may be. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sink.h"

enum { MANY = 100000 };

/* Writes until told to stop; a writer that waits is ended by the alarm. */
static void
assert_fills_up_without_waiting(int sink)
{
	char line[512];
	int i = 0;

	memset(line, 'x', sizeof(line));
	alarm(20);
	while (i < MANY && sink_write(sink, line, sizeof(line)) > 0)
		i++;
	assert_int_equal(errno, EAGAIN);
	alarm(0);
	assert_in_range(i, 1, MANY - 1);
}

static void
a_pipe_fills_up(void **state)
{
	char line[512];
	int end[2], sink;

	(void)state;
	assert_int_equal(pipe(end), 0);
	sink = sink_open(end[1]);
	assert_true(sink >= 0);
	assert_int_not_equal(fcntl(sink, F_GETFD) & FD_CLOEXEC, 0);
	assert_fills_up_without_waiting(sink);
	/* What was read makes room again. */
	for (int i = 0; i < 16; i++)
		assert_int_equal(read(end[0], line, sizeof(line)), 512);
	assert_int_equal(sink_write(sink, "y", 1), 1);
	close(sink);
	close(end[0]);
	close(end[1]);
}

static void
the_others_of_a_pipe_still_wait(void **state)
{
	int end[2], sink;

	(void)state;
	assert_int_equal(pipe(end), 0);
	sink = sink_open(end[1]);
	assert_int_equal(fcntl(end[1], F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(fcntl(end[0], F_GETFL) & O_NONBLOCK, 0);
	close(sink);
	close(end[0]);
	close(end[1]);
}

static void
a_socket_fills_up(void **state)
{
	int end[2], sink;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
	sink = sink_open(end[1]);
	assert_true(sink >= 0);
	assert_fills_up_without_waiting(sink);
	assert_int_equal(fcntl(end[1], F_GETFL) & O_NONBLOCK, 0);
	close(sink);
	close(end[0]);
	close(end[1]);
}

/* SIGPIPE would end the test. */
static void
a_socket_whose_reader_left(void **state)
{
	int end[2], sink;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
	sink = sink_open(end[1]);
	close(end[0]);
	assert_int_equal(sink_write(sink, "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(sink);
	close(end[1]);
}

static void
a_file_takes_all(void **state)
{
	char path[] = "/tmp/test_sink.XXXXXX", buf[8] = "";
	int fd = mkstemp(path), sink;

	(void)state;
	assert_true(fd >= 0);
	unlink(path);
	sink = sink_open(fd);
	assert_int_equal(sink_write(sink, "abc", 3), 3);
	assert_int_equal(sink_write(fd, "def", 3), 3);
	assert_int_equal(pread(fd, buf, sizeof(buf), 0), 6);
	assert_string_equal(buf, "abcdef");
	close(sink);
	close(fd);
}

static void
no_descriptor_no_sink(void **state)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC), sink;

	(void)state;
	sink = sink_open(fd);
	assert_true(sink >= 0);
	assert_int_equal(sink_write(sink, "x", 1), 1);
	close(sink);
	close(fd);
	assert_int_equal(sink_open(fd), -1);
}

static bool
leads_to_null(int fd)
{
	struct stat st, null;

	return fstat(fd, &st) == 0 && stat("/dev/null", &null) == 0 &&
	       st.st_rdev == null.st_rdev;
}

/* In a process of its own, which may lose its standard descriptors. */
static int
hold(bool (*good)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(sink_hold_standard() && good() ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static bool
all_are_held(void)
{
	int next = dup(STDIN_FILENO);

	return next > STDERR_FILENO && leads_to_null(STDIN_FILENO) &&
	       leads_to_null(STDOUT_FILENO) && leads_to_null(STDERR_FILENO);
}

static bool
only_input_is_held(void)
{
	return leads_to_null(STDIN_FILENO) && !leads_to_null(STDOUT_FILENO);
}

static void
what_is_closed_is_held(void **state)
{
	int kept[3], end[2], status;

	(void)state;
	assert_int_equal(pipe(end), 0);
	for (int i = 0; i < 3; i++) {
		kept[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
		close(i);
	}
	status = hold(all_are_held);
	dup2(end[1], STDOUT_FILENO);
	status |= hold(only_input_is_held);
	for (int i = 0; i < 3; i++) {
		dup2(kept[i], i);
		close(kept[i]);
	}
	close(end[0]);
	close(end[1]);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pipe_fills_up),
		cmocka_unit_test(the_others_of_a_pipe_still_wait),
		cmocka_unit_test(a_socket_fills_up),
		cmocka_unit_test(a_socket_whose_reader_left),
		cmocka_unit_test(a_file_takes_all),
		cmocka_unit_test(no_descriptor_no_sink),
		cmocka_unit_test(what_is_closed_is_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
