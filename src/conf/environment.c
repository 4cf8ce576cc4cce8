/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The environment is shared with everything else on the machine: names we
 * do not know are not ours to judge, except those that begin with DNSFW_,
 * where a slip of the hand would leave a setting at its default unnoticed.
 */
#include "conf/environment.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf/foreign.h"

static const char *
value_of(char **envp, const char *name)
{
	const size_t len = strlen(name);

	for (; *envp != NULL; envp++)
		if (strncmp(*envp, name, len) == 0 && (*envp)[len] == '=')
			return (*envp)[len + 1] != '\0' ? *envp + len + 1
							: NULL;
	return NULL;
}

/* The value of name, else of name in lower case, which name then becomes. */
static const char *
value_either(char **envp, char *name)
{
	const char *value = value_of(envp, name);

	if (value != NULL)
		return value;
	for (char *c = name; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return value_of(envp, name);
}

static void
say_named(struct gather *g, char **envp, const struct setting *setting,
	  char name[SETTING_NAME_SIZE])
{
	char file_name[SETTING_NAME_SIZE + 5];
	struct saying s = { .setting = setting, .where = name };
	const char *file;

	snprintf(file_name, sizeof(file_name), "%s_FILE", name);
	s.value = value_either(envp, name);
	file = value_either(envp, file_name);
	if (s.value != NULL && file != NULL) {
		gather_refuse(g, name,
			      "given beside %s; accepted is one of them",
			      file_name);
		return;
	}
	if (file != NULL) {
		s.where = file_name;
		s.value = file;
		s.in_file = true;
	}
	if (s.value != NULL)
		gather_say(g, &s);
}

void
environment_say(struct gather *g, char **envp, const struct setting *setting)
{
	char name[SETTING_NAME_SIZE];

	setting_env_name(setting, name);
	say_named(g, envp, setting, name);
}

static void
say_aliases(struct gather *g, char **envp)
{
	for (size_t i = 0; i < SETTING_ALIASES; i++) {
		const struct setting *setting;
		char name[SETTING_NAME_SIZE];

		snprintf(name, sizeof(name), "%s", setting_alias(i, &setting));
		say_named(g, envp, setting, name);
	}
}

/* Their names are theirs: they mean something only beside a zone of those
 * who have that container. */
static void
note_foreign(struct gather *g, char **envp)
{
	for (; *envp != NULL && g->out->dns_policy[0] != '\0'; envp++)
		foreign_note(g->out, *envp, strcspn(*envp, "="));
}

static void
refuse_unknown(struct gather *g, const char *variable)
{
	const size_t len = strcspn(variable, "=");
	char name[SETTING_NAME_SIZE];
	bool is_file;

	if (strncasecmp(variable, "DNSFW_", 6) != 0 ||
	    setting_by_env(variable, len, &is_file) != NULL)
		return;
	snprintf(name, sizeof(name), "%.*s", (int)(len < 63 ? len : 63),
		 variable);
	gather_refuse_name(g, name, setting_near(variable, len), "");
}

void
environment_read(struct gather *g, char **envp)
{
	gather_begin(g);
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (setting_at(i)->at != offsetof(struct options, config))
			environment_say(g, envp, setting_at(i));
	say_aliases(g, envp);
	note_foreign(g, envp);
	for (; *envp != NULL; envp++)
		refuse_unknown(g, *envp);
}
