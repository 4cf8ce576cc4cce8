/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was found, in words, and as a line of the access list. */
#include <inttypes.h>
#include <string.h>

#include "policy/print.h"
#include "policy/service.h"
#include "witness/finding.h"

static const struct {
	const char *words, *sentence;
} causes[CAUSE_COUNT] = {
#define CAUSE(name, words, sentence) [CAUSE_##name] = { words, sentence },
#include "witness/cause.def"
#undef CAUSE
};

const char *
cause_text(enum cause cause)
{
	return causes[cause].words;
}

static bool
is_icmp(uint8_t protocol)
{
	return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

static void
print_protocol(uint8_t protocol, struct text *out)
{
	if (protocol_is_known(protocol))
		text_str(out, protocol_text(protocol));
	else
		text_printf(out, "protocol %u", protocol);
}

static void
print_service(uint8_t protocol, uint16_t port, struct text *out)
{
	print_protocol(protocol, out);
	text_printf(out, ":%u", port_number(protocol, port));
}

void
attempt_print(const struct attempt *a, struct text *out)
{
	char buf[ADDR_TEXT_SIZE];

	text_printf(out, "[%s]", addr_print(&a->address, buf));
	if (a->protocol == 0)
		return;
	text_char(out, ':');
	print_protocol(a->protocol, out);
	if (a->has_port && protocol_is_known(a->protocol))
		text_printf(out, ":%u", port_number(a->protocol, a->port));
}

void
finding_print_place(const struct policy *p, uint32_t rule, struct text *out)
{
	const struct image_rule *r = policy_rule(p, rule);
	const char *file;

	if (!r)
		return;
	file = policy_rule_file(p, r);
	text_escaped(out, file, strlen(file));
	text_printf(out, ":%u", r->line);
}

static void
print_ports(const struct finding *f, struct text *out)
{
	text_str(out, " (allowed:");
	for (unsigned i = 0; i < f->port_count; i++) {
		text_str(out, i == 0 ? " " : ", ");
		print_service(f->port[i].protocol, f->port[i].port, out);
	}
	text_str(out, f->ports_cut ? " and more)" : ")");
}

static void
print_other(const struct finding *f, struct text *out)
{
	char buf[ADDR_TEXT_SIZE];

	text_printf(out, " (%s ",
		    f->other.family == 0 ? "this host"
					 : addr_print(&f->other, buf));
	text_str(out, f->given ? "asked for it; the client may, and has not)"
			       : "asked for it)");
}

void
finding_print(const struct finding *f, const struct policy *p, int64_t now_ms,
	      struct text *out)
{
	text_str(out, causes[f->cause].words);
	if (f->is_static)
		text_str(out, " without a question, as its list has it");
	else if (f->cause == CAUSE_OPEN)
		text_printf(out, " for %" PRId64 " s more",
			    (f->end_ms - now_ms + 999) / 1000);
	if (f->cause == CAUSE_EXPIRED)
		text_printf(out, " %" PRId64 " s ago",
			    (now_ms - f->end_ms) / 1000);
	if (f->cause == CAUSE_WRONG_PORT)
		print_ports(f, out);
	if (f->cause == CAUSE_BLOCKED) {
		text_char(out, ' ');
		finding_print_place(p, f->rule, out);
	}
	if (f->cause == CAUSE_OTHER_CLIENT)
		print_other(f, out);
	if (f->is_own)
		text_str(out, " (an address of this host: who may reach it is "
			      "not for the access list)");
	else if (f->is_resolver)
		text_str(out, " (it is another resolver that is asked: point "
			      "the client here)");
	else if (causes[f->cause].sentence[0] != '\0')
		text_printf(out, " (%s)", causes[f->cause].sentence);
}

/* ---- lines of the access list ------------------------------------------- */

static bool
is_of_host_name(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool
line_has_name(const struct name *name)
{
	unsigned at = 0;

	if (name->len < 2)
		return false;
	while (name->wire[at] != 0) {
		for (unsigned i = 1; i <= name->wire[at]; i++)
			if (!is_of_host_name(name->wire[at + i]))
				return false;
		at += name->wire[at] + 1u;
	}
	return true;
}

bool
line_has_service(const struct attempt *a)
{
	if (!a->has_port || !protocol_is_known(a->protocol))
		return false;
	if (is_icmp(a->protocol))
		return a->port == PORT_ECHO || a->port == PORT_ECHO6;
	return a->port != 0;
}

void
line_print_client(const struct addr *client, bool local, struct text *out)
{
	char buf[ADDR_TEXT_SIZE];

	text_str(out, local ? "localhost" : addr_print(client, buf));
}

/* The dot at its end is left out, as people write it. */
static void
print_name(const struct name *name, struct text *out)
{
	name_print(name, out);
	if (out->len > 0 && !out->cut)
		out->buf[--out->len] = '\0';
}

bool
finding_print_line(const struct finding *f, const struct attempt *a,
		   struct text *out)
{
	if (!line_has_name(&f->name) || !line_has_service(a))
		return false;
	line_print_client(&a->client, f->local, out);
	text_str(out, " -> ");
	print_name(&f->name, out);
	text_printf(out, ":%s", protocol_text(a->protocol));
	if (!is_icmp(a->protocol))
		text_printf(out, ":%u", a->port);
	return true;
}
