/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding the owner's chain, and keeping it ours.
 *
 * Called by the supervisor at start and when the warden says that the rules
 * are gone. What iptables-save prints is only compared and logged. This file
 * promises never to make a chain, never to touch a rule outside of ours, and
 * to replace the rules in one restore, so that there is no moment without
 * them.
 */
#include "firewall/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "firewall/tool.h"

enum {
	RULES = 3, /* the last one where there are lists */
	RULE_SIZE = 256,
	SCRIPT_SIZE = 1024,
	PATH_SIZE = 64,
	FOREIGN_LOGGED = 64, /* rules; the rest is counted */
	SAY_AGAIN_MS = 60000
};

struct family {
	int version;
	const char *system, *nft, *legacy; /* tools */
	const char *legacy_tables;	   /* those in use, one a line */
};

static const struct family family4 = {
	4,
	"iptables",
	"iptables-nft",
	"iptables-legacy",
	"/proc/net/ip_tables_names",
};
static const struct family family6 = {
	6,
	"ip6tables",
	"ip6tables-nft",
	"ip6tables-legacy",
	"/proc/net/ip6_tables_names",
};

/* ---- running the tools -------------------------------------------------- */

static void
log_complaint(const char *path, const char *complaint)
{
	static const char harmless[] = "# Warning: ";

	while (*complaint != '\0') {
		size_t len = strcspn(complaint, "\n");

		/* Said whenever tables of the other flavour are in use. */
		if (len > 0 &&
		    strncmp(complaint, harmless, strlen(harmless)) != 0)
			log_error("%s: %.*s", path, (int)len, complaint);
		complaint += len + (complaint[len] == '\n');
	}
}

static enum err
run_path(char *const argv[], const char *input, struct tool_result *out)
{
	enum err err = tool_run(argv, input, out);

	return err == ERR_NONE && out->status != 0 ? ERR_DENIED : err;
}

/* Why run() failed. */
static void
say_why(const char *tool, enum err err, const struct tool_result *r)
{
	log_complaint(tool, r->complaint);
	if (err == ERR_DENIED)
		log_error("%s failed: exit code %d", tool, r->status);
	else
		log_error("%s: %s", tool, err_text(err));
}

/* tool with "-save" or "-restore" behind it, from where it may be. Who holds
 * the lock of the tables longer than a second is waited for by trying again:
 * children must not be without their supervisor. */
static enum err
run(const char *tool, const char *verb, const char *input,
    struct tool_result *out)
{
	static const char *const dirs[] = { "/usr/sbin/", "/sbin/" };
	static char save_1[] = "-t", save_2[] = "filter";
	static char restore_1[] = "--wait=1", restore_2[] = "--noflush";
	bool save = strcmp(verb, "-save") == 0;
	char path[PATH_SIZE];
	char *argv[] = { path, save ? save_1 : restore_1,
			 save ? save_2 : restore_2, NULL };
	enum err err = ERR_MISSING;

	for (size_t i = 0; i < 2 && err == ERR_MISSING; i++) {
		struct text t;

		text_init(&t, path, sizeof(path));
		text_printf(&t, "%s%s%s", dirs[i], tool, verb);
		if (i > 0)
			tool_done(out);
		err = run_path(argv, input, out);
	}
	return err;
}

/* ---- reading what iptables-save prints ---------------------------------- */

/* The next line, without its end; NULL after the last one. */
static const char *
next_line(const char **at, size_t *len_out)
{
	const char *line = *at;

	if (*line == '\0')
		return NULL;
	*len_out = strcspn(line, "\n");
	*at = line + *len_out + (line[*len_out] == '\n');
	return line;
}

static bool
begins_with(const char *line, size_t len, const struct text *what)
{
	return len >= what->len && memcmp(line, what->buf, what->len) == 0;
}

