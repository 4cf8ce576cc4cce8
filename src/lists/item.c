/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of published lists.
 *
 * These are strangers' bytes: what is not understood is told as such and left
 * out, nothing is guessed. A name becomes wire labels at once, an address a
 * net; a range becomes the nets that make it up.
 */
#include "lists/item.h"

#include <string.h>

struct words {
	const char *at;
	size_t left;
};

struct word {
	const char *text;
	size_t len;
};

static const char *const form_words[FORM_COUNT] = {
#define FORM(name, word, line) [FORM_##name] = word,
#include "lists/item.def"
#undef FORM
};

static const char *const form_lines[FORM_COUNT] = {
#define FORM(name, word, line) [FORM_##name] = line,
#include "lists/item.def"
#undef FORM
};

static const char *const action_words[ACTION_COUNT] = {
#define ACTION(name, word, told) [ACTION_##name] = word,
#include "lists/action.def"
#undef ACTION
};

const char *
action_word(enum list_action action)
{
	return action < ACTION_COUNT ? action_words[action] : "?";
}

const char *
form_word(enum list_form form)
{
	return form < FORM_COUNT ? form_words[form] : "?";
}

const char *
form_line(enum list_form form)
{
	return form < FORM_COUNT ? form_lines[form] : "?";
}

enum list_form
form_from_word(const char *text, size_t len)
{
	for (unsigned i = 0; i < FORM_COUNT; i++) {
		if (strlen(form_words[i]) == len &&
		    memcmp(form_words[i], text, len) == 0)
			return i;
	}
	return FORM_COUNT;
}

/* ---- words -------------------------------------------------------------- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool
next_word(struct words *w, struct word *out)
{
	while (w->left > 0 && is_blank(*w->at)) {
		w->at++;
		w->left--;
	}
	*out = (struct word){ .text = w->at };
	while (w->left > 0 && !is_blank(*w->at)) {
		w->at++;
		w->left--;
		out->len++;
	}
	return out->len > 0;
}

/* For dnsmasq a comment is a word of its own: behind a slash the same sign
 * stands for its other servers. */
static bool
begins_comment(enum list_form form, const char *text, size_t at)
{
	if (form == FORM_DNSMASQ && at > 0 && !is_blank(text[at - 1]))
		return false;
	return text[at] == '#' || (form == FORM_IPS && text[at] == ';');
}

/* What is before a comment. */
static struct words
words_of(enum list_form form, const char *text, size_t len)
{
	struct words w = { .at = text };

	while (w.left < len && !begins_comment(form, text, w.left))
		w.left++;
	return w;
}

static bool
begins(const struct word *w, const char *with)
{
	size_t len = strlen(with);

	return w->len >= len && memcmp(w->text, with, len) == 0;
}

static void
shift(struct word *w, size_t by)
{
	w->text += by;
	w->len -= by;
}

/* ---- names -------------------------------------------------------------- */

/* As hosts are called, and services. */
static bool
is_host_name(const struct word *w)
{
	for (size_t i = 0; i < w->len; i++) {
		char c = w->text[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.')
			return false;
	}
	return w->len > 0;
}

static bool
is_address(const struct word *w)
{
	char last = w->text[w->len - 1];
	struct addr a;

	return last >= '0' && last <= '9' &&
	       addr_parse(w->text, w->len, &a) == ERR_NONE;
}

/* The root and the names right below it are nobody's to list. */
static bool
read_name(const struct word *w, struct item *out)
{
	struct name name;

	if (!is_host_name(w) || is_address(w) ||
	    name_parse(w->text, w->len, &name, NULL) != ERR_NONE)
		return false;
	if (name_labels(&name) < 2)
		return false;
	name_lower(&name, &out->name);
	return true;
}

static enum err
give_name(const struct word *w, enum item_reach reach, bool exception,
	  const struct item_sink *to)
{
	struct item item = { .trigger = TRIGGER_QNAME,
			     .reach = reach,
			     .exception = exception };

	return read_name(w, &item) ? to->each(to->arg, &item) : ERR_SYNTAX;
}

/* What every such file has for the machine itself. */
static bool
is_local_name(const struct word *w)
{
	static const char *const names[] = {
		"localhost",	  "localhost.localdomain", "local",
		"broadcasthost",  "ip6-localhost",	   "ip6-loopback",
		"ip6-localnet",	  "ip6-mcastprefix",	   "ip6-allnodes",
		"ip6-allrouters", "ip6-allhosts",	   "0.0.0.0",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i]) == w->len &&
		    memcmp(names[i], w->text, w->len) == 0)
			return true;
	}
	return false;
}

