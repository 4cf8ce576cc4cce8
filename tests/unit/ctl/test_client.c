/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tool's side: no daemon, half answers, and what names a server. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/resolve.h"

struct lab {
	char dir[32], path[64], heard[256];
};

static int
set_up(void **state)
{
	struct lab *l = calloc(1, sizeof(*l));

	*state = l;
	if (l == NULL)
		return -1;
	strcpy(l->dir, "/tmp/dnsfw-test-XXXXXX");
	if (mkdtemp(l->dir) == NULL)
		return -1;
	snprintf(l->path, sizeof(l->path), "%s/control", l->dir);
	return 0;
}

static int
tear_down(void **state)
{
	struct lab *l = *state;

	unlink(l->path);
	rmdir(l->dir);
	free(l);
	return 0;
}

/* A daemon in a process of its own that says this to one caller. */
static void
daemon_says(struct lab *l, const char *answer)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), caller;
	char request[64];

	unlink(l->path);
	strcpy(at.sun_path, l->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 1), 0);
	if (fork() != 0) {
		close(fd);
		return;
	}
	caller = accept(fd, NULL, NULL);
	if (recv(caller, request, sizeof(request), 0) > 0)
		send(caller, answer, strlen(answer), MSG_NOSIGNAL);
	_exit(0);
}

static void
on_line(void *arg, const char *line)
{
	struct lab *l = arg;

	strcat(l->heard, line);
}

static enum client_end
ask(struct lab *l)
{
	struct client_request r = { l->path, "status", on_line, l, NULL };
	enum client_end end;

	l->heard[0] = '\0';
	end = client_ask(&r);
	while (wait(NULL) > 0)
		continue;
	return end;
}

static void
ends_of_an_answer(void **state)
{
	struct lab *l = *state;

	daemon_says(l, "ok\na 1\nb 2\n");
	assert_int_equal(ask(l), CLIENT_DONE);
	assert_string_equal(l->heard, "a 1\nb 2\n");
	daemon_says(l, "ok\n");
	assert_int_equal(ask(l), CLIENT_DONE);
	daemon_says(l, "error: no\nmore\n");
	assert_int_equal(ask(l), CLIENT_FAILED);
	assert_string_equal(l->heard, "");
	daemon_says(l, "");
	assert_int_equal(ask(l), CLIENT_FAILED);
	daemon_says(l, "okay\n");
	assert_int_equal(ask(l), CLIENT_FAILED);
}

static void
no_daemon(void **state)
{
	struct lab *l = *state;
	struct client_request far = { .line = "status", .each = on_line };
	char path[256];

	assert_int_equal(ask(l), CLIENT_NO_DAEMON);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	far.path = path;
	assert_int_equal(client_ask(&far), CLIENT_NO_DAEMON);
}

static void
servers(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{ "@192.0.2.1", "192.0.2.1:53" },
		{ "@192.0.2.1:5353", "192.0.2.1:5353" },
		{ "@192.0.2.1@5353", "192.0.2.1:5353" },
		{ "@2001:db8::1", "[2001:db8::1]:53" },
		{ "@[2001:db8::1]", "[2001:db8::1]:53" },
		{ "@[2001:db8::1]:5353", "[2001:db8::1]:5353" },
		{ "@192.0.2.1:0", NULL },
		{ "@192.0.2.1:65536", NULL },
		{ "@192.0.2.1:", NULL },
		{ "@example", NULL },
		{ "@", NULL },
		{ "192.0.2.1", NULL },
	};
	char buf[ENDPOINT_TEXT_SIZE];
	struct endpoint e;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool good = server_parse(rows[i].text, &e);

		if (good != (rows[i].shown != NULL))
			fail_msg("%s", rows[i].text);
		if (good)
			assert_string_equal(endpoint_print(&e, buf),
					    rows[i].shown);
	}
}

#define LAB_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(ends_of_an_answer),
		LAB_TEST(no_daemon),
		cmocka_unit_test(servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
