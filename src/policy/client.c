/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client of a rule, from text; what an IPv4-mapped net is, too. */
#include "policy/client.h"

#include <ctype.h>
#include <string.h>

static const struct {
	const char *word;
	uint8_t kind;
} words[] = {
	{ "any", CLIENT_ANY },
	{ "localhost", CLIENT_LOCALHOST },
	{ "localnets", CLIENT_LOCALNETS },
};

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
read_net(const struct token *t, struct acl_client *out, struct flaw *flaw)
{
	const char *slash = memchr(t->text, '/', t->len);
	size_t head = slash ? (size_t)(slash - t->text) : t->len;
	struct addr as_written;

	if (token_is(t, "*"))
		return wrong(flaw, t, "is not an address or net",
			     "write any for every client");
	if (addr_parse(t->text, head, &out->net.addr) != ERR_NONE)
		return wrong(flaw, t, "is not an address or net",
			     "write e.g. 10.0.0.1, 10.0.0.0/8, 2001:db8::/32, "
			     "any, localhost, localnets or @GROUP");
	if (!read_bits(t, head, &out->net, flaw))
		return false;
	as_written = out->net.addr;
	addr_mask(&out->net.addr, out->net.bits);
	out->had_host_bits = !addr_equal(&as_written, &out->net.addr);
	return true;
}

bool
group_name_is_good(const struct token *t)
{
	if (t->len == 0 || t->len > GROUP_NAME_MAX)
		return false;
	for (size_t i = 0; i < t->len; i++) {
		unsigned char c = (unsigned char)t->text[i];

		if (!isalnum(c) && c != '-' && c != '_')
			return false;
	}
	return true;
}

/* Bytes that a name of the kernel may have and a rule cannot say, or only in a
 * group, would make a policy that does not print as it was written. */
static bool
interface_name_is_good(const struct token *t)
{
	struct line rest = { t->text, t->len, 0 };

	if (t->len == 0 || t->len > INTERFACE_NAME_MAX ||
	    line_client(&rest).len < t->len)
		return false;
	for (size_t i = 0; i < t->len; i++)
		if (!isgraph((unsigned char)t->text[i]) ||
		    strchr("/%:,\\", t->text[i]))
			return false;
	return true;
}

/* Takes "%NAME" off the end of t. */
static bool
take_interface(struct token *t, struct acl_client *out, struct flaw *flaw)
{
	const char *percent = memchr(t->text, '%', t->len);
	size_t at = percent ? (size_t)(percent - t->text) : t->len;
	struct token name = { t->text + at + 1, t->len - at - 1,
			      t->column + (uint32_t)at + 1 };

	if (!percent)
		return true;
	if (!interface_name_is_good(&name))
		return wrong(flaw, &name, "is not the name of an interface",
			     "write the client first, and an interface of at "
			     "most 15 bytes last: 10.0.0.0/8%lan0");
	out->interface = name;
	t->len = at;
	return true;
}

bool
client_read(const struct token *whole, struct acl_client *out,
	    struct flaw *flaw)
{
	struct token t = *whole;

	*out = (struct acl_client){ .whole = t };
	if (!take_interface(&t, out, flaw))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (token_is(&t, words[i].word)) {
			out->kind = words[i].kind;
			return true;
		}
	}
	if (t.len == 0 || t.text[0] != '@') {
		out->kind = CLIENT_NET;
		return read_net(&t, out, flaw);
	}
	out->kind = CLIENT_GROUP;
	out->group = (struct token){ t.text + 1, t.len - 1, t.column + 1 };
	if (!group_name_is_good(&out->group))
		return wrong(flaw, &t, "is not a group",
			     "write @ and a name of letters, digits, - and _, "
			     "at most 32");
	return true;
}
