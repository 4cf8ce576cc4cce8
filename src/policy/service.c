/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Protocols and ports. Lists and ranges are written out here, once: a set of
 * the kernel has one element for each port, so that a rule of many ports is
 * worth no more than many rules.
 */
#include "policy/service.h"

#include <netinet/in.h>
#include <string.h>

static const struct {
	const char *word;
	uint8_t protocol;
} protocols[] = {
	{ "TCP", IPPROTO_TCP },
	{ "UDP", IPPROTO_UDP },
	{ "SCTP", IPPROTO_SCTP },
	{ "ICMP", IPPROTO_ICMP },
};

static const char right[] =
    "write DOMAIN:TCP:PORT, DOMAIN:UDP:PORT, DOMAIN:SCTP:PORT or "
    "DOMAIN:ICMP; ~> allows DNS only";

bool
service_is_echo(uint8_t protocol, uint16_t port)
{
	return (protocol == IPPROTO_ICMP && port == PORT_ECHO) ||
	       (protocol == IPPROTO_ICMPV6 && port == PORT_ECHO6);
}

/* A set of all ports, while a list is read. */
struct chosen {
	unsigned count;
	uint8_t bit[65536 / 8];
};

static void
choose(struct chosen *c, unsigned port)
{
	uint8_t bit = (uint8_t)(1 << port % 8);

	c->count += !(c->bit[port / 8] & bit);
	c->bit[port / 8] |= bit;
}

static bool
port_parse(const char *text, size_t len, unsigned *out)
{
	return read_number(text, len, out) && *out >= 1 && *out <= 65535;
}

static bool
read_range(const struct token *t, struct chosen *c, struct flaw *flaw)
{
	const char *dash = memchr(t->text, '-', t->len);
	size_t head = dash ? (size_t)(dash - t->text) : t->len;
	unsigned first, last;

	if (!port_parse(t->text, head, &first) ||
	    (dash && !port_parse(dash + 1, t->len - head - 1, &last)))
		return wrong(flaw, t, "is not a port",
			     "write ports from 1 to 65535: 443, 80,443 or "
			     "8000-8010");
	if (!dash)
		last = first;
	if (last < first)
		return wrong(flaw, t, "is a range that ends before it begins",
			     "write the lower port first");
	for (unsigned port = first; port <= last; port++)
		choose(c, port);
	return true;
}

static bool
read_ports(struct line *l, struct acl_service *out, struct flaw *flaw)
{
	struct chosen c = { 0 };
	struct token first = { 0 };

	do {
		struct token t = line_word(l, ",=");

		if (!first.text)
			first = t;
		if (!read_range(&t, &c, flaw))
			return false;
	} while (line_take(l, ','));
	if (c.count > RULE_MAX_PORTS)
		return wrong(flaw, &first, "opens over 256 ports",
			     "write at most 256 ports in a rule");
	for (unsigned i = 0; i < 65536; i++) {
		if (i % 8 == 0 && c.bit[i / 8] == 0)
			i += 7;
		else if (c.bit[i / 8] >> i % 8 & 1)
			out->port[out->count++] = (uint16_t)i;
	}
	return true;
}

static bool
read_protocol(struct line *l, struct acl_service *out, struct flaw *flaw)
{
	struct token t = line_word(l, ":=");

	for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++) {
		if (token_is(&t, protocols[i].word)) {
			out->protocol = protocols[i].protocol;
			return true;
		}
	}
	return wrong(flaw, &t, "is not a protocol known here", right);
}

bool
service_read(struct line *l, struct acl_service *out, struct flaw *flaw)
{
	*out = (struct acl_service){ 0 };
	if (!line_take(l, ':'))
		return missing(flaw, line_rest(l),
			       "-> needs a protocol and a port", right);
	if (!read_protocol(l, out, flaw))
		return false;
	if (out->protocol == IPPROTO_ICMP) {
		struct token rest = line_rest(l);

		out->port[out->count++] = PORT_ECHO;
		if (line_take(l, ':'))
			return wrong(flaw, &rest, "does not belong here",
				     "write DOMAIN:ICMP alone; it opens echo "
				     "requests (ping)");
		return true;
	}
	if (!line_take(l, ':'))
		return missing(flaw, line_rest(l), "the port is missing",
			       right);
	return read_ports(l, out, flaw);
}