static enum err
read_hosts(struct words *w, const struct item_sink *to)
{
	struct word word;
	struct addr a;
	enum err err = ERR_SYNTAX;

	if (!next_word(w, &word))
		return ERR_NONE;
	if (addr_parse(word.text, word.len, &a) != ERR_NONE)
		return ERR_SYNTAX;
	while (next_word(w, &word)) {
		err = ERR_NONE;
		if (!is_local_name(&word))
			err = give_name(&word, REACH_EXACT, false, to);
		if (err != ERR_NONE)
			break;
	}
	return err;
}

static enum err
read_domain(struct words *w, const struct item_sink *to)
{
	struct word word, more;
	enum item_reach reach = REACH_TREE;

	if (!next_word(w, &word))
		return ERR_NONE;
	if (next_word(w, &more))
		return ERR_SYNTAX;
	if (begins(&word, "*.")) {
		reach = REACH_BELOW;
		shift(&word, 2);
	} else if (begins(&word, ".")) {
		shift(&word, 1);
	}
	return give_name(&word, reach, false, to);
}

static bool
is_host_rule(const struct word *w)
{
	struct word name = *w;

	if (!begins(w, "||") || w->text[w->len - 1] != '^')
		return false;
	shift(&name, 2);
	name.len--;
	return is_host_name(&name);
}

/* A rule of a browser that a resolver cannot follow: for addresses of pages,
 * with options, or for what is inside ("NAME##.ad"). Names and addresses
 * alone, as other forms have them, are none, nor is any other text. */
static bool
is_browser_rule(const char *text, size_t len)
{
	static const char *const marks[] = { "##", "#@#", "#?#", "#$#", "#%#",
					     "^",  "*",	  "$" };
	struct words line = { text, len };
	struct word w;

	if (!next_word(&line, &w))
		return false;
	if (begins(&w, "@@"))
		shift(&w, 2);
	if (w.len == 0 || is_host_rule(&w))
		return false;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (memmem(text, len, marks[i], strlen(marks[i])) != NULL)
			return true;
	}
	return strchr("|/&?-.:=", w.text[0]) != NULL;
}

/* Only rules that a resolver can follow: a whole host name, no path and no
 * option. */
static enum err
read_adblock(struct words *w, const struct item_sink *to)
{
	struct word word, more;
	bool exception;

	if (!next_word(w, &word))
		return ERR_NONE;
	if (word.text[0] == '!' || word.text[0] == '[')
		return ERR_NONE;
	exception = begins(&word, "@@");
	if (exception)
		shift(&word, 2);
	if (!begins(&word, "||") || word.text[word.len - 1] != '^' ||
	    next_word(w, &more))
		return ERR_SYNTAX;
	shift(&word, 2);
	word.len--;
	return give_name(&word, REACH_TREE, exception, to);
}

/* address=/a/b/0.0.0.0, address=/a/, local=/a/, server=/a/; a server with an
 * address is where to ask, and lists nothing. */
static enum err
read_dnsmasq(struct words *w, const struct item_sink *to)
{
	struct word line, name;
	const char *slash;
	enum err err = ERR_SYNTAX;

	if (!next_word(w, &line))
		return ERR_NONE;
	slash = memchr(line.text, '=', line.len);
	if (slash == NULL ||
	    !(begins(&line, "address=/") || begins(&line, "local=/") ||
	      begins(&line, "server=/")))
		return ERR_SYNTAX;
	if (begins(&line, "server=") && line.text[line.len - 1] != '/')
		return ERR_SYNTAX;
	shift(&line, (size_t)(slash - line.text) + 2);
	for (;;) {
		slash = memchr(line.text, '/', line.len);
		if (slash == NULL)
			return err;
		name = (struct word){ line.text, (size_t)(slash - line.text) };
		err = give_name(&name, REACH_TREE, false, to);
		if (err != ERR_NONE)
			return err;
		shift(&line, name.len + 1);
	}
}

/* ---- addresses ---------------------------------------------------------- */

