/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One request line, from bytes into a command with its arguments.
 *
 * Both ends use it: the tool before it sends (so that a mistake costs no
 * connection), the daemon because it believes nobody. It promises that what
 * it hands on is printable ASCII in the number of words the row names.
 */
#include "ctl/commands.h"

#include <string.h>

enum { ECHO_MAX = 64 }; /* of what was asked, in a complaint */

static const struct command_row rows[COMMAND_COUNT] = {
#define COMMAND(name, arguments, least, most, doer, help) \
	{ #name, arguments, help, least, most, DOER_##doer },
#include "ctl/commands.def"
#undef COMMAND
};

const struct command_row *
command_row(enum command which)
{
	return &rows[which];
}

static enum command
command_find(const char *word)
{
	for (unsigned i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(rows[i].name, word) == 0)
			return (enum command)i;
	}
	return COMMAND_COUNT;
}

static void
complain_unknown(const char *word, struct text *complaint)
{
	size_t len = strlen(word);

	text_str(complaint, "unknown command \"");
	text_escaped(complaint, word, len < ECHO_MAX ? len : ECHO_MAX);
	text_str(complaint, "\"; commands are ");
	for (unsigned i = 0; i < COMMAND_COUNT; i++) {
		text_str(complaint, i == 0 ? "" :
			 i + 1 == COMMAND_COUNT ? " and " : ", ");
		text_str(complaint, rows[i].name);
	}
}

static void
print_usage(const struct command_row *row, struct text *out)
{
	text_str(out, row->name);
	if (row->arguments[0] != '\0')
		text_printf(out, " %s", row->arguments);
}

/* The next word of the line, closed by NUL, or NULL. */
static char *
word_take(char **rest)
{
	char *word = *rest + strspn(*rest, " ");

	*rest = word + strcspn(word, " ");
	if (**rest != '\0')
		*(*rest)++ = '\0';
	return *word == '\0' ? NULL : word;
}

static enum err
arguments_take(struct request *r, char *rest, struct text *complaint)
{
	const struct command_row *row = &rows[r->command];
	char *word;

	while ((word = word_take(&rest)) != NULL && r->count < row->most)
		r->argument[r->count++] = word;
	if (word == NULL && r->count >= row->least)
		return ERR_NONE;
	text_printf(complaint, "too %s arguments; usage: ",
		    word == NULL ? "few" : "many");
	print_usage(row, complaint);
	return ERR_SYNTAX;
}

static enum err
words_copy(const char *line, size_t len, struct request *out,
	   struct text *complaint)
{
	if (len >= REQUEST_MAX) {
		text_printf(complaint, "request is longer than %d bytes",
			    REQUEST_MAX);
		return ERR_RANGE;
	}
	for (size_t i = 0; i < len; i++) {
		char c = line[i] == '\t' ? ' ' : line[i];

		if (c < 0x20 || c > 0x7e) {
			text_str(complaint, "request is not printable ASCII");
			return ERR_SYNTAX;
		}
		out->words[i] = c;
	}
	out->words[len] = '\0';
	return ERR_NONE;
}

enum err
request_parse(const char *line, size_t len, struct request *out,
	      struct text *complaint)
{
	char *rest = out->words, *word;
	enum err err = words_copy(line, len, out, complaint);

	if (err != ERR_NONE)
		return err;
	word = word_take(&rest);
	out->count = 0;
	memset(out->argument, 0, sizeof(out->argument));
	out->command = command_find(word == NULL ? "" : word);
	if (out->command == COMMAND_COUNT) {
		complain_unknown(word == NULL ? "" : word, complaint);
		return ERR_SYNTAX;
	}
	return arguments_take(out, rest, complaint);
}

void
commands_print(struct text *out)
{
	for (unsigned i = 0; i < COMMAND_COUNT; i++) {
		text_str(out, "  ");
		print_usage(&rows[i], out);
		text_printf(out, "\n          %s\n", rows[i].help);
	}
}
