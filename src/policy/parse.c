/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grammar of dns-firewall.acl(5).
 *
 *   CLIENT -> DOMAIN:PROTO:PORTS
 *   CLIENT ~> DOMAIN
 *   CLIENT -| DOMAIN [ANSWER | = ADDRESS[,ADDRESS]]
 *   group NAME = CLIENT, CLIENT ...
 *   include "PATTERN"
 *
 * What cannot be read for certain is refused, never guessed: a rule that
 * means something else than its author thought is a hole. The first mistake
 * of a line is reported, with what would be right there.
 *
 * Domains become labels here, once (RFC 1035 5.1); everything after this
 * works on labels.
 */
#include "policy/parse.h"

#include <string.h>

#include "policy/idn.h"

static bool
read_client(struct line *l, struct acl_rule *out, struct flaw *flaw)
{
	struct token t = line_client(l);

	if (t.len == 0)
		return missing(flaw, t, "no client before the arrow",
			       "begin with an address, a net, any or @GROUP");
	if (!client_read(&t, &out->who, flaw))
		return false;
	out->client = out->who.net;
	return true;
}

static bool
read_arrow(struct line *l, struct acl_rule *out, struct flaw *flaw)
{
	if (line_take_arrow(l, &out->arrow))
		return true;

	struct token rest = line_rest(l);

	static const char right[] =
	    "write CLIENT -> DOMAIN:PROTO:PORT, CLIENT ~> DOMAIN or "
	    "CLIENT -| DOMAIN";

	if (rest.len == 0)
		return missing(flaw, rest, "the arrow is missing", right);
	return wrong(flaw, &rest, "does not begin with an arrow", right);
}

static bool
byte_may_stand_in_domain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("-_./", c));
}

/* True where t holds only bytes that need no escape; a leading "*." or "."
 * is no longer part of it. */
static bool
domain_bytes_are_plain(const struct token *t, struct flaw *flaw)
{
	for (size_t i = 0; i < t->len; i++) {
		struct token at = { t->text, t->len, t->column + (uint32_t)i };

		if (t->text[i] == '\\')
			i++; /* name_parse() judges escapes */
		else if (t->text[i] == '*')
			return wrong(flaw, &at, "has a * inside",
				     "write *.example.com for all below, "
				     ".example.com for it and all below, or * "
				     "for every name");
		else if (!byte_may_stand_in_domain(t->text[i]))
			return wrong(flaw, &at,
				     "has a byte that names do not have",
				     "write it as \\DDD if it is meant");
	}
	return true;
}

/* Takes "*." or "." off the front of t. */
static uint8_t
take_kind(struct token *t)
{
	size_t head = 0;
	uint8_t kind = DOMAIN_EXACT;

	if (t->len >= 2 && memcmp(t->text, "*.", 2) == 0) {
		head = 2;
		kind = DOMAIN_BELOW;
	} else if (t->text[0] == '.') {
		head = 1;
		kind = DOMAIN_TREE;
	}
	t->text += head;
	t->len -= head;
	t->column += (uint32_t)head;
	return kind;
}

static bool
read_name(const struct token *whole, struct acl_rule *out, struct flaw *flaw)
{
	struct token t = *whole, written;
	char ascii[DOMAIN_ASCII_SIZE];
	struct name name;
	struct addr addr;
	size_t bad = 0;

	out->kind = take_kind(&t);
	if (t.len == 0)
		return wrong(flaw, whole, "names no domain",
			     "write * for every name");
	written = t;
	if (domain_is_utf8(t.text, t.len)) {
		const char *fault = domain_to_ascii(t.text, t.len, ascii);

		if (fault)
			return wrong(flaw, &t, fault,
				     "write its A-label, which begins with "
				     "xn--");
		t.text = ascii;
		t.len = strlen(ascii);
		out->domain_was_utf8 = true;
	}
	if (!domain_bytes_are_plain(&t, flaw))
		return false;
	if (name_parse(t.text, t.len, &name, &bad) != ERR_NONE ||
	    name.len == 1) {
		if (!out->domain_was_utf8)
			written.column += (uint32_t)bad;
		return wrong(flaw, &written, "is not a domain name",
			     "write labels of 1 to 63 bytes joined by single "
			     "dots, 253 bytes in all");
	}
	name_lower(&name, &out->domain);
	out->domain_is_addr = addr_parse(t.text, t.len, &addr) == ERR_NONE;
	return true;
}

