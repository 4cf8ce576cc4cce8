/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks nft(8) for tables, without the contents of sets: those of grants may
 * be long, and are not what matters here.
 */
#include "ctl/nft_look.h"

#include <stdio.h>
#include <string.h>

#include "ctl/nft_text.h"
#include "ctl/program.h"

enum { LINE_SIZE = 512 };

/* "inet filter" as two words. */
struct table_words {
	char buf[RULE_NAME];
	const char *family, *name;
};

static void
split(const char *table, struct table_words *out)
{
	char *blank;

	snprintf(out->buf, sizeof(out->buf), "%s", table);
	blank = strchr(out->buf, ' ');
	out->family = out->buf;
	out->name = blank ? blank + 1 : "";
	if (blank != NULL)
		*blank = '\0';
}

static enum program_end
read_tables(const char *const argv[], struct ruleset *out)
{
	struct program p;

	ruleset_clear(out);
	if (program_open(&p, argv))
		nft_text_read(p.out, out);
	return program_close(&p);
}

static bool
is_read(struct doctor *d, enum program_end end, const char *what)
{
	if (end == PROGRAM_ABSENT)
		say(d, WARN,
		    "%s cannot be looked at without nft(8): apt install "
		    "nftables",
		    what);
	if (end == PROGRAM_REFUSED)
		say(d, FAIL,
		    "%s is not in the kernel, or this is not run as root",
		    what);
	return end == PROGRAM_DONE;
}

bool
nft_look_at_table(struct doctor *d)
{
	struct table_words t;
	char what[RULE_NAME + 8];

	split(d->table, &t);
	snprintf(what, sizeof(what), "table %s", d->table);

	const char *const argv[] = { "nft",   "-a",	"-s",	"-t", "list",
				     "table", t.family, t.name, NULL };

	return is_read(d, read_tables(argv, d->rules), what);
}

bool
nft_look_at_all(struct doctor *d)
{
	static const char *const argv[] = { "nft",  "-a",      "-s", "-t",
					    "list", "ruleset", NULL };

	return is_read(d, read_tables(argv, d->rules), "the ruleset");
}

bool
nft_set_has_any(const struct doctor *d, const char *set)
{
	struct table_words t;
	struct program p;
	char line[LINE_SIZE];
	bool has = false;

	split(d->table, &t);

	const char *const argv[] = { "nft",  "list", "set", t.family,
				     t.name, set,    NULL };

	if (program_open(&p, argv))
		while (fgets(line, sizeof(line), p.out))
			has |= strstr(line, "elements = {") != NULL;
	program_close(&p);
	return has;
}

void
nft_say_others(struct doctor *d)
{
	for (unsigned i = 0; i < d->rules->chains; i++) {
		const struct chain *c = &d->rules->chain[i];

		if (c->hook != HOOK_FORWARD || !c->drops ||
		    strcmp(c->table, d->table) == 0)
			continue;
		say(d, WARN,
		    "chain %s of table %s refuses by its policy whatever its "
		    "own rules do not accept, grants too",
		    c->name, c->table);
	}
}
