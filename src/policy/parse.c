/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grammar of dns-firewall.acl(5).
 *
 *   CLIENT -> DOMAIN:PROTO:PORT
 *   CLIENT ~> DOMAIN
 *   CLIENT -| DOMAIN [= ADDRESS[,ADDRESS]]
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

static const struct {
	char head[12]; /* how the word begins */
	const char *what, *right;
} not_clients[] = {
	{ "@", "is a group, and groups are not supported",
	  "write a rule for each address or net" },
	{ "group", "is not a client, and groups are not supported",
	  "write a rule for each address or net" },
	{ "include", "is not a client, and files cannot be included",
	  "write the rules into this file" },
	{ "any", "is not an address or net",
	  "write 0.0.0.0/0, and a second rule with ::/0" },
	{ "*", "is not an address or net",
	  "write 0.0.0.0/0, and a second rule with ::/0" },
	{ "localhost", "is not an address or net",
	  "write 127.0.0.0/8, and a second rule with ::1" },
	{ "localnets", "is not an address or net", "write the nets out" },
};

static bool
wrong(struct flaw *flaw, const struct token *t, const char *what,
      const char *right)
{
	*flaw = (struct flaw){ .column = t->column,
			       .text = t->text,
			       .len = t->len,
			       .what = what,
			       .right = right };
	return false;
}

/* Something should have stood where t begins. */
static bool
missing(struct flaw *flaw, struct token t, const char *what, const char *right)
{
	t.text = NULL;
	return wrong(flaw, &t, what, right);
}

/* Digits only, at most five of them. */
static bool
read_number(const char *text, size_t len, unsigned *out)
{
	unsigned n = 0;

	if (len == 0 || len > 5)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		n = n * 10 + (unsigned)(text[i] - '0');
	}
	*out = n;
	return true;
}

static bool
client_is_no_keyword(const struct token *t, struct flaw *flaw)
{
	for (size_t i = 0; i < sizeof(not_clients) / sizeof(*not_clients);
	     i++) {
		struct token head = *t;

		if (strcmp(not_clients[i].head, "@") == 0)
			head.len = 1;
		if (token_is(&head, not_clients[i].head))
			return wrong(flaw, t, not_clients[i].what,
				     not_clients[i].right);
	}
	if (token_has(t, '%'))
		return wrong(flaw, t,
			     "names an interface, which is not supported",
			     "write the address or net alone");
	return true;
}

/* The prefix length as it counts for the address: an IPv4-mapped net is the
 * IPv4 net inside it. */
static bool
read_bits(const struct token *t, size_t slash, struct net *net,
	  struct flaw *flaw)
{
	bool is_mapped = net->addr.family == 4 && memchr(t->text, ':', slash);
	unsigned top = net->addr.family == 4 && !is_mapped ? 32 : 128;
	unsigned bits = top;
	struct token tail = { t->text + slash, t->len - slash,
			      t->column + (uint32_t)slash };

	if (tail.len > 0 &&
	    (!read_number(tail.text + 1, tail.len - 1, &bits) || bits > top))
		return wrong(flaw, &tail, "is not a prefix length",
			     top == 32 ? "write /0 to /32"
				       : "write /0 to /128");
	if (is_mapped && bits < 96)
		return wrong(flaw, &tail,
			     "is too short for an IPv4-mapped address",
			     "write the IPv4 net, e.g. 10.0.0.0/8");
	net->bits = (uint8_t)(is_mapped ? bits - 96 : bits);
	return true;
}