/* A list's name is kept as one label: whatever a label may hold, it never
 * stands among those of names. */
static bool
read_list(const struct token *t, struct acl_rule *out, struct flaw *flaw)
{
	struct name label;

	if (!list_name_is_good(t->text + 1, t->len - 1))
		return wrong(flaw, t, "is not a name for a list",
			     "write @ and 1 to 31 letters, digits, '-', '_', "
			     "'.', as in the lists file");
	label.len = (uint8_t)(t->len + 1);
	label.wire[0] = (uint8_t)(t->len - 1);
	memcpy(label.wire + 1, t->text + 1, t->len - 1);
	label.wire[label.len - 1] = 0;
	name_lower(&label, &out->domain);
	out->kind = DOMAIN_LIST;
	return true;
}

static bool
read_domain(struct line *l, struct acl_rule *out, struct flaw *flaw)
{
	struct token t = line_word(l, ":=");

	out->domain_text = t;
	if (t.len == 0)
		return missing(flaw, t, "no domain after the arrow",
			       "write a name, *.name, .name, * or @LIST");
	if (t.text[0] == '@')
		return read_list(&t, out, flaw);
	if (!token_is(&t, "*"))
		return read_name(&t, out, flaw);
	out->kind = DOMAIN_TREE;
	out->domain = (struct name){ .len = 1 };
	return true;
}

static bool
read_service(struct line *l, struct acl_rule *out, struct flaw *flaw)
{
	if (!service_read(l, &out->service, flaw))
		return false;
	out->protocol = out->service.protocol;
	out->port = out->service.port[0];
	return true;
}

static bool
read_answer(struct line *l, struct acl_rule *out, struct flaw *flaw)
{
	struct token t = line_word(l, ",");
	struct addr addr;

	if (addr_parse(t.text, t.len, &addr) != ERR_NONE)
		return wrong(flaw, &t, "is not an address to answer",
			     "write e.g. = 192.0.2.1 or = 2001:db8::1");

	struct addr *home = addr.family == 4 ? &out->answer4 : &out->answer6;

	if (home->family)
		return wrong(flaw, &t, "is a second address of its family",
			     "answer one IPv4 and one IPv6 address at most");
	*home = addr;
	return !line_take(l, ',') || read_answer(l, out, flaw);
}

static const struct {
	const char *word;
	uint8_t block;
} blocks[] = {
	{ "refused", BLOCK_REFUSED },
	{ "nxdomain", BLOCK_NXDOMAIN },
	{ "nodata", BLOCK_NODATA },
	{ "drop", BLOCK_DROP },
};

/* What a block answers: a word, or addresses. `null` is 0.0.0.0 and ::. */
static bool
read_block(struct line *l, struct acl_rule *out, struct flaw *flaw)
{
	struct token t;

	if (line_at_end(l))
		return true;
	if (line_take(l, '='))
		return read_answer(l, out, flaw);
	t = line_word(l, "");
	for (size_t i = 0; i < sizeof(blocks) / sizeof(*blocks); i++) {
		out->block = blocks[i].block;
		if (token_is(&t, blocks[i].word))
			return true;
	}
	out->block = BLOCK_REFUSED;
	if (!token_is(&t, "null"))
		return wrong(flaw, &t, "is not an answer of a block",
			     "write refused, nxdomain, nodata, drop, null, or "
			     "= ADDRESS");
	out->answer4 = (struct addr){ .family = 4 };
	out->answer6 = (struct addr){ .family = 6 };
	return true;
}

