/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads what iptables-save prints: a line a chain, ":NAME POLICY [..]", and a
 * line a rule, "-A CHAIN [!] -OPTION VALUE ... -j TARGET". Every condition
 * but an interface makes a rule narrow; a comment is none.
 */
#include "ctl/iptables_text.h"

#include <string.h>

struct words {
	char *at;
	bool negated; /* the option that comes next */
	struct rule *rule;
};

/* The next word, or NULL; a quoted one is one word, without its quotes. */
static char *
next_word(struct words *w)
{
	char *word = w->at + strspn(w->at, " ");
	char end = ' ';

	if (*word == '\0')
		return NULL;
	if (*word == '"')
		end = *word++;
	w->at = word;
	while (*w->at != '\0' && *w->at != end)
		w->at += w->at[0] == '\\' && w->at[1] != '\0' ? 2 : 1;
	if (*w->at != '\0')
		*w->at++ = '\0';
	return word;
}

static char *
value(struct words *w)
{
	char *word = next_word(w);

	if (word == NULL)
		return w->at;
	rule_add_when(w->rule, word);
	return word;
}

static void
set_target(struct words *w, enum rule_end other)
{
	static const struct {
		const char *name;
		enum rule_end end;
	} targets[] = {
		{ "ACCEPT", RULE_ACCEPTS },
		{ "DROP", RULE_REFUSES },
		{ "REJECT", RULE_REFUSES },
		{ "RETURN", RULE_RETURNS },
	};
	const char *name = next_word(w);

	if (name == NULL)
		return;
	rule_name(w->rule->to, name, (unsigned)strlen(name));
	w->rule->end = other;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (strcmp(name, targets[i].name) == 0)
			w->rule->end = targets[i].end;
	w->at += strlen(w->at); /* options of the target follow */
}

static void
set_ports(struct words *w)
{
	char *save = NULL, *list = value(w);

	for (char *one = strtok_r(list, ",", &save); one && !w->negated;
	     one = strtok_r(NULL, ",", &save))
		reach_ports(&w->rule->reach, one);
}

static void
set_state(struct words *w)
{
	const char *states = value(w);
	bool begins = strstr(states, "NEW") != NULL;

	w->rule->established |=
	    !w->negated && strstr(states, "ESTABLISHED") != NULL;
	if (begins == w->negated) {
		w->rule->narrow = true;
		w->rule->reach.is_strange = true;
	} else {
		w->rule->begins = true;
	}
}

/* One that we do not know; what follows a word that is no option, and the
 * source, say nothing of where it leads. */
static void
set_condition(struct words *w, const char *option)
{
	w->rule->own |= strcmp(option, "--uid-owner") == 0 ||
			strcmp(option, "--gid-owner") == 0;
	if (option[0] == '-' && strcmp(option, "-s") != 0)
		w->rule->reach.is_strange = true;
}

static void
take_match(struct words *w, const char *option)
{
	struct rule *r = w->rule;

	rule_add_when(r, option);
	if (strcmp(option, "--ctstate") == 0 ||
	    strcmp(option, "--state") == 0) {
		set_state(w);
		return;
	}
	r->narrow = true;
	if (strcmp(option, "-p") == 0) {
		const char *protocol = value(w);

		if (!w->negated)
			reach_protocol(&r->reach, protocol);
	} else if (strcmp(option, "-d") == 0) {
		const char *net = value(w);

		if (!w->negated)
			reach_destination(&r->reach, net);
	} else if (strcmp(option, "--dport") == 0 ||
		   strcmp(option, "--dports") == 0) {
		set_ports(w);
	} else {
		set_condition(w, option);
	}
}

static void
take_option(struct words *w, const char *option)
{
	struct rule *r = w->rule;

	if (w->negated && (option[1] == 'i' || option[1] == 'o'))
		rule_add_when(r, "!");
	if (strcmp(option, "-j") == 0) {
		set_target(w, RULE_JUMPS);
	} else if (strcmp(option, "-g") == 0) {
		set_target(w, RULE_LEAVES);
	} else if (strcmp(option, "-i") == 0) {
		rule_add_when(r, option);
		rule_interface(r->in, value(w), w->negated);
	} else if (strcmp(option, "-o") == 0) {
		rule_add_when(r, option);
		rule_interface(r->out, value(w), w->negated);
	} else if (strcmp(option, "--comment") == 0) {
		next_word(w);
	} else {
		take_match(w, option);
	}
}

/* One that matches nothing by itself: what its options say counts. */
static bool
is_known_module(const char *name)
{
	static const char *const modules[] = { "comment ", "conntrack ",
					       "state ",   "tcp ",
					       "udp ",	   "multiport ",
					       "owner " };

	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (strncmp(name, modules[i], strlen(modules[i])) == 0)
			return true;
	return false;
}

static void
read_rule(char *line, struct ruleset *out)
{
	struct rule *r = ruleset_add_rule(out);
	struct words w = { .at = line + strlen("-A "), .rule = r };
	char *word;

	if (r == NULL)
		return;
	snprintf(r->text, sizeof(r->text), "%s", line);
	word = next_word(&w);
	if (word != NULL)
		rule_name(r->chain, word, (unsigned)strlen(word));
	while ((word = next_word(&w)) != NULL) {
		if (strcmp(word, "-m") == 0 && is_known_module(w.at))
			next_word(&w);
		else if (strcmp(word, "!") != 0)
			take_option(&w, word);
		w.negated = strcmp(word, "!") == 0;
	}
}

static void
read_chain(const char *line, struct ruleset *out)
{
	struct chain *c = ruleset_add_chain(out);
	size_t len = strcspn(line, " ");

	if (c == NULL)
		return;
	rule_name(c->name, line, (unsigned)len);
	c->drops = strncmp(line + len, " DROP", 5) == 0;
	if (strcmp(c->name, "FORWARD") == 0)
		c->hook = HOOK_FORWARD;
	if (strcmp(c->name, "OUTPUT") == 0)
		c->hook = HOOK_OUTPUT;
}

void
iptables_text_read(FILE *from, struct ruleset *out)
{
	char line[RULE_TEXT];

	while (fgets(line, sizeof(line), from)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == ':')
			read_chain(line + 1, out);
		else if (strncmp(line, "-A ", 3) == 0)
			read_rule(line, out);
	}
}
