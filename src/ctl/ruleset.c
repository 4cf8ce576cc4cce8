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

/* One of the words, which end with NULL, stands in it. */
static bool
has_any(const char *rule, const char *const *word)
{
	for (; *word != NULL; word++)
		if (strstr(rule, *word) != NULL)
			return true;
	return false;
}

/* What narrows a rule to some ends, or some protocols. */
static const char *const ends[] = { " -p ", " -s ", " -d ", NULL };

bool
rule_is_broad(const char *rule)
{
	return strstr(rule, " -m ") == NULL && !has_any(rule, ends);
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

/* The state that a connection begins in is among those it names. */
static bool
names_new(const char *rule)
{
	const char *option = strstr(rule, " --ctstate ");
	const char *states;

	if (option == NULL)
		option = strstr(rule, " --state ");
	if (option == NULL)
		return false;
	states = strchr(option + 1, ' ') + 1;
	return memmem(states, strcspn(states, " "), "NEW", 3) != NULL;
}

/* Nothing but interface and state narrow it. */
static bool
asks_for_state_alone(const char *rule)
{
	const char *match = strstr(rule, " -m ");

	if (match == NULL ||
	    (!word_is(match + 4, "conntrack") && !word_is(match + 4, "state")))
		return false;
	return strstr(match + 4, " -m ") == NULL &&
	       strstr(rule, " ! ") == NULL && !has_any(rule, ends);
}

bool
rule_accepts_all(const char *rule)
{
	if (!rule_leads_to(rule, "ACCEPT") || strstr(rule, " -o lo ") != NULL)
		return false;
	return rule_is_broad(rule) ||
	       (asks_for_state_alone(rule) && names_new(rule));
}

/* Resolvers that browsers know by heart. */
static const char *const resolvers[] = { " -d 1.1.1.1/32",
					 " -d 1.0.0.1/32",
					 " -d 8.8.8.8/32",
					 " -d 8.8.4.4/32",
					 " -d 9.9.9.9/32",
					 " -d 149.112.112.112/32",
					 " -d 94.140.14.14/32",
					 " -d 208.67.222.222/32",
					 " -d 2606:4700:4700::1111/128",
					 " -d 2001:4860:4860::8888/128",
					 " -d 2620:fe::fe/128",
					 NULL };

/* "--dports 53,853" and the like. */
static bool
has_port_in_list(const char *rule)
{
	const char *at = strstr(rule, "--dports ");

	while (at != NULL && (*at == '-' || *at == ',')) {
		at += *at == ',' ? 1 : strlen("--dports ");

		size_t len = strcspn(at, ", ");

		if ((len == 2 && strncmp(at, "53", 2) == 0) ||
		    (len == 3 && strncmp(at, "853", 3) == 0))
			return true;
		at += len;
	}
	return false;
}

/* All of UDP or TCP is all of DNS. */
static bool
is_of_whole_protocol(const char *rule)
{
	return (strstr(rule, " -p udp ") || strstr(rule, " -p tcp ")) &&
	       strstr(rule, " -m ") == NULL && strstr(rule, " -s ") == NULL &&
	       strstr(rule, " -d ") == NULL;
}

bool
rule_opens_resolver(const char *rule)
{
	if (!rule_leads_to(rule, "ACCEPT") || strstr(rule, "--uid-owner"))
		return false;
	return strstr(rule, "--dport 53 ") || strstr(rule, "--dport 853 ") ||
	       has_port_in_list(rule) || is_of_whole_protocol(rule) ||
	       has_any(rule, resolvers);
}
