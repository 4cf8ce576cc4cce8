/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of a rule: conditions, statements such as a counter, and at last
 * a verdict. A condition is a key of one word or two and a value, which may
 * be a set in braces; what follows a verdict does not matter here.
 *
 * "KEY vmap { VALUE : VERDICT, ... }" is read as a rule for each element.
 */
#include "ctl/nft_rule_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { WORDS_MAX = 128 };

struct words {
	char buf[NFT_LINE];
	char *word[WORDS_MAX]; /* without quotes; a set is one word */
	unsigned count;
};

struct walk {
	const struct words *words;
	unsigned at;
	struct rule *rule;
};

/* ---- words --------------------------------------------------------------- */

/* Behind the end of the word that begins there. */
static char *
word_end(char *at)
{
	char *end;

	if (*at == '"')
		end = strchr(at + 1, '"');
	else if (*at == '{')
		end = strchr(at, '}');
	else
		return at + strcspn(at, " ");
	return end ? end + 1 : at + strlen(at);
}

/* { "lan0", "lan1" } -> { lan0, lan1 } */
static void
unquote(char *word)
{
	char *to = word;

	for (const char *from = word; *from != '\0'; from++)
		if (*from != '"')
			*to++ = *from;
	*to = '\0';
}

static void
split(struct words *w, const char *line)
{
	char *at = w->buf;

	w->count = 0;
	snprintf(w->buf, sizeof(w->buf), "%s", line);
	for (at += strspn(at, " "); *at != '\0' && w->count < WORDS_MAX;
	     at += strspn(at, " ")) {
		char *end = word_end(at);

		w->word[w->count++] = at;
		at = *end != '\0' ? end + 1 : end;
		*end = '\0';
		unquote(w->word[w->count - 1]);
	}
}

/* Behind the last word: "". */
static const char *
look(const struct walk *w, unsigned ahead)
{
	unsigned i = w->at + ahead;

	return i < w->words->count ? w->words->word[i] : "";
}

static bool
next_is(const struct walk *w, const char *word)
{
	return strcmp(look(w, 0), word) == 0;
}

static bool
is_among(const char *word, const char *const list[])
{
	for (; *list != NULL; list++)
		if (strcmp(word, *list) == 0)
			return true;
	return false;
}

/* ---- conditions ---------------------------------------------------------- */

typedef void value_fn(struct reach *r, const char *text);

static void
each_value(struct reach *r, const char *value, value_fn *fn)
{
	char copy[NFT_LINE];
	char *save = NULL;

	snprintf(copy, sizeof(copy), "%s", value);
	for (char *one = strtok_r(copy, "{}, ", &save); one;
	     one = strtok_r(NULL, "{}, ", &save))
		fn(r, one);
}

/* Takes the value; false where it says "not". */
static bool
take_value(struct walk *w, const char **value_out)
{
	bool negated = next_is(w, "!=");

	w->at += negated;
	if (negated)
		rule_add_when(w->rule, "!=");
	*value_out = look(w, 0);
	rule_add_when(w->rule, *value_out);
	w->at++;
	/* a . b @set */
	while (next_is(w, ".") || look(w, 0)[0] == '@') {
		w->rule->reach.is_strange = true;
		rule_add_when(w->rule, look(w, 0));
		w->at++;
	}
	return !negated;
}

static void
take_interface(struct walk *w, char out[RULE_NAME])
{
	const char *name;
	bool is = take_value(w, &name);

	rule_interface(out, name, !is);
}

static void
take_reach(struct walk *w, value_fn *fn)
{
	const char *value;

	w->rule->narrow = true;
	if (take_value(w, &value))
		each_value(&w->rule->reach, value, fn);
}

/* Of any other condition only that it is there. */
static void
take_strange(struct walk *w)
{
	const char *value;

	w->rule->narrow = true;
	w->rule->reach.is_strange = true;
	take_value(w, &value);
}

static void
take_state(struct walk *w)
{
	const char *value;
	bool is = take_value(w, &value);
	bool begins = strstr(value, "new") != NULL;

	w->rule->established |= is && strstr(value, "established") != NULL;
	if (begins != is) {
		w->rule->narrow = true;
		w->rule->reach.is_strange = true;
	} else {
		w->rule->begins = true;
	}
}

static void
take_family(struct walk *w)
{
	const char *value;

	if (!take_value(w, &value))
		w->rule->narrow = true;
	else
		w->rule->family = strcmp(value, "ipv6") == 0 ? 6 : 4;
}

static void
take_meta(struct walk *w, const char *key)
{
	static const char *const users[] = { "skuid", "skgid", NULL };

	if (strcmp(key, "nfproto") == 0) {
		take_family(w);
		return;
	}
	rule_add_when(w->rule, key);
	if (strcmp(key, "iifname") == 0 || strcmp(key, "iif") == 0)
		take_interface(w, w->rule->in);
	else if (strcmp(key, "oifname") == 0 || strcmp(key, "oif") == 0)
		take_interface(w, w->rule->out);
	else if (strcmp(key, "l4proto") == 0)
		take_reach(w, reach_protocol);
	else
		take_strange(w);
	w->rule->own |= is_among(key, users);
}

static void
take_address(struct walk *w, const char *key)
{
	static const char *const sources[] = { "saddr", NULL };
	static const char *const protocols[] = { "protocol", "nexthdr", NULL };
	const char *field = look(w, 0), *value;

	w->rule->family = strcmp(key, "ip") == 0 ? 4 : 6;
	w->rule->narrow = true;
	w->at++;
	rule_add_when(w->rule, key);
	rule_add_when(w->rule, field);
	if (strcmp(field, "daddr") == 0)
		take_reach(w, reach_destination);
	else if (is_among(field, protocols))
		take_reach(w, reach_protocol);
	else if (is_among(field, sources))
		take_value(w, &value);
	else
		take_strange(w);
}

