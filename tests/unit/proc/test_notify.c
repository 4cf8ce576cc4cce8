/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service manager hears what it is told, by path and abstract name. */
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
#include <unistd.h>

#include "proc/notify.h"

static void
heard_through(const char *env, const struct sockaddr_un *at, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	char buf[128] = { 0 };

	assert_int_equal(bind(fd, (const struct sockaddr *)at, len), 0);
	setenv("NOTIFY_SOCKET", env, 1);
	notify("READY=1");
	assert_true(recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT) > 0);
	assert_string_equal(buf, "READY=1");
	notify_reloading();
	assert_true(recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT) > 0);
	assert_ptr_equal(strstr(buf, "RELOADING=1\nMONOTONIC_USEC="), buf);
	close(fd);
	unsetenv("NOTIFY_SOCKET");
}

static void
by_path_and_abstract_name(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char env[64];

	(void)state;
	snprintf(env, sizeof(env), "/tmp/dnsfw-notify-%d", (int)getpid());
	strcpy(at.sun_path, env);
	heard_through(env, &at, sizeof(at));
	unlink(env);
	memset(at.sun_path, 0, sizeof(at.sun_path));
	snprintf(env, sizeof(env), "@dnsfw-notify-%d", (int)getpid());
	strcpy(at.sun_path + 1, env + 1);
	heard_through(env, &at,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				  strlen(env)));
}

static void
without_a_manager_nothing_happens(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	notify("READY=1");
	assert_int_equal(notify_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	assert_int_equal(notify_watchdog_ms(), 15000);
	unsetenv("WATCHDOG_USEC");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_path_and_abstract_name),
		cmocka_unit_test(without_a_manager_nothing_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