static bool
read_client(struct line *l, struct acl_rule *out, struct flaw *flaw)
{
	struct token t = line_client(l);

	if (t.len == 0)
		return missing(flaw, t, "no client before the arrow",
			       "begin with an address or net");
	if (!client_is_no_keyword(&t, flaw))
		return false;

	const char *slash = memchr(t.text, '/', t.len);
	size_t head = slash ? (size_t)(slash - t.text) : t.len;

	if (addr_parse(t.text, head, &out->client.addr) != ERR_NONE)
		return wrong(flaw, &t, "is not an address or net",
			     "write e.g. 10.0.0.1, 10.0.0.0/8 or "
			     "2001:db8::/32");
	if (!read_bits(&t, head, &out->client, flaw))
		return false;

	struct addr as_written = out->client.addr;

	addr_mask(&out->client.addr, out->client.bits);
	out->had_host_bits = !addr_equal(&as_written, &out->client.addr);
	out->client_text = t;
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
		else if ((unsigned char)t->text[i] >= 0x80)
			return wrong(flaw, &at, "is not ASCII",
				     "write its A-label, which begins with "
				     "xn--");
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
	struct token t = *whole;
	struct name name;
	struct addr addr;
	size_t bad = 0;

	out->kind = take_kind(&t);
	if (t.len == 0)
		return wrong(flaw, whole, "names no domain",
			     "write * for every name");
	if (!domain_bytes_are_plain(&t, flaw))
		return false;
	if (name_parse(t.text, t.len, &name, &bad) != ERR_NONE ||
	    name.len == 1) {
		t.column += (uint32_t)bad;
		return wrong(flaw, &t, "is not a domain name",
			     "write labels of 1 to 63 bytes joined by single "
			     "dots, 253 bytes in all");
	}
	name_lower(&name, &out->domain);
	out->domain_is_addr = addr_parse(t.text, t.len, &addr) == ERR_NONE;
	return true;
}

static bool
read_domain(struct line *l, struct acl_rule *out, struct flaw *flaw)
{
	struct token t = line_word(l, ":=");

	out->domain_text = t;
	if (t.len == 0)
		return missing(flaw, t, "no domain after the arrow",
			       "write a name, *.name, .name or *");
	if (t.text[0] == '@')
		return wrong(flaw, &t, "is a list, and lists are not supported",
			     "write a rule for each domain");
	if (!token_is(&t, "*"))
		return read_name(&t, out, flaw);
	out->kind = DOMAIN_TREE;
	out->domain = (struct name){ .len = 1 };
	return true;
}

static bool
read_service(struct line *l, struct acl_rule *out, struct flaw *flaw)
{
	static const char both[] =
	    "write DOMAIN:TCP:PORT or DOMAIN:UDP:PORT; ~> allows DNS only";
	struct token t;
	unsigned port;

	if (!line_take(l, ':'))
		return missing(flaw, line_rest(l),
			       "-> needs a protocol and a port", both);
	t = line_word(l, ":=");
	if (token_is(&t, "TCP"))
		out->protocol = IPPROTO_TCP;
	else if (token_is(&t, "UDP"))
		out->protocol = IPPROTO_UDP;
	else
		return wrong(flaw, &t, "is not a protocol known here", both);
	if (!line_take(l, ':'))
		return missing(flaw, line_rest(l), "the port is missing", both);
	t = line_word(l, "=");
	if (!read_number(t.text, t.len, &port) || port < 1 || port > 65535)
		return wrong(flaw, &t, "is not a port",
			     "write one port from 1 to 65535, and a rule for "
			     "each");
	out->port = (uint16_t)port;
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

static bool
read_end(struct line *l, uint8_t arrow, struct flaw *flaw)
{
	static const char *const right[] = {
		[ARROW_GRANT] = "end the line after the port, or begin a "
				"comment with #",
		[ARROW_DNS] = "end the line after the domain, or begin a "
			      "comment with #; only -> takes :PROTO:PORT",
		[ARROW_BLOCK] = "write CLIENT -| DOMAIN, or CLIENT -| DOMAIN "
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
	if (out->arrow == ARROW_BLOCK && line_take(l, '=') &&
	    !read_answer(l, out, flaw))
		return false;
	return read_end(l, out->arrow, flaw);
}

enum acl_line
acl_parse_line(const char *text, size_t len, struct acl_rule *out,
	       struct flaw *flaw)
{
	struct line l = { text, len, 0 };

	if (line_at_end(&l))
		return LINE_EMPTY;
	memset(out, 0, sizeof(*out));
	return read_rule(&l, out, flaw) ? LINE_RULE : LINE_WRONG;
}