/* The last address of a net. */
static void
fill_host_bits(const struct net *n, struct addr *out)
{
	unsigned len = n->addr.family == 4 ? 32 : 128;

	*out = n->addr;
	for (unsigned bit = n->bits; bit < len; bit++)
		out->byte[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
}

/* The largest net that begins at `first` and ends at `last` at the latest. */
static void
largest(const struct addr *first, const struct addr *last, struct net *out)
{
	unsigned len = first->family == 4 ? 32 : 128;

	*out = (struct net){ .addr = *first, .bits = (uint8_t)len };
	while (out->bits > 1) {
		struct net wider = *out;
		struct addr end;

		wider.bits--;
		addr_mask(&wider.addr, wider.bits);
		fill_host_bits(&wider, &end);
		if (!addr_equal(&wider.addr, first) ||
		    memcmp(end.byte, last->byte, sizeof(end.byte)) > 0)
			return;
		*out = wider;
	}
}

/* False: it was the highest of all. */
static bool
step(struct addr *a)
{
	unsigned i = a->family == 4 ? 4 : 16;

	while (i > 0) {
		if (++a->byte[--i] != 0)
			return true;
	}
	return false;
}

static bool
is_everything(const struct addr *first, const struct addr *last)
{
	struct net all = { .addr = *first };
	struct addr end;

	addr_mask(&all.addr, 0);
	fill_host_bits(&all, &end);
	return addr_equal(&all.addr, first) && addr_equal(&end, last);
}

static enum err
give_range(struct addr *first, const struct addr *last,
	   const struct item_sink *to)
{
	if (first->family != last->family ||
	    memcmp(first->byte, last->byte, sizeof(first->byte)) > 0 ||
	    is_everything(first, last))
		return ERR_SYNTAX;
	for (;;) {
		struct item item = { .trigger = TRIGGER_IP, .is_net = true };
		struct addr end;
		enum err err;

		largest(first, last, &item.net);
		err = to->each(to->arg, &item);
		fill_host_bits(&item.net, &end);
		if (err != ERR_NONE || addr_equal(&end, last))
			return err;
		*first = end;
		if (!step(first))
			return ERR_NONE;
	}
}

static enum err
read_ends(const char *first, size_t first_len, const char *last,
	  size_t last_len, const struct item_sink *to)
{
	struct addr a, b;

	if (addr_parse(first, first_len, &a) != ERR_NONE ||
	    addr_parse(last, last_len, &b) != ERR_NONE)
		return ERR_SYNTAX;
	return give_range(&a, &b, to);
}

/* Both ends in columns of their own, as DShield has them; what stands behind
 * is about the net. */
static bool
is_block(const struct word *first, struct words *w, struct word *last_out)
{
	struct addr a;

	return next_word(w, last_out) &&
	       memchr(first->text, '/', first->len) == NULL &&
	       addr_parse(last_out->text, last_out->len, &a) == ERR_NONE;
}

static enum err
read_net(struct words *w, const struct item_sink *to)
{
	struct item item = { .trigger = TRIGGER_IP, .is_net = true };
	struct word word, last;
	const char *dash;
	size_t head;

	if (!next_word(w, &word))
		return ERR_NONE;
	dash = memchr(word.text, '-', word.len);
	if (dash != NULL) {
		head = (size_t)(dash - word.text);
		return read_ends(word.text, head, dash + 1,
				 word.len - head - 1, to);
	}
	if (is_block(&word, w, &last))
		return read_ends(word.text, word.len, last.text, last.len, to);
	/* Everything is nobody's to list. */
	if (net_parse(word.text, word.len, &item.net, NULL) != ERR_NONE ||
	    item.net.bits == 0)
		return ERR_SYNTAX;
	return to->each(to->arg, &item);
}

/* ---- lines -------------------------------------------------------------- */

enum err
item_read(enum list_form form, const char *text, size_t len,
	  const struct item_sink *to)
{
	struct words w = words_of(form, text, len);
	enum err err;

	switch (form) {
	case FORM_HOSTS:
		return read_hosts(&w, to);
	case FORM_DOMAINS:
		return read_domain(&w, to);
	case FORM_ADBLOCK:
		err = read_adblock(&w, to);
		return err == ERR_SYNTAX && is_browser_rule(text, len)
			   ? ERR_MISSING
			   : err;
	case FORM_DNSMASQ:
		return read_dnsmasq(&w, to);
	case FORM_IPS:
	case FORM_DNS:
		return read_net(&w, to);
	case FORM_RPZ:
	case FORM_COUNT:
		break;
	}
	return ERR_SYNTAX;
}
