/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The access log's text, byte for byte that of the Rust program
 * dns-firewall 1.2, so that what reads its log goes on reading ours.
 *
 * The items come from a worker, which strangers talk to, but have been found
 * sound (record_is_sound): whatever bytes a name holds, the line is printable
 * ASCII and ends where it should.
 */
#include "record/access.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include "policy/print.h"
#include "record/record.h"
#include "wire/message.h"

static const char *const arrow[] = {
	[RECORD_ALLOWED] = "->",      [RECORD_DNS_ONLY] = "~>",
	[RECORD_BLOCKED] = "|>",      [RECORD_LOCAL] = "|>",
	[RECORD_BAD_QUERY] = "!>",    [RECORD_BAD_ANSWER] = "<!",
	[RECORD_FORWARDED] = "<~",    [RECORD_GRANTED] = "<-",
	[RECORD_GRANT_FAILED] = "<!", [RECORD_LISTED] = "|~",
};

static const char *const reasons[] = {
	[REASON_NONE] = "",
#define REASON(name, text) [REASON_##name] = text,
#include "record/reason.def"
#undef REASON
};

void
access_print_name(const struct record_item *item, struct text *out)
{
	struct name name = { .len = item->name_len };

	if (item->name_len == 0)
		return;
	memcpy(name.wire, item->name, item->name_len);
	name_print(&name, out);
}

static void
print_address(const struct addr *a, struct text *out)
{
	char buf[ADDR_TEXT_SIZE];

	if (a->family == 4 || a->family == 6)
		text_str(out, addr_print(a, buf));
}

static const char *
class_text(unsigned class, char buf[16])
{
	static const struct {
		unsigned class;
		const char *text;
	} known[] = { { 1, "IN" },
		      { 3, "CH" },
		      { 4, "HS" },
		      { 254, "NONE" },
		      { 255, "ANY" } };
	struct text t;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].class == class)
			return known[i].text;
	text_init(&t, buf, 16);
	text_str(&t, "CLASS");
	text_u64(&t, class);
	return buf;
}

static void
print_number(char form, unsigned number, struct text *out)
{
	char buf[16];

	if (form == 'o')
		text_str(out, opcode_log_text(number, buf));
	else if (form == 'r')
		text_str(out, rcode_log_text(number, buf));
	else if (form == 't')
		text_str(out, type_text(number, buf));
	else if (form == 'c')
		text_str(out, class_text(number, buf));
	else
		text_u64(out, number);
}

void
access_print_reason(const struct record_item *item, struct text *out)
{
	const char *s = "";

	if (item->reason < REASON_COUNT)
		s = reasons[item->reason];
	for (; *s != '\0'; s++)
		if (*s == '%')
			print_number(*++s, item->number, out);
		else
			text_char(out, *s);
}

void
access_print_protocol(uint8_t protocol, struct text *out)
{
	text_str(out, protocol_text(protocol));
}

static void
print_grant(const struct record_item *item, struct text *out)
{
	access_print_name(item, out);
	text_str(out, " [");
	print_address(&item->address, out);
	text_str(out, "]:");
	access_print_protocol(item->protocol, out);
	text_char(out, ':');
	text_u64(out, port_number(item->protocol, item->port));
	text_str(out, " TTL:");
	text_u64(out, item->ttl_s);
	if (item->kind == RECORD_GRANT_FAILED)
		text_str(out, " Firewall configuration failed");
}

static void
print_rest(const struct record_item *item, struct text *out)
{
	switch ((enum record_kind)item->kind) {
	case RECORD_ALLOWED:
	case RECORD_DNS_ONLY:
	case RECORD_BLOCKED:
	case RECORD_LISTED:
		access_print_name(item, out);
		break;
	case RECORD_LOCAL:
		access_print_name(item, out);
		text_str(out, " = ");
		print_address(&item->address, out);
		break;
	case RECORD_BAD_QUERY:
	case RECORD_BAD_ANSWER:
		access_print_reason(item, out);
		break;
	case RECORD_GRANTED:
	case RECORD_GRANT_FAILED:
		print_grant(item, out);
		break;
	case RECORD_FORWARDED:
	case RECORD_ALIAS:
	case RECORD_RESOLVED:
	case RECORD_HIT:
	case RECORD_REFUSED:
	case RECORD_KINDS:
		break;
	}
}

void
access_print(const struct record_item *item, struct text *out)
{
	print_address(&item->client, out);
	text_char(out, ' ');
	text_str(out, arrow[item->kind]);
	text_char(out, ' ');
	if (item->has_id) {
		text_char(out, '[');
		text_u64(out, item->id);
		text_str(out, "] ");
	}
	print_rest(item, out);
	if (item->audit)
		text_str(out, " (audit: passed)");
	text_char(out, '\n');
}