static bool
names_chain(const char *saved, const char *chain)
{
	char buf[RULE_SIZE];
	struct text wanted;
	const char *line;
	size_t len;

	text_init(&wanted, buf, sizeof(buf));
	text_printf(&wanted, ":%s ", chain);
	while ((line = next_line(&saved, &len)) != NULL)
		if (begins_with(line, len, &wanted))
			return true;
	return false;
}

static bool
has_chain(const char *tool, const char *chain)
{
	struct tool_result saved;
	enum err err = run(tool, "-save", "", &saved);
	bool found = err == ERR_NONE && names_chain(saved.output, chain);

	/* A tool that is not there has no chain. */
	if (err == ERR_NONE)
		log_complaint(tool, saved.complaint);
	else if (err != ERR_MISSING)
		say_why(tool, err, &saved);
	tool_done(&saved);
	return found;
}

/* Asking the legacy tool makes its tables, and with them a warning of the
 * other flavour for ever after: it is asked only where they are in use. What
 * a plain user may not read may be in use. */
static bool
legacy_is_used(const struct family *f)
{
	char names[256];
	ssize_t n;
	int fd = open(f->legacy_tables, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return errno != ENOENT;
	n = read(fd, names, sizeof(names) - 1);
	close(fd);
	if (n <= 0)
		return false;
	names[n] = '\0';
	return strstr(names, "filter") != NULL;
}

/* ---- where the chain is ------------------------------------------------- */

/* The chain under both flavours: packets pass both, our rules stand in one. */
static void
warn_of_both(const struct family *f, const char *chain)
{
	if (legacy_is_used(f) && has_chain(f->legacy, chain) &&
	    has_chain(f->nft, chain))
		log_warn("Chain \"%s\" exists for %s and for %s; the one of "
			 "%s is used. See --iptables",
			 chain, f->nft, f->legacy, f->system);
}

static const char *
find_auto(const struct family *f, const char *chain)
{
	if (has_chain(f->system, chain)) {
		warn_of_both(f, chain);
		return f->system;
	}
	if (has_chain(f->nft, chain))
		return f->nft;
	if (legacy_is_used(f) && has_chain(f->legacy, chain))
		return f->legacy;
	return NULL;
}

static const char *
find_tool(const struct family *f, const struct options *opt)
{
	const char *tool = opt->iptables == IPTABLES_NFT ? f->nft : f->legacy;

	if (opt->iptables == IPTABLES_AUTO)
		tool = find_auto(f, opt->chain);
	else if (!has_chain(tool, opt->chain))
		tool = NULL;
	return tool;
}

enum err
chain_find(const struct options *opt, struct chain *out)
{
	*out = (struct chain){ .name = opt->chain };
	out->prefix = opt->set_prefix[0] != '\0' ? opt->set_prefix : opt->chain;
	out->tool4 = find_tool(&family4, opt);
	out->tool6 = find_tool(&family6, opt);
	if (out->tool4 == NULL && out->tool6 == NULL)
		return ERR_MISSING;
	log_info("Using iptables backend, chain \"%s\"", opt->chain);
	if (out->tool4 == NULL)
		log_warn("No IPv4 rules will be created.");
	if (out->tool6 == NULL)
		log_warn("No IPv6 rules will be created.");
	return ERR_NONE;
}

/* ---- our rules ---------------------------------------------------------- */

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
		if (len == rule.len && begins_with(line, len, &rule))
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
	while ((line = next_line(&saved, &len)) != NULL) {
		if (begins_with(line, len, &wanted))
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
	err = run(tool, "-restore", buf, &result);
	if (err != ERR_NONE && may_complain(c))
		say_why(tool, err, &result);
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
	enum err err = run(tool, "-save", "", out);

	if (err != ERR_NONE && may_complain(c))
		say_why(tool, err, out);
	if (err != ERR_NONE)
		return ERR_DENIED;
	return names_chain(out->output, c->name) ? ERR_NONE
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
	whole = run(tool, "-save", "", &now) == ERR_NONE &&
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
