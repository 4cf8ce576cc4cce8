/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose limit counts for the log in the journal. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "ctl/journal_limit.h"

static bool
loses(const char *unit, const char *system)
{
	struct journal_limit l = { 0 };
	char text[256];
	FILE *from;

	strcpy(text, unit);
	from = fmemopen(text, strlen(text), "r");
	journal_limit_read_unit(&l, from);
	fclose(from);
	strcpy(text, system);
	from = fmemopen(text, strlen(text), "r");
	journal_limit_read_system(&l, from);
	fclose(from);
	return journal_limit_loses(&l);
}

#define UNIT(interval, burst) \
	"LogRateLimitIntervalUSec=" interval "\nLogRateLimitBurst=" burst "\n"

static void
the_units_own_stands_first(void **state)
{
	(void)state;
	assert_false(loses(UNIT("1s", "100000000"), "[Journal]\n"));
	assert_true(loses(UNIT("30s", "10000"), "RateLimitIntervalSec=0\n"));
}

static void
a_units_zero_is_none_of_its_own(void **state)
{
	(void)state;
	assert_true(loses(UNIT("0", "0"), "[Journal]\n"));
	assert_true(loses(UNIT("0", "100000000"), "#RateLimitBurst=0\n"));
	assert_false(loses(UNIT("0", "0"), "RateLimitIntervalSec=0\n"));
	assert_false(loses(UNIT("0", "0"), "RateLimitBurst=0\n"));
	assert_true(loses(UNIT("0", "0"), "RateLimitIntervalSec=30s\n"));
}

static void
the_last_word_wins(void **state)
{
	(void)state;
	assert_true(loses(UNIT("0", "0"), "RateLimitIntervalSec=0\n"
					  "# /etc/systemd/journald.conf.d/x\n"
					  "RateLimitIntervalSec=10s\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_units_own_stands_first),
		cmocka_unit_test(a_units_zero_is_none_of_its_own),
		cmocka_unit_test(the_last_word_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
