/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may stand behind a list: one row a word.
 *
 * A word stands once; servers and clients may be named by several.
 */
#include "lists/config_word.h"

#include <string.h>

#include "base/text.h"
#include "conf/value.h"
#include "policy/complain.h"
#include "wire/types.h"

struct token
word_or_quoted(struct line *l)
{
	return line_take(l, '"') ? line_quoted(l) : line_word(l, "");
}

bool
word_item(struct token *rest, struct token *one)
{
	const char *comma;

	if (rest->text == NULL)
		return false;
	comma = memchr(rest->text, ',', rest->len);
	*one = *rest;
	if (comma == NULL) {
		rest->text = NULL;
		return true;
	}
	one->len = (size_t)(comma - rest->text);
	rest->text += one->len + 1;
	rest->len -= one->len + 1;
	rest->column += (uint32_t)one->len + 1;
	return true;
}

bool
word_domain(const struct token *t, struct name *out)
{
	struct name name;

	if (t->len == 0 || name_parse(t->text, t->len, &name, NULL) != ERR_NONE)
		return false;
	name_lower(&name, out);
	return true;
}

void
word_domain_text(const struct name *name, char out[NAME_TEXT_SIZE])
{
	struct text text;

	text_init(&text, out, NAME_TEXT_SIZE);
	name_print(name, &text);
}

/* ---- values -------------------------------------------------------------- */

typedef bool read_fn(struct line *l, struct list_config *out,
		     struct flaw *flaw);

static bool
read_target(struct line *l, struct list_config *out, struct flaw *flaw)
{
	static const char right[] = "write \"action cname NAME\", or *.NAME";
	struct token t = line_word(l, "");

	if (t.len == 0)
		return missing(flaw, t, "the name to lead to is missing",
			       right);
	out->wild = t.len > 2 && memcmp(t.text, "*.", 2) == 0;
	if (out->wild)
		t = (struct token){ t.text + 2, t.len - 2, t.column + 2 };
	return word_domain(&t, &out->target) ||
	       wrong(flaw, &t, "is not a name", right);
}

static bool
read_addresses(struct line *l, struct list_config *out, struct flaw *flaw)
{
	static const char right[] =
	    "write \"action address ADDRESS[,ADDRESS]\"";
	struct token t = line_word(l, ""), one;

	if (t.len == 0)
		return missing(flaw, t, "the address to answer is missing",
			       right);
	while (word_item(&t, &one)) {
		if (out->addresses == CONFIG_ADDRESSES_MAX)
			return wrong(flaw, &one, "is one address too many",
				     "name at most 8");
		if (addr_parse(one.text, one.len,
			       &out->address[out->addresses++]) != ERR_NONE)
			return wrong(flaw, &one, "is not an address", right);
	}
	return true;
}

/* BIND calls "disabled" what is counted and logged alone. */
static bool
names_action(const struct token *t, unsigned action)
{
	return token_is(t, action_word(action)) ||
	       (action == ACTION_LOG && token_is(t, "disabled"));
}

static bool
read_action(struct line *l, struct list_config *out, struct flaw *flaw)
{
	static const char right[] =
	    "write given, nxdomain, nodata, refused, null, drop, tcp-only, "
	    "passthru, log, cname NAME or address ADDRESS";
	struct token t = line_word(l, "");

	if (t.len == 0)
		return missing(flaw, t, "the action is missing", right);
	for (unsigned i = 0; i < ACTION_COUNT; i++) {
		if (i == ACTION_DATA || !names_action(&t, i))
			continue;
		out->action = i;
		if (i == ACTION_CNAME)
			return read_target(l, out, flaw);
		return i != ACTION_ADDRESS || read_addresses(l, out, flaw);
	}
	return wrong(flaw, &t, "is not an action", right);
}

static bool
read_clients(struct line *l, struct list_config *out, struct flaw *flaw)
{
	static const char right[] = "write ADDRESS or NET, with commas between";
	struct token t = line_word(l, ""), one;
	bool had_bits;

	if (t.len == 0)
		return missing(flaw, t, "the clients are missing", right);
	while (word_item(&t, &one)) {
		if (out->clients == CONFIG_CLIENTS_MAX)
			return wrong(flaw, &one, "is one net too many",
				     "name at most 16");
		if (net_parse(one.text, one.len, &out->client[out->clients++],
			      &had_bits) != ERR_NONE)
			return wrong(flaw, &one, "is not a net", right);
		if (had_bits)
			return wrong(flaw, &one,
				     "has bits set behind its prefix", right);
	}
	return true;
}