static void
take_transport(struct walk *w, const char *key)
{
	const char *field = look(w, 0);

	w->rule->narrow = true;
	w->at++;
	if (strcmp(key, "th") != 0)
		reach_protocol(&w->rule->reach, key);
	rule_add_when(w->rule, key);
	rule_add_when(w->rule, field);
	if (strcmp(field, "dport") == 0)
		take_reach(w, reach_ports);
	else
		take_strange(w);
}

/* ---- statements ---------------------------------------------------------- */

static void
pass_log(struct walk *w)
{
	static const char *const options[] = { "prefix", "level",
					       "group",	 "snaplen",
					       "flags",	 "queue-threshold",
					       NULL };

	while (is_among(look(w, 0), options))
		w->at += 2;
}

static bool
take_verdict(struct rule *r, const char *word, const char *next)
{
	static const struct {
		const char *word;
		enum rule_end end;
	} verdicts[] = {
		{ "accept", RULE_ACCEPTS }, { "drop", RULE_REFUSES },
		{ "reject", RULE_REFUSES }, { "return", RULE_RETURNS },
		{ "jump", RULE_JUMPS },	    { "goto", RULE_LEAVES },
	};

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
		if (strcmp(word, verdicts[i].word) != 0)
			continue;
		r->end = verdicts[i].end;
		if (r->end == RULE_JUMPS || r->end == RULE_LEAVES)
			rule_name(r->to, next, RULE_NAME);
		return true;
	}
	return false;
}

static void
take_word(struct walk *w, const char *word)
{
	static const char *const addresses[] = { "ip", "ip6", NULL };
	static const char *const transports[] = { "tcp",    "udp",  "th",
						  "sctp",   "dccp", "icmp",
						  "icmpv6", NULL };
	static const char *const metas[] = { "iifname", "iif", "oifname", "oif",
					     NULL };

	if (strcmp(word, "counter") == 0) {
		if (next_is(w, "packets"))
			w->at += 4;
	} else if (strcmp(word, "log") == 0) {
		pass_log(w);
	} else if (strcmp(word, "meta") == 0) {
		const char *key = look(w, 0);

		w->at++;
		take_meta(w, key);
	} else if (is_among(word, metas)) {
		take_meta(w, word);
	} else if (is_among(word, addresses)) {
		take_address(w, word);
	} else if (is_among(word, transports)) {
		take_transport(w, word);
	} else if (strcmp(word, "ct") == 0 && next_is(w, "state")) {
		w->at++;
		rule_add_when(w->rule, "ct state");
		take_state(w);
	} else {
		w->rule->narrow = true;
		w->rule->reach.is_strange = true;
		rule_add_when(w->rule, word);
	}
}

static void
read_words(const struct words *words, struct rule *r)
{
	struct walk w = { .words = words, .rule = r };

	while (w.at < words->count) {
		const char *word = look(&w, 0);

		if (take_verdict(r, word, look(&w, 1)))
			return;
		w.at++;
		take_word(&w, word);
	}
}

/* ---- maps ---------------------------------------------------------------- */

static void
read_one(const char *line, const struct rule *like, struct ruleset *out)
{
	struct rule *r = ruleset_add_rule(out);
	struct words words;

	if (r == NULL)
		return;
	memcpy(r->text, like->text, sizeof(r->text));
	memcpy(r->chain, like->chain, sizeof(r->chain));
	r->handle = like->handle;
	split(&words, line);
	read_words(&words, r);
}

/* The number of the word "vmap" before a map in braces, or words.count. */
static unsigned
find_map(const struct words *words)
{
	for (unsigned i = 0; i + 1 < words->count; i++)
		if (strcmp(words->word[i], "vmap") == 0 &&
		    words->word[i + 1][0] == '{')
			return i;
	return words->count;
}

static void
read_map(const struct words *words, unsigned map, const struct rule *like,
	 struct ruleset *out)
{
	char line[NFT_LINE], *save = NULL;
	struct text t;

	for (char *one = strtok_r(words->word[map + 1], "{},", &save); one;
	     one = strtok_r(NULL, "{},", &save)) {
		const char *verdict = strstr(one, " : ");

		if (verdict == NULL)
			continue;
		text_init(&t, line, sizeof(line));
		for (unsigned i = 0; i < map; i++)
			text_printf(&t, "%s ", words->word[i]);
		text_bytes(&t, one, (size_t)(verdict - one));
		text_str(&t, verdict + 2);
		read_one(line, like, out);
	}
}

/* Cuts off what stands behind the words: " # handle 7". */
static uint32_t
take_handle(char *line)
{
	static const char mark[] = " # handle ";
	char *at = strstr(line, mark);

	if (at == NULL)
		return 0;
	*at = '\0';
	return (uint32_t)strtoul(at + strlen(mark), NULL, 10);
}

void
nft_rule_read(char *line, const char *chain, struct ruleset *out)
{
	struct rule like = { .handle = take_handle(line) };
	struct words words;
	unsigned map;

	snprintf(like.text, sizeof(like.text), "%.*s", RULE_TEXT - 1, line);
	rule_name(like.chain, chain, RULE_NAME);
	split(&words, line);
	map = find_map(&words);
	if (map < words.count)
		read_map(&words, map, &like, out);
	else
		read_one(line, &like, out);
}
