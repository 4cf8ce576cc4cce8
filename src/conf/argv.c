/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: --name VALUE, --name=VALUE, --name for flags. It is
 * walked twice, since where the config files are must be known before they
 * are read, and what stands here beats what stands there.
 */
#include "conf/argv.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum word_kind { WORD_END, WORD_SETTING, WORD_ERRAND, WORD_REFUSED };

struct walk {
	int argc;
	char **argv;
	int at; /* of the next word */
	struct option_request request;
	const struct setting *setting;
	const char *value;
	char where[SETTING_NAME_SIZE]; /* "--grace" */
};

/* The word after an option, where it is no option itself. */
static const char *
take_value(struct walk *w)
{
	if (w->at >= w->argc || strncmp(w->argv[w->at], "--", 2) == 0)
		return NULL;
	return w->argv[w->at++];
}

/* --check, --check FILE, --check=FILE or --compile FILE */
static bool
take_check(struct gather *g, struct walk *w, const char *word)
{
	const char *file = NULL;

	w->request.compile = strcmp(word, "--compile") == 0;
	if (strncmp(word, "--check=", 8) == 0)
		file = word + 8;
	else if (w->request.compile)
		file = take_value(w);
	else if (strcmp(word, "--check") != 0)
		return false;
	else if (w->at < w->argc && w->argv[w->at][0] != '-')
		file = w->argv[w->at++];
	if (w->request.compile && file == NULL)
		gather_refuse(g, word, "the value is missing; accepted is "
				       "--compile FILE");
	w->request.errand = file != NULL ? ERRAND_CHECK_FILE : ERRAND_CHECK;
	if (file == NULL)
		file = "";
	if (strlen(file) >= OPTION_TEXT_SIZE)
		gather_refuse(g, "--check",
			      "the value is too long; accepted "
			      "is a path of at most 511 bytes");
	snprintf(w->request.check_file, OPTION_TEXT_SIZE, "%s", file);
	return true;
}

static bool
take_errand(struct gather *g, struct walk *w, const char *word)
{
	if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
		w->request.errand = ERRAND_HELP;
		return true;
	}
	if (strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0) {
		w->request.errand = ERRAND_VERSION;
		return true;
	}
	if (strcmp(word, "--cleanup") == 0) {
		w->request.errand = ERRAND_CLEANUP;
		return true;
	}
	return take_check(g, w, word);
}

static enum word_kind
take_setting(struct gather *g, struct walk *w, const char *word)
{
	const char *equals = strchr(word, '=');
	const size_t len =
	    equals != NULL ? (size_t)(equals - word) : strlen(word);

	snprintf(w->where, sizeof(w->where), "%.*s", (int)(len < 63 ? len : 63),
		 word);
	if (strncmp(word, "--", 2) != 0) {
		gather_refuse(g, w->where,
			      "not an option; accepted is --NAME VALUE, and "
			      "--help lists the names");
		return WORD_REFUSED;
	}
	w->setting = setting_by_name(word + 2, len - 2);
	if (w->setting == NULL) {
		gather_refuse_name(g, w->where, setting_near(word + 2, len - 2),
				   "--");
		return WORD_REFUSED;
	}
	if (equals != NULL)
		w->value = equals + 1;
	else if (w->setting->kind == SETTING_flag)
		w->value = "yes";
	else
		w->value = take_value(w);
	if (w->value != NULL)
		return WORD_SETTING;
	gather_refuse(g, w->where, "the value is missing; accepted is %s %s",
		      w->where, w->setting->meta);
	return WORD_REFUSED;
}

static enum word_kind
walk_next(struct gather *g, struct walk *w)
{
	const char *word;

	if (w->at >= w->argc)
		return WORD_END;
	word = w->argv[w->at++];
	return take_errand(g, w, word) ? WORD_ERRAND : take_setting(g, w, word);
}

static void
say(struct gather *g, const struct walk *w)
{
	gather_say(g, &(struct saying){ .setting = w->setting,
					.where = w->where,
					.value = w->value });
}

static bool
is_config(const struct setting *s)
{
	return s->at == offsetof(struct options, config);
}

struct option_request
argv_errand(struct gather *g, int argc, char **argv)
{
	struct walk w = { .argc = argc, .argv = argv, .at = 1 };
	enum word_kind kind;

	gather_begin(g);
	while ((kind = walk_next(g, &w)) != WORD_END) {
		if (w.request.errand == ERRAND_HELP ||
		    w.request.errand == ERRAND_VERSION)
			return w.request;
		if (kind == WORD_SETTING && is_config(w.setting))
			say(g, &w);
	}
	return w.request;
}

void
argv_read(struct gather *g, int argc, char **argv)
{
	struct walk w = { .argc = argc, .argv = argv, .at = 1 };
	enum word_kind kind;

	gather_begin(g);
	while ((kind = walk_next(g, &w)) != WORD_END)
		if (kind == WORD_SETTING && !is_config(w.setting))
			say(g, &w);
}
