/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of commands.def as data, and one request line taken apart.
 *
 * A request is one line of printable ASCII: a command and its arguments,
 * separated by blanks. There are no quotes and no escapes.
 */
#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H

#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

enum { REQUEST_MAX = 4096, REQUEST_ARGUMENTS = 3 }; /* with its '\n' */

enum command {
#define COMMAND(name, arguments, least, most, doer, help) COMMAND_##name,
#include "ctl/commands.def"
#undef COMMAND
	COMMAND_COUNT
};

enum command_doer { DOER_DAEMON, DOER_TOOL };

struct command_row {
	const char *name, *arguments, *help;
	unsigned least, most;
	enum command_doer doer;
};

struct request {
	enum command command;
	unsigned count;
	const char *argument[REQUEST_ARGUMENTS]; /* into words; else NULL */
	char words[REQUEST_MAX];
};

/* which < COMMAND_COUNT. */
const struct command_row *command_row(enum command which);

/* line: without its '\n', need not end in NUL. ERR_RANGE: too long;
 * ERR_SYNTAX: not printable ASCII, unknown command, wrong number of
 * arguments. complaint then says what would be right, in one sentence. */
enum err request_parse(const char *line, size_t len, struct request *out,
		       struct text *complaint);

/* A line for each command: usage and help. */
void commands_print(struct text *out);

#endif