static bool
read_servers(struct line *l, struct list_config *out, struct flaw *flaw)
{
	static const char right[] = "write ADDRESS[@PORT], with commas between";
	struct token t = line_word(l, ""), one;
	struct endpoint *at;

	if (t.len == 0)
		return missing(flaw, t, "the server is missing", right);
	while (word_item(&t, &one)) {
		if (out->servers == CONFIG_SERVERS_MAX)
			return wrong(flaw, &one, "is one server too many",
				     "name at most 8");
		at = &out->server[out->servers++];
		if (!endpoint_parse(one.text, one.len, at))
			return wrong(flaw, &one, "is not an address", right);
		if (at->port == 0)
			at->port = 53;
	}
	return true;
}

static bool
read_key_name(struct line *l, struct list_config *out, struct flaw *flaw)
{
	static const char right[] = "write the name of a \"key\" line";
	struct token t = line_word(l, "");
	struct name name;

	if (!word_domain(&t, &name))
		return t.len == 0
			   ? missing(flaw, t, "the key is missing", right)
			   : wrong(flaw, &t, "is not a key's name", right);
	word_domain_text(&name, out->key);
	return true;
}

static bool
read_zone(struct line *l, struct list_config *out, struct flaw *flaw)
{
	static const char right[] = "write the name of the policy zone";
	struct token t = line_word(l, "");

	if (out->form != FORM_RPZ)
		return wrong(flaw, &t, "is no policy zone", "leave it out");
	return word_domain(&t, &out->zone) ||
	       wrong(flaw, &t, "is not a name", right);
}

struct bounds {
	uint32_t least, most;
	const char *right;
};

static bool
read_count(struct line *l, const struct bounds *b, uint32_t *out,
	   struct flaw *flaw)
{
	struct token t = line_word(l, "");
	uint64_t n = 0;

	for (size_t i = 0; i < t.len; i++) {
		if (t.text[i] < '0' || t.text[i] > '9' || n > b->most)
			return wrong(flaw, &t, "is not a number here",
				     b->right);
		n = n * 10 + (uint64_t)(t.text[i] - '0');
	}
	if (t.len == 0)
		return missing(flaw, t, "a number is missing", b->right);
	if (n < b->least || n > b->most)
		return wrong(flaw, &t, "is too small or too large", b->right);
	*out = (uint32_t)n;
	return true;
}

static bool
read_interval(struct line *l, struct list_config *out, struct flaw *flaw)
{
	static const struct bounds seconds = {
		60, 2592000, "write seconds, 60 to 2592000"
	};

	return read_count(l, &seconds, &out->interval_s, flaw);
}

static bool
read_max_ttl(struct line *l, struct list_config *out, struct flaw *flaw)
{
	static const struct bounds seconds = { 0, 604800,
					       "write seconds, 0 to 604800" };

	return read_count(l, &seconds, &out->max_ttl_s, flaw);
}

static bool
read_column(struct line *l, struct list_config *out, struct flaw *flaw)
{
	static const struct bounds columns = {
		1, 64, "write the number of a column, 1 to 64"
	};

	return read_count(l, &columns, &out->column, flaw);
}

/* ---- words for values ---------------------------------------------------- */

struct choice {
	const char *word;
	int value;
};

static bool
read_choice(struct line *l, const struct choice *of, int *out,
	    const char *right, struct flaw *flaw)
{
	struct token t = line_word(l, "");

	for (; of->word != NULL; of++) {
		if (token_is(&t, of->word)) {
			*out = of->value;
			return true;
		}
	}
	if (t.len == 0)
		return missing(flaw, t, "the value is missing", right);
	return wrong(flaw, &t, "is not known here", right);
}

static bool
read_ede(struct line *l, struct list_config *out, struct flaw *flaw)
{
	static const struct choice choices[] = { { "none", -1 },
						 { "forged", EDE_FORGED },
						 { "blocked", EDE_BLOCKED },
						 { "censored", EDE_CENSORED },
						 { "filtered", EDE_FILTERED },
						 { "prohibited",
						   EDE_PROHIBITED },
						 { NULL, 0 } };

	return read_choice(l, choices, &out->ede,
			   "write none, forged, blocked, censored, filtered "
			   "or prohibited",
			   flaw);
}

static bool
read_soa(struct line *l, struct list_config *out, struct flaw *flaw)
{
	static const struct choice choices[] = {
		{ "additional", LISTS_SOA_ADDITIONAL },
		{ "authority", LISTS_SOA_AUTHORITY },
		{ "none", LISTS_SOA_NONE },
		{ NULL, 0 }
	};
	int value = 0;

	if (!read_choice(l, choices, &value,
			 "write additional, authority or none", flaw))
		return false;
	out->soa = (enum lists_soa)value;
	return true;
}

