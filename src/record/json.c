/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The access log as JSON (RFC 8259): one object a line, so that a reader may
 * begin anywhere.
 *
 * Names are first escaped as in the text form, which makes them printable
 * ASCII, and then as JSON strings: whatever a name holds, a line is a valid
 * object, and the name can be read back. A field that does not apply is left
 * out; none is ever null.
 */
#include "record/json.h"

#include "policy/print.h"
#include "record/access.h"
#include "wire/types.h"

static void
put_string(struct text *out, const char *s)
{
	text_char(out, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			text_char(out, '\\');
		text_char(out, *s);
	}
	text_char(out, '"');
}

static void
put_key(struct text *out, const char *key)
{
	if (out->buf[out->len - 1] != '{')
		text_char(out, ',');
	text_char(out, '"');
	text_str(out, key);
	text_str(out, "\":");
}

static void
put_text(struct text *out, const char *key, const char *value)
{
	if (*value == '\0')
		return;
	put_key(out, key);
	put_string(out, value);
}

static void
put_number(struct text *out, const char *key, uint64_t value)
{
	put_key(out, key);
	text_u64(out, value);
}

/* Days since 1970 as year, month and day. A year begins in March here, so
 * that the leap day is its last. */
static void
put_day(struct text *out, uint64_t days)
{
	uint64_t since_0000 = days + 719468; /* the first of March */
	uint64_t era = since_0000 / 146097, day = since_0000 % 146097;
	uint64_t year =
	    (day - day / 1460 + day / 36524 - day / 146096) / 365;
	uint64_t of_year = day - (365 * year + year / 4 - year / 100);
	uint64_t month = (5 * of_year + 2) / 153;

	text_printf(out, "%04u-%02u-%02u",
		    (unsigned)(year + era * 400 + (month >= 10)),
		    (unsigned)(month < 10 ? month + 3 : month - 9),
		    (unsigned)(of_year - (153 * month + 2) / 5 + 1));
}

/* RFC 3339, without the C library, which would look for a time zone. */
static void
put_time(struct text *out, uint64_t time_ms)
{
	unsigned second = (unsigned)(time_ms / 1000 % 86400);
	char buf[48];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	put_day(&t, time_ms / 1000 / 86400);
	text_printf(&t, "T%02u:%02u:%02u.%03uZ", second / 3600,
		    second / 60 % 60, second % 60, (unsigned)(time_ms % 1000));
	put_text(out, "time", buf);
}

static void
put_address(struct text *out, const char *key, const struct addr *a)
{
	char buf[ADDR_TEXT_SIZE];

	if (a->family != 0)
		put_text(out, key, addr_print(a, buf));
}

static void
put_question(struct text *out, const struct record_item *item)
{
	char buf[NAME_TEXT_SIZE], number[16];
	struct text name;

	if (item->has_id)
		put_number(out, "id", item->id);
	text_init(&name, buf, sizeof(buf));
	access_print_name(item, &name);
	put_text(out, "name", buf);
	if (item->type != 0)
		put_text(out, "type", type_text(item->type, number));
}

static void
put_rule(struct text *out, const struct event *e)
{
	const struct image_rule *rule = event_rule(e);
	char place_buf[EVENT_PLACE_SIZE], rule_buf[RULE_TEXT_SIZE];
	struct text place, text;

	if (rule == NULL)
		return;
	text_init(&place, place_buf, sizeof(place_buf));
	event_print_place(e, &place);
	put_text(out, "rule", place_buf);
	text_init(&text, rule_buf, sizeof(rule_buf));
	rule_print(e->policy, rule, &text);
	put_text(out, "rule_text", rule_buf);
}

static void
put_chain(struct text *out, const struct event *e)
{
	char buf[NAME_TEXT_SIZE];
	struct text name;

	if (e->chain_count == 0)
		return;
	put_key(out, "chain");
	for (unsigned i = 0; i < e->chain_count; i++) {
		text_char(out, i == 0 ? '[' : ',');
		text_init(&name, buf, sizeof(buf));
		name_print(&e->chain[i], &name);
		put_string(out, buf);
	}
	text_char(out, ']');
}

static void
put_grant(struct text *out, const struct record_item *item)
{
	char buf[16];
	struct text protocol;

	put_address(out, "address", &item->address);
	if (item->kind != RECORD_GRANTED && item->kind != RECORD_GRANT_FAILED)
		return;
	text_init(&protocol, buf, sizeof(buf));
	access_print_protocol(item->protocol, &protocol);
	put_text(out, "protocol", buf);
	put_number(out, "port",
		   port_number(item->protocol, item->port));
	put_number(out, "ttl", item->ttl_s);
}

static void
put_end(struct text *out, const struct record_item *item)
{
	char buf[EVENT_REASON_SIZE], number[16], at[ENDPOINT_TEXT_SIZE];
	struct text reason;

	if (!item->ended)
		return;
	put_text(out, "rcode", rcode_text(item->rcode, number));
	text_init(&reason, buf, sizeof(buf));
	event_print_reason(item, &reason);
	put_text(out, "reason", buf);
	put_text(out, "source", event_source(item));
	if (item->upstream.addr.family != 0)
		put_text(out, "upstream", endpoint_print(&item->upstream, at));
	put_number(out, "latency_us", item->latency_us);
}

/* What would have been, for it was answered all the same. */
static void
put_audit(struct text *out, const struct record_item *item)
{
	char buf[EVENT_REASON_SIZE];
	struct text reason;

	if (!item->audit)
		return;
	text_init(&reason, buf, sizeof(buf));
	event_print_reason(item, &reason);
	put_text(out, "reason", buf);
	put_key(out, "audit");
	text_str(out, "true");
}

void
json_print(const struct event *e, struct text *out)
{
	const struct record_item *item = e->item;

	text_char(out, '{');
	put_time(out, e->time_ms);
	put_text(out, "event", event_name(item));
	put_address(out, "client", &item->client);
	if (item->ifindex != 0)
		put_number(out, "ifindex", item->ifindex);
	put_question(out, item);
	put_rule(out, e);
	put_chain(out, e);
	put_grant(out, item);
	put_end(out, item);
	put_audit(out, item);
	if (e->repeated > 0)
		put_number(out, "repeated", e->repeated);
	text_str(out, "}\n");
}