static bool
read_end(struct line *l, uint8_t arrow, struct flaw *flaw)
{
	static const char *const right[] = {
		[ARROW_GRANT] = "end the line after the port, or begin a "
				"comment with #",
		[ARROW_DNS] = "end the line after the domain, or begin a "
			      "comment with #; only -> takes :PROTO:PORT",
		[ARROW_BLOCK] = "write CLIENT -| DOMAIN, and behind it one of "
				"refused, nxdomain, nodata, drop, null and "
				"= ADDRESS",
	};
	struct token rest = line_rest(l);

	if (line_at_end(l))
		return true;
	return wrong(flaw, &rest, "does not belong here", right[arrow]);
}

static bool
read_rule(struct line *l, struct acl_rule *out, struct flaw *flaw)
{
	if (!read_client(l, out, flaw) || !read_arrow(l, out, flaw) ||
	    !read_domain(l, out, flaw))
		return false;
	if (out->arrow == ARROW_GRANT && !read_service(l, out, flaw))
		return false;
	if (out->arrow == ARROW_BLOCK && !read_block(l, out, flaw))
		return false;
	return read_end(l, out->arrow, flaw);
}

/* Where the line begins with that word, it is taken. */
static bool
take_keyword(struct line *l, const char *word)
{
	struct line probe = *l;
	struct token t = line_word(&probe, "\"");

	if (!token_is(&t, word))
		return false;
	*l = probe;
	return true;
}

static bool
read_group(struct line *l, struct acl_rule *out, struct flaw *flaw)
{
	static const char form[] = "write group NAME = CLIENT, CLIENT";
	struct token t = line_word(l, "=");

	if (!group_name_is_good(&t))
		return wrong(flaw, &t, "is not a name for a group",
			     "write letters, digits, - and _, at most 32");
	out->name = t;
	if (!line_take(l, '='))
		return missing(flaw, line_rest(l), "= is missing", form);
	out->members = *l;
	if (line_at_end(l))
		return missing(flaw, line_rest(l), "the group is empty", form);
	do {
		t = line_word(l, ",");
		if (t.len == 0)
			return missing(flaw, t, "a client is missing", form);
		if (!client_read(&t, &out->who, flaw))
			return false;
	} while (line_take(l, ','));
	if (line_at_end(l))
		return true;
	t = line_rest(l);
	return wrong(flaw, &t, "does not belong here",
		     "write a comma between clients");
}

bool
acl_next_member(struct line *members, struct acl_client *out)
{
	struct flaw flaw;
	struct token t = line_word(members, ",");

	if (t.len == 0 || !client_read(&t, out, &flaw))
		return false;
	line_take(members, ',');
	return true;
}

static bool
read_include(struct line *l, struct acl_rule *out, struct flaw *flaw)
{
	static const char form[] = "write include \"FILE\" or include "
				   "\"DIRECTORY/*.acl\"";
	struct token t;

	if (!line_take(l, '"'))
		return missing(flaw, line_rest(l), "a quoted file is missing",
			       form);
	t = line_quoted(l);
	if (!t.text)
		return missing(flaw, line_rest(l), "the quote is not closed",
			       form);
	if (t.len == 0)
		return missing(flaw, t, "the file has no name", form);
	out->name = t;
	if (line_at_end(l))
		return true;
	t = line_rest(l);
	return wrong(flaw, &t, "does not belong here",
		     "end the line after the file");
}

enum acl_line
acl_line_kind(const char *text, size_t len)
{
	struct line l = { text, len, 0 };

	if (take_keyword(&l, "group"))
		return LINE_GROUP;
	return take_keyword(&l, "include") ? LINE_INCLUDE : LINE_RULE;
}

enum acl_line
acl_parse_line(const char *text, size_t len, struct acl_rule *out,
	       struct flaw *flaw)
{
	struct line l = { text, len, 0 };

	if (line_at_end(&l))
		return LINE_EMPTY;
	memset(out, 0, sizeof(*out));
	if (take_keyword(&l, "group"))
		return read_group(&l, out, flaw) ? LINE_GROUP : LINE_WRONG;
	if (take_keyword(&l, "include"))
		return read_include(&l, out, flaw) ? LINE_INCLUDE : LINE_WRONG;
	return read_rule(&l, out, flaw) ? LINE_RULE : LINE_WRONG;
}
