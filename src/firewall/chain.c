/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeping the owner's chain ours.
 *
 * Called by the supervisor at start and when the warden says that the rules
 * are gone. What iptables-save prints is only compared and logged. This file
 * promises never to make a chain, never to touch a rule outside of ours, and
 * to replace the rules in one restore, so that there is no moment without
 * them.
 */
#include "firewall/chain.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "firewall/iptables.h"

enum {
	RULES = 3, /* the last one where there are lists */
	RULE_SIZE = 256,
	SCRIPT_SIZE = 1024,
	FOREIGN_LOGGED = 64, /* rules; the rest is counted */
	SAY_AGAIN_MS = 60000
};

/* In the words that iptables-save uses for them. */
static void
write_rule(const struct chain *c, int version, unsigned i, struct text *out)
{
	static const struct {
		const char *before, *set, *behind;
	} words[RULES] = {
		{ "", "allow", "src,dst,dst" },
		{ "-m addrtype --src-type LOCAL ", "allow-local", "dst,dst" },
		{ "", "static", "src,dst,dst" },
	};

	text_printf(out,
		    "-A %s %s-m set --match-set %s-ipv%d-%s %s -j ACCEPT",
		    c->name, words[i].before, c->prefix, version, words[i].set,
		    words[i].behind);
}

static unsigned
rules_of(const struct chain *c)
{
	return c->lists ? RULES : RULES - 1;
}

/* Which of our rules a line is; as many as they are: none of them. */
static unsigned
rule_of(const struct chain *c, int version, const char *line, size_t len)
{
	unsigned i;

	for (i = 0; i < rules_of(c); i++) {
		char buf[RULE_SIZE];
		struct text rule;

		text_init(&rule, buf, sizeof(buf));
		write_rule(c, version, i, &rule);
		if (len == rule.len && iptables_begins(line, len, &rule))
			break;
	}
	return i;
}

typedef void rule_fn(void *arg, const char *line, size_t len);

static void
each_rule(const struct chain *c, const char *saved, rule_fn *fn, void *arg)
{
	char buf[RULE_SIZE];
	struct text wanted;
	const char *line;
	size_t len;

	text_init(&wanted, buf, sizeof(buf));
	text_printf(&wanted, "-A %s ", c->name);
	while ((line = iptables_line(&saved, &len)) != NULL) {
		if (iptables_begins(line, len, &wanted))
			fn(arg, line, len);
	}
}

struct survey {
	const struct chain *chain;
	int version;
	unsigned ours;	  /* that stand in order */
	unsigned foreign; /* all others */
};

static void
count_rule(void *arg, const char *line, size_t len)
{
	struct survey *s = arg;

	if (rule_of(s->chain, s->version, line, len) == s->ours)
		s->ours++;
	else
		s->foreign++;
}

static void
log_foreign(void *arg, const char *line, size_t len)
{
	struct survey *s = arg;

	if (rule_of(s->chain, s->version, line, len) < rules_of(s->chain))
		return;
	if (s->foreign++ < FOREIGN_LOGGED)
		log_warn("Removed a foreign rule: %.*s", (int)len, line);
}

static bool
is_whole(const struct chain *c, int version, const char *saved)
{
	struct survey s = { .chain = c, .version = version };

	each_rule(c, saved, count_rule, &s);
	return s.ours == rules_of(c) && s.foreign == 0;
}

static void
say_removed(const struct chain *c, int version, const char *saved)
{
	struct survey s = { .chain = c, .version = version };

	each_rule(c, saved, log_foreign, &s);
	if (s.foreign > FOREIGN_LOGGED)
		log_warn("Removed %u foreign rules more",
			 s.foreign - FOREIGN_LOGGED);
}

/* What is tried again and again is complained of once a minute. */
static bool
may_complain(struct chain *c)
{
	int64_t now = clock_ms();

	if (c->said_ms != 0 && now - c->said_ms < SAY_AGAIN_MS)
		return false;
	c->said_ms = now > 0 ? now : 1;
	return true;
}

/* No ":NAME" line: it would make a chain that is missing. */
static enum err
restore(struct chain *c, int version, const char *tool, bool with_ours)
{
	struct tool_result result;
	char buf[SCRIPT_SIZE];
	struct text script;
	enum err err;

	text_init(&script, buf, sizeof(buf));
	text_printf(&script, "*filter\n-F %s\n", c->name);
	for (unsigned i = 0; with_ours && i < rules_of(c); i++) {
		write_rule(c, version, i, &script);
		text_char(&script, '\n');
	}
	text_str(&script, "COMMIT\n");
	if (script.cut)
		return ERR_RANGE;
	err = iptables_restore(tool, buf, &result);
	if (err != ERR_NONE && may_complain(c))
		iptables_say_why(tool, err, &result);
	tool_done(&result);
	return err == ERR_MISSING ? ERR_DENIED : err;
}

static enum err
complain_missing(struct chain *c, const char *tool)
{
	if (may_complain(c))
		log_error("The chain is gone: make it again with \"%s -N %s\" "
			  "and the rules that lead to it",
			  tool, c->name);
	return ERR_MISSING;
}

/* The rules as they are now; to be given back by tool_done(). */
static enum err
look(struct chain *c, const char *tool, struct tool_result *out)
{
	enum err err = iptables_save(tool, out);

	if (err != ERR_NONE && may_complain(c))
		iptables_say_why(tool, err, out);
	if (err != ERR_NONE)
		return ERR_DENIED;
	return iptables_has_chain(out->output, c->name)
		   ? ERR_NONE
		   : complain_missing(c, tool);
}

static enum err
place(struct chain *c, int version, const char *tool)
{
	struct tool_result before;
	enum err err;

	if (tool == NULL)
		return ERR_NONE;
	err = look(c, tool, &before);
	if (err == ERR_NONE && !is_whole(c, version, before.output)) {
		err = restore(c, version, tool, true);
		if (err == ERR_NONE)
			say_removed(c, version, before.output);
	}
	tool_done(&before);
	return err;
}

static enum err
clear(struct chain *c, int version, const char *tool)
{
	struct tool_result before;
	enum err err;

	if (tool == NULL)
		return ERR_NONE;
	err = look(c, tool, &before);
	if (err == ERR_NONE)
		err = restore(c, version, tool, false);
	if (err == ERR_NONE)
		say_removed(c, version, before.output);
	tool_done(&before);
	return err;
}

static bool
stands(const struct chain *c, int version, const char *tool)
{
	struct tool_result now;
	bool whole;

	if (tool == NULL)
		return true;
	whole = iptables_save(tool, &now) == ERR_NONE &&
		is_whole(c, version, now.output);
	tool_done(&now);
	return whole;
}

enum err
chain_place(struct chain *c)
{
	enum err err4 = place(c, 4, c->tool4);
	enum err err6 = place(c, 6, c->tool6);

	if (err4 == ERR_NONE && err6 == ERR_NONE)
		c->said_ms = 0;
	return err4 != ERR_NONE ? err4 : err6;
}

enum err
chain_clear(struct chain *c)
{
	enum err err4 = clear(c, 4, c->tool4);
	enum err err6 = clear(c, 6, c->tool6);

	return err4 != ERR_NONE ? err4 : err6;
}

bool
chain_is_whole(const struct chain *c)
{
	return stands(c, 4, c->tool4) && stands(c, 6, c->tool6);
}
