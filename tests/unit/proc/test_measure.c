/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of processes: what is seen of it, and where it ends. */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/measure.h"

#ifdef WITH_SANITIZERS
enum { WITHOUT_BOUNDS = 1 };
#else
enum { WITHOUT_BOUNDS = 0 };
#endif

enum { MIB = 1 << 20 };

static void
what_is_allocated_is_seen(void **state)
{
	struct measure before, after;
	char *more;

	(void)state;
	if (WITHOUT_BOUNDS)
		skip(); /* it has shadows of everything */
	assert_true(measure_process(getpid(), &before));
	more = malloc(32 * MIB);
	assert_non_null(more);
	memset(more, 1, 32 * MIB);
	assert_true(measure_process(getpid(), &after));
	assert_in_range(after.data_kib - before.data_kib, 32 * 1024,
			40 * 1024);
	assert_in_range(after.resident_kib - before.resident_kib, 31 * 1024,
			64 * 1024);
	assert_true(after.size_kib >= after.data_kib);
	free(more);
}

static void
what_is_gone_has_none(void **state)
{
	struct measure none;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	assert_false(measure_process(pid, &none));
}

/* 0: a little fits and much does not. */
static int
try_both(void)
{
	void *little, *much;

	measure_bind();
	little = malloc(MIB);
	much = malloc((size_t)2 * MEASURE_SLACK_KIB * 1024);
	return little == NULL ? 1 : much != NULL ? 2 : 0;
}

static void
behind_the_bounds_is_nothing(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	if (WITHOUT_BOUNDS)
		skip(); /* a sanitizer's own memory has none */
	pid = fork();
	if (pid == 0)
		_exit(try_both());
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
a_crew_is_looked_at_once_a_second(void **state)
{
	static struct supervisor_state s;
	uint32_t size;

	(void)state;
	s.children = 2;
	s.child[0].pid = (uint32_t)getpid();
	s.child[0].ready = 1;
	s.child[1].pid = (uint32_t)getpid(); /* begins yet */
	measure_crew(&s, 5000);
	size = s.child[0].most_kib;
	assert_true(size > s.child[0].resident_kib);
	assert_true(s.child[0].resident_kib > 0);
	assert_int_equal(s.child[1].measured_pid, 0);
	s.child[0].resident_kib = 0;
	measure_crew(&s, 5999);
	assert_int_equal(s.child[0].resident_kib, 0);
	measure_crew(&s, 6000);
	assert_true(s.child[0].resident_kib > 0);
	assert_int_equal(s.child[0].most_kib, size);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_allocated_is_seen),
		cmocka_unit_test(what_is_gone_has_none),
		cmocka_unit_test(behind_the_bounds_is_nothing),
		cmocka_unit_test(a_crew_is_looked_at_once_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
