/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of the systemd journal (systemd.io/JOURNAL_NATIVE_PROTOCOL): lines
 * of FIELD=value in one datagram. Every value is printable ASCII, so none
 * can begin a field of its own.
 */
#include "record/journal.h"

#include <syslog.h>

#include "policy/print.h"
#include "record/access.h"
#include "wire/name.h"
#include "wire/types.h"

void
journal_begin(struct text *out)
{
	text_str(out, "MESSAGE=");
}

static void
put_text(struct text *out, const char *field, const char *value)
{
	if (*value == '\0')
		return;
	text_str(out, field);
	text_char(out, '=');
	text_str(out, value);
	text_char(out, '\n');
}

static void
put_number(struct text *out, const char *field, uint64_t value)
{
	text_str(out, field);
	text_char(out, '=');
	text_u64(out, value);
	text_char(out, '\n');
}

static void
put_address(struct text *out, const char *field, const struct addr *a)
{
	char buf[ADDR_TEXT_SIZE];

	if (a->family != 0)
		put_text(out, field, addr_print(a, buf));
}

/* What the owner decided is worth a notice, what went wrong a warning. */
static unsigned
priority(const struct record_item *item)
{
	switch ((enum record_kind)item->kind) {
	case RECORD_BAD_ANSWER:
	case RECORD_GRANT_FAILED:
		return LOG_WARNING;
	case RECORD_BLOCKED:
	case RECORD_LOCAL:
	case RECORD_BAD_QUERY:
		return LOG_NOTICE;
	default:
		return LOG_INFO;
	}
}

static void
put_question(struct text *out, const struct event *e)
{
	char name_buf[NAME_TEXT_SIZE], place_buf[EVENT_PLACE_SIZE], number[16];
	struct text name, place;

	text_init(&name, name_buf, sizeof(name_buf));
	access_print_name(e->item, &name);
	/* Who looks for a name finds it, however a client spelt it. */
	for (char *c = name_buf; *c != '\0'; c++)
		*c = (char)name_fold((uint8_t)*c);
	put_text(out, "DNSFW_NAME", name_buf);
	if (e->item->type != 0)
		put_text(out, "DNSFW_TYPE", type_text(e->item->type, number));
	text_init(&place, place_buf, sizeof(place_buf));
	event_print_place(e, &place);
	put_text(out, "DNSFW_RULE", place_buf);
}

static void
put_grant(struct text *out, const struct record_item *item)
{
	char buf[16];
	struct text protocol;

	put_address(out, "DNSFW_ADDRESS", &item->address);
	if (item->kind != RECORD_GRANTED && item->kind != RECORD_GRANT_FAILED)
		return;
	text_init(&protocol, buf, sizeof(buf));
	access_print_protocol(item->protocol, &protocol);
	put_text(out, "DNSFW_PROTOCOL", buf);
	put_number(out, "DNSFW_PORT",
		   port_number(item->protocol, item->port));
	put_number(out, "DNSFW_TTL", item->ttl_s);
}

static void
put_end(struct text *out, const struct record_item *item)
{
	char buf[EVENT_REASON_SIZE], number[16], at[ENDPOINT_TEXT_SIZE];
	struct text reason;

	if (!item->ended)
		return;
	put_text(out, "DNSFW_RCODE", rcode_text(item->rcode, number));
	text_init(&reason, buf, sizeof(buf));
	event_print_reason(item, &reason);
	put_text(out, "DNSFW_REASON", buf);
	put_text(out, "DNSFW_SOURCE", event_source(item));
	if (item->upstream.addr.family != 0)
		put_text(out, "DNSFW_UPSTREAM",
			 endpoint_print(&item->upstream, at));
	put_number(out, "DNSFW_LATENCY_US", item->latency_us);
}

void
journal_end(const struct event *e, struct text *out)
{
	put_number(out, "PRIORITY", priority(e->item));
	put_text(out, "SYSLOG_IDENTIFIER", "dns-firewall");
	put_text(out, "DNSFW_VERDICT", event_name(e->item));
	put_address(out, "DNSFW_CLIENT", &e->item->client);
	put_question(out, e);
	put_grant(out, e->item);
	put_end(out, e->item);
	if (e->item->audit)
		put_number(out, "DNSFW_AUDIT", 1);
	if (e->repeated > 0)
		put_number(out, "DNSFW_REPEATED", e->repeated);
}