static bool
read_yes(struct line *l, bool *out, struct flaw *flaw)
{
	static const struct choice choices[] = { { "yes", 1 },
						 { "no", 0 },
						 { NULL, 0 } };
	int value = 0;

	if (!read_choice(l, choices, &value, "write yes or no", flaw))
		return false;
	*out = value != 0;
	return true;
}

static bool
read_block_set(struct line *l, struct list_config *out, struct flaw *flaw)
{
	return read_yes(l, &out->block_set, flaw);
}

static bool
read_allow_set(struct line *l, struct list_config *out, struct flaw *flaw)
{
	return read_yes(l, &out->allow_set, flaw);
}

static bool
read_expire(struct line *l, struct list_config *out, struct flaw *flaw)
{
	static const struct choice choices[] = { { "keep", 0 },
						 { "remove", 1 },
						 { NULL, 0 } };
	int value = 0;

	if (!read_choice(l, choices, &value, "write keep or remove", flaw))
		return false;
	out->expire_removes = value != 0;
	return true;
}

static bool
read_ns_missing(struct line *l, struct list_config *out, struct flaw *flaw)
{
	static const struct choice choices[] = { { "pass", 0 },
						 { "block", 1 },
						 { NULL, 0 } };
	int value = 0;

	if (!read_choice(l, choices, &value, "write pass or block", flaw))
		return false;
	out->missing_blocks = value != 0;
	return true;
}

static bool
read_ns_levels(struct line *l, struct list_config *out, struct flaw *flaw)
{
	static const struct bounds zones = { 1, CONFIG_LEVELS_MAX,
					     "write 1 to 127, or all" };
	struct line ahead = *l;
	struct token t = line_word(&ahead, "");

	if (!token_is(&t, "all"))
		return read_count(l, &zones, &out->ns_levels, flaw);
	*l = ahead;
	out->ns_levels = CONFIG_LEVELS_MAX;
	return true;
}

/* ---- texts --------------------------------------------------------------- */

static bool
read_told(struct line *l, char out[CONFIG_TEXT_SIZE], struct flaw *flaw)
{
	static const char right[] =
	    "write printable ASCII, 63 characters at most, in double quotes";
	struct token t = word_or_quoted(l);

	if (t.text == NULL || t.len == 0)
		return missing(flaw, t, "the text is missing", right);
	if (t.len >= CONFIG_TEXT_SIZE)
		return wrong(flaw, &t, "is too long", right);
	for (size_t i = 0; i < t.len; i++) {
		if (t.text[i] < ' ' || t.text[i] > '~')
			return wrong(flaw, &t, "is not printable ASCII", right);
	}
	memcpy(out, t.text, t.len);
	out[t.len] = '\0';
	return true;
}

static bool
read_nickname(struct line *l, struct list_config *out, struct flaw *flaw)
{
	return read_told(l, out->nickname, flaw);
}

static bool
read_category(struct line *l, struct list_config *out, struct flaw *flaw)
{
	return read_told(l, out->category, flaw);
}

static bool
read_contact(struct line *l, struct list_config *out, struct flaw *flaw)
{
	return read_told(l, out->contact, flaw);
}

static const struct {
	const char *word;
	read_fn *read;
} words[CONFIG_WORDS_MAX] = {
	{ "action", read_action },
	{ "clients", read_clients },
	{ "primary", read_servers },
	{ "server", read_servers },
	{ "key", read_key_name },
	{ "zone", read_zone },
	{ "interval", read_interval },
	{ "max-ttl", read_max_ttl },
	{ "column", read_column },
	{ "ede", read_ede },
	{ "soa", read_soa },
	{ "nickname", read_nickname },
	{ "category", read_category },
	{ "contact", read_contact },
	{ "block-set", read_block_set },
	{ "allow-set", read_allow_set },
	{ "expire", read_expire },
	{ "ns-missing", read_ns_missing },
	{ "ns-levels", read_ns_levels },
};

static bool
may_be_repeated(read_fn *read)
{
	return read == read_servers || read == read_clients;
}

bool
config_read_word(struct words_read *w, struct list_config *out,
		 struct flaw *flaw)
{
	struct token word = line_word(w->line, "");

	for (size_t i = 0; i < CONFIG_WORDS_MAX; i++) {
		if (words[i].word == NULL || !token_is(&word, words[i].word))
			continue;
		if (w->had[i] && !may_be_repeated(words[i].read))
			return wrong(flaw, &word, "stands twice in this line",
				     "write it once");
		w->had[i] = true;
		return words[i].read(w->line, out, flaw);
	}
	return wrong(flaw, &word, "is not known here",
		     "write action, clients, primary, server, key, zone, "
		     "interval, max-ttl, column, ede, soa, nickname, category, "
		     "contact, block-set, allow-set, expire, ns-missing or "
		     "ns-levels");
}
