/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Request lines: what is a command, and what is said of what is not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "ctl/commands.h"

struct parsed {
	struct request request;
	struct text complaint;
	char why[512];
};

static enum err
parse(struct parsed *p, const char *line)
{
	text_init(&p->complaint, p->why, sizeof(p->why));
	return request_parse(line, strlen(line), &p->request, &p->complaint);
}

static void
command_with_arguments(void **state)
{
	struct parsed p;

	(void)state;
	assert_int_equal(parse(&p, "explain 10.0.0.2 a.example AAAA"), 0);
	assert_int_equal(p.request.command, COMMAND_explain);
	assert_int_equal(p.request.count, 3);
	assert_string_equal(p.request.argument[0], "10.0.0.2");
	assert_string_equal(p.request.argument[1], "a.example");
	assert_string_equal(p.request.argument[2], "AAAA");
}

static void
blanks_do_not_count(void **state)
{
	struct parsed p;

	(void)state;
	assert_int_equal(parse(&p, "  \tgrants \t 10.0.0.0/8  "), 0);
	assert_int_equal(p.request.command, COMMAND_grants);
	assert_int_equal(p.request.count, 1);
	assert_string_equal(p.request.argument[0], "10.0.0.0/8");
	assert_null(p.request.argument[1]);
}

static void
line_need_not_end_in_nul(void **state)
{
	struct parsed p;

	(void)state;
	text_init(&p.complaint, p.why, sizeof(p.why));
	assert_int_equal(request_parse("reloadXYZ", 6, &p.request,
				       &p.complaint), 0);
	assert_int_equal(p.request.command, COMMAND_reload);
}

static void
unknown_command_names_the_commands(void **state)
{
	struct parsed p;

	(void)state;
	assert_int_equal(parse(&p, "panic now"), ERR_SYNTAX);
	assert_string_equal(p.why,
			    "unknown command \"panic\"; commands are status, "
			    "stats, grants, audit, explain, lists, lookup, "
			    "why, suggest, diff, reload, confirm, revoke, flush, top, cache, "
			    "check, health, doctor and query");
	assert_int_equal(parse(&p, ""), ERR_SYNTAX);
	assert_non_null(strstr(p.why, "unknown command \"\""));
	/* A command is a whole word in lower case. */
	assert_int_equal(parse(&p, "stat"), ERR_SYNTAX);
	assert_int_equal(parse(&p, "STATUS"), ERR_SYNTAX);
	assert_int_equal(parse(&p, "statuses"), ERR_SYNTAX);
}

static void
wrong_number_of_arguments_shows_usage(void **state)
{
	struct parsed p;

	(void)state;
	assert_int_equal(parse(&p, "explain 10.0.0.2"), ERR_SYNTAX);
	assert_string_equal(p.why, "too few arguments; usage: explain CLIENT "
				   "NAME [TYPE]");
	assert_int_equal(parse(&p, "status now"), ERR_SYNTAX);
	assert_string_equal(p.why, "too many arguments; usage: status");
	assert_int_equal(parse(&p, "explain a b c d"), ERR_SYNTAX);
	assert_non_null(strstr(p.why, "too many"));
}

static void
only_printable_ascii(void **state)
{
	static const char nul[] = { 's', 't', '\0', 'a' };
	struct parsed p;

	(void)state;
	assert_int_equal(parse(&p, "explain 10.0.0.2 a\x1b[2J"), ERR_SYNTAX);
	assert_string_equal(p.why, "request is not printable ASCII");
	assert_int_equal(parse(&p, "explain 10.0.0.2 \xc3\xa4"), ERR_SYNTAX);
	assert_int_equal(parse(&p, "status\r"), ERR_SYNTAX);
	text_init(&p.complaint, p.why, sizeof(p.why));
	assert_int_equal(request_parse(nul, sizeof(nul), &p.request,
				       &p.complaint), ERR_SYNTAX);
}

static void
longest_line(void **state)
{
	static char line[REQUEST_MAX + 1];
	struct parsed p;

	(void)state;
	memset(line, ' ', REQUEST_MAX - 1);
	memcpy(line, "status", 6);
	assert_int_equal(parse(&p, line), 0);
	line[REQUEST_MAX - 1] = ' ';
	assert_int_equal(parse(&p, line), ERR_RANGE);
	assert_string_equal(p.why, "request is longer than 4096 bytes");
}

static void
long_word_is_shown_in_part(void **state)
{
	static char line[REQUEST_MAX - 1];
	struct parsed p;

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	assert_int_equal(parse(&p, line), ERR_SYNTAX);
	assert_false(p.complaint.cut);
	assert_non_null(strstr(p.why, "commands are status"));
}

static void
help_has_every_command(void **state)
{
	char buf[4096];
	struct text help;

	(void)state;
	text_init(&help, buf, sizeof(buf));
	commands_print(&help);
	assert_false(help.cut);
	for (unsigned i = 0; i < COMMAND_COUNT; i++) {
		const struct command_row *row = command_row((enum command)i);

		assert_true(row->least <= row->most);
		assert_true(row->most <= REQUEST_ARGUMENTS);
		assert_non_null(strstr(buf, row->name));
		assert_non_null(strstr(buf, row->help));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_with_arguments),
		cmocka_unit_test(blanks_do_not_count),
		cmocka_unit_test(line_need_not_end_in_nul),
		cmocka_unit_test(unknown_command_names_the_commands),
		cmocka_unit_test(wrong_number_of_arguments_shows_usage),
		cmocka_unit_test(only_printable_ascii),
		cmocka_unit_test(longest_line),
		cmocka_unit_test(long_word_is_shown_in_part),
		cmocka_unit_test(help_has_every_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
