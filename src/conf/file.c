/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads what `--config` leads to. The form of a line is that of a systemd
 * EnvironmentFile (systemd.exec(5)), so that the packaged config.env can be
 * given to either. A line that is not understood is refused with file and
 * line; the lines after it are still looked at.
 */
#include "conf/file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/foreign.h"

enum { PATH_SIZE = 1024, WHERE_SIZE = PATH_SIZE + 128 };

/* A line of the file being read; `at` is what is left of it. */
struct file_line {
	const char *file;
	unsigned number;
	char *at;
	char where[WHERE_SIZE]; /* file:line: name */
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void
skip_blanks(struct file_line *line)
{
	while (is_blank(*line->at))
		line->at++;
}

/* Cuts the comment and the blanks before it off a value without quotes. */
static char *
take_bare(struct file_line *line)
{
	char *value = line->at, *end = value;

	for (char *c = value; *c != '\0'; c++) {
		if (*c == '#' && (c == value || is_blank(c[-1])))
			break;
		if (!is_blank(*c))
			end = c + 1;
	}
	*end = '\0';
	return value;
}

/* The value between quotes, or NULL; as in a shell, a backslash is one of
 * double quotes alone. */
static char *
take_quoted(struct file_line *line)
{
	char quote = *line->at, *value = ++line->at, *end = value;

	for (; *line->at != quote; line->at++) {
		if (quote == '"' && *line->at == '\\' &&
		    (line->at[1] == '"' || line->at[1] == '\\'))
			line->at++;
		if (*line->at == '\0')
			return NULL;
		*end++ = *line->at;
	}
	line->at++;
	*end = '\0';
	skip_blanks(line);
	return *line->at == '\0' || *line->at == '#' ? value : NULL;
}

static void
say(struct gather *g, struct file_line *line, const struct setting *setting,
    bool is_file)
{
	struct saying s = { .setting = setting,
			    .where = line->where,
			    .in_file = is_file };

	s.value = *line->at == '"' || *line->at == '\'' ? take_quoted(line)
						       : take_bare(line);
	if (s.value == NULL)
		gather_refuse(g, line->where,
			      "the value begins with a quote and must end in "
			      "the same one, with nothing but a comment "
			      "after it");
	else if (setting->at == offsetof(struct options, config))
		gather_refuse_value(g, &s,
				    "this setting on the command line and in "
				    "the environment only");
	else
		gather_say(g, &s);
}

static void
line_read(struct gather *g, struct file_line *line)
{
	const struct setting *setting;
	bool is_file = false;
	const char *name;
	size_t len;

	skip_blanks(line);
	if (*line->at == '\0' || *line->at == '#')
		return;
	name = line->at;
	while (isalnum((unsigned char)*line->at) || *line->at == '-' ||
	       *line->at == '_')
		line->at++;
	len = (size_t)(line->at - name);
	snprintf(line->where, sizeof(line->where), "%s:%u: %.*s", line->file,
		 line->number, (int)(len < 64 ? len : 64), name);
	skip_blanks(line);
	if (len == 0 || *line->at != '=') {
		gather_refuse(g, line->where,
			      "not a setting; accepted is NAME = VALUE");
		return;
	}
	line->at++;
	skip_blanks(line);
	setting = setting_by_name(name, len);
	if (setting == NULL)
		setting = setting_by_env(name, len, &is_file);
	if (setting == NULL && foreign_note(g->out, name, len))
		return;
	if (setting == NULL)
		gather_refuse_name(g, line->where, setting_near(name, len), "");
	else
		say(g, line, setting, is_file);
}

void
file_parse(struct gather *g, const char *name, struct content *text)
{
	struct file_line line = { .file = name };

	gather_begin(g);
	if (memchr(text->bytes, '\0', text->len) != NULL) {
		gather_refuse(g, name, "it holds a NUL byte; accepted is text");
		return;
	}
	for (char *at = text->bytes, *next; at != NULL; at = next) {
		next = strchr(at, '\n');
		if (next != NULL)
			*next++ = '\0';
		line.at = at;
		line.number++;
		line_read(g, &line);
	}
}

static void
read_one(struct gather *g, const char *path)
{
	struct content text;
	const char *fault = content_read(path, CONTENT_FROM_OWNER, &text);

	if (fault == NULL)
		file_parse(g, path, &text);
	else
		gather_refuse(g, path,
			      "%s; accepted is a regular file of at most 65536 "
			      "bytes that only its owner may write",
			      fault);
}

static int
is_config(const struct dirent *entry)
{
	const size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 &&
	       strcmp(entry->d_name + len - 5, ".conf") == 0;
}

/* Order of the bytes, the same in every locale. */
static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
read_directory(struct gather *g, const char *path)
{
	struct dirent **entry;
	const int count = scandir(path, &entry, is_config, by_bytes);

	if (count == -1) {
		gather_refuse(g, path, "%s; accepted is a readable directory",
			      strerror(errno));
		return;
	}
	for (int i = 0; i < count; i++) {
		char file[PATH_SIZE];

		snprintf(file, sizeof(file), "%s/%s", path, entry[i]->d_name);
		read_one(g, file);
		free(entry[i]);
	}
	free(entry);
}

void
file_gather(struct gather *g, const char *path, bool must_exist)
{
	struct stat st;

	if (stat(path, &st) == -1) {
		if (must_exist || (errno != ENOENT && errno != ENOTDIR))
			gather_refuse(
			    g, "--config",
			    "\"%s\": %s; accepted is a file of "
			    "settings or a directory with *.conf files",
			    path, strerror(errno));
		return;
	}
	if (!S_ISDIR(st.st_mode))
		read_one(g, path);
	else if ((st.st_mode & 022) != 0)
		gather_refuse(
		    g, path,
		    "its group or everybody may write it; accepted is "
		    "a directory that only its owner may write");
	else
		read_directory(g, path);
}
