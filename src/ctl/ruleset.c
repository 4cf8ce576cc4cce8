/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a ruleset well enough to give advice: by its words, not by what
 * every match means. What is not understood is not judged.
 */
#include "ctl/ruleset.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static FILE *
start(const char *program, pid_t *pid_out)
{
	static const char *const homes[] = { "/usr/sbin/", "/sbin/",
					     "/usr/local/sbin/" };
	char *const nothing[] = { NULL };
	char path[128];
	int ends[2];

	if (pipe(ends) == -1)
		return NULL;
	*pid_out = fork();
	if (*pid_out == 0) {
		char *const args[] = { (char *)(size_t)program, "-t", "filter",
				       NULL };

		dup2(ends[1], STDOUT_FILENO);
		if (!freopen("/dev/null", "w", stderr))
			_exit(127);
		for (size_t i = 0; i < sizeof(homes) / sizeof(*homes); i++) {
			snprintf(path, sizeof(path), "%s%s", homes[i], program);
			execve(path, args, nothing);
		}
		_exit(127);
	}
	close(ends[1]);
	if (*pid_out == -1) {
		close(ends[0]);
		return NULL;
	}
	return fdopen(ends[0], "r");
}

bool
ruleset_read(struct ruleset *r, const char *program)
{
	char line[RULESET_LINE];
	int status = -1;
	pid_t pid;
	FILE *from = start(program, &pid);

	r->count = 0;
	r->cut = false;
	if (from == NULL)
		return false;
	while (fgets(line, sizeof(line), from)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != ':' && strncmp(line, "-A ", 3) != 0)
			continue;
		if (r->count == RULESET_RULES)
			r->cut = true;
		else
			memcpy(r->rule[r->count++], line, sizeof(line));
	}
	fclose(from);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The word begins there and ends where it should. */
static bool
word_is(const char *at, const char *word)
{
	size_t len = strlen(word);

	return strncmp(at, word, len) == 0 &&
	       (at[len] == ' ' || at[len] == '\0');
}

static const char *
policy_of(const struct ruleset *r, const char *chain)
{
	for (unsigned i = 0; i < r->count; i++)
		if (r->rule[i][0] == ':' && word_is(r->rule[i] + 1, chain))
			return r->rule[i] + 2 + strlen(chain);
	return NULL;
}

bool
ruleset_has_chain(const struct ruleset *r, const char *chain)
{
	return policy_of(r, chain) != NULL;
}

bool
ruleset_policy_is(const struct ruleset *r, const char *chain,
		  const char *policy)
{
	const char *is = policy_of(r, chain);

	return is != NULL && word_is(is, policy);
}

bool
rule_is_of(const char *rule, const char *chain)
{
	return strncmp(rule, "-A ", 3) == 0 && word_is(rule + 3, chain);
}

bool
rule_leads_to(const char *rule, const char *target)
{
	const char *jump = strstr(rule, " -j ");

	return jump != NULL && word_is(jump + 4, target);
}

bool
rule_is_broad(const char *rule)
{
	static const char *const narrow[] = { " -m ", " -p ", " -s ", " -d " };

	for (size_t i = 0; i < sizeof(narrow) / sizeof(narrow[0]); i++)
		if (strstr(rule, narrow[i]) != NULL)
			return false;
	return true;
}

static bool
leads_there(const struct ruleset *r, const char *rule, const char *chain)
{
	const char *jump = strstr(rule, " -j ");
	char between[64];

	if (jump == NULL)
		return false;
	snprintf(between, sizeof(between), "%.*s", (int)strcspn(jump + 4, " "),
		 jump + 4);
	if (strcmp(between, chain) == 0)
		return true;
	for (unsigned i = 0; i < r->count; i++)
		if (rule_is_of(r->rule[i], between) &&
		    rule_leads_to(r->rule[i], chain))
			return true;
	return false;
}

unsigned
ruleset_jump(const struct ruleset *r, const char *hook, const char *chain)
{
	for (unsigned i = 0; i < r->count; i++)
		if (rule_is_of(r->rule[i], hook) &&
		    leads_there(r, r->rule[i], chain))
			return i;
	return r->count;
}
