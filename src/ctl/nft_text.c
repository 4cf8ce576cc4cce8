/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads what nft prints: blocks in braces, a table, in it chains, and in these
 * a rule a line. Sets and maps are passed over.
 */
#include "ctl/nft_text.h"

#include <string.h>

#include "ctl/nft_rule_text.h"

struct place {
	char table[RULE_NAME];
	struct chain *chain; /* that the lines are in, or NULL */
	unsigned depth;
};

/* "chain forward { # handle 2" of "chain ": "forward" */
static unsigned
name_len(const char *text)
{
	const char *end = strstr(text, " {");

	return (unsigned)(end ? (size_t)(end - text) : strlen(text));
}

static void
open_block(struct place *p, const char *line, struct ruleset *out)
{
	p->depth++;
	if (p->depth == 1 && strncmp(line, "table ", 6) == 0)
		rule_name(p->table, line + 6, name_len(line + 6));
	if (p->depth != 2 || strncmp(line, "chain ", 6) != 0)
		return;
	p->chain = ruleset_add_chain(out);
	if (p->chain == NULL)
		return;
	rule_name(p->chain->name, line + 6, name_len(line + 6));
	memcpy(p->chain->table, p->table, sizeof(p->table));
}

/* "type filter hook forward priority filter; policy drop;" */
static void
read_base(struct chain *c, const char *line)
{
	if (strstr(line, " hook forward ") != NULL)
		c->hook = HOOK_FORWARD;
	if (strstr(line, " hook output ") != NULL)
		c->hook = HOOK_OUTPUT;
	c->drops = strstr(line, "policy drop") != NULL;
}

static bool
opens_block(const char *line)
{
	const char *brace = strrchr(line, '{');

	return brace != NULL &&
	       (brace[1] == '\0' || strncmp(brace + 1, " # handle ", 10) == 0);
}

static void
read_line(struct place *p, char *line, struct ruleset *out)
{
	if (strcmp(line, "}") == 0) {
		p->chain = NULL;
		p->depth -= p->depth > 0;
	} else if (opens_block(line)) {
		open_block(p, line, out);
	} else if (p->chain != NULL && strncmp(line, "type ", 5) == 0) {
		/* Of the other types, nat and route, none refuses. */
		if (strncmp(line, "type filter ", 12) == 0)
			read_base(p->chain, line);
	} else if (p->chain != NULL && *line != '\0') {
		nft_rule_read(line, p->chain->name, out);
	}
}

void
nft_text_read(FILE *from, struct ruleset *out)
{
	struct place p = { .depth = 0 };
	char line[NFT_LINE];

	while (fgets(line, sizeof(line), from)) {
		line[strcspn(line, "\n")] = '\0';
		read_line(&p, line + strspn(line, "\t "), out);
	}
}
