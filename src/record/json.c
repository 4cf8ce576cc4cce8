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

#include "base/clock.h"
#include "policy/print.h"
#include "record/fields.h"

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
	put_key(out, key);
	put_string(out, value);
}

static void
put_number(struct text *out, const char *key, uint64_t value)
{
	put_key(out, key);
	text_u64(out, value);
}

static const struct field_form form = { .text = put_text,
					.number = put_number };

/* RFC 3339, without the C library, which would look for a time zone. */
static void
put_time(struct text *out, uint64_t time_ms)
{
	unsigned second = (unsigned)(time_ms / 1000 % 86400);
	struct date date;
	char buf[48];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	date_of(time_ms / 1000 / 86400, &date);
	text_printf(&t, "%04u-%02u-%02u", date.year, date.month, date.day);
	text_printf(&t, "T%02u:%02u:%02u.%03uZ", second / 3600,
		    second / 60 % 60, second % 60, (unsigned)(time_ms % 1000));
	put_text(out, "time", buf);
}

static void
put_rule(struct text *out, const struct event *e)
{
	const struct image_rule *rule = event_rule(e);
	char buf[RULE_TEXT_SIZE];
	struct text text;

	if (rule == NULL)
		return;
	text_init(&text, buf, sizeof(buf));
	rule_print(e->policy, rule, &text);
	put_text(out, "rule_text", buf);
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
	field_text(&form, out, "reason", buf);
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
	field_address(&form, out, "client", &item->client);
	if (item->ifindex != 0)
		put_number(out, "ifindex", item->ifindex);
	if (item->has_id)
		put_number(out, "id", item->id);
	fields_question(&form, e, out);
	put_rule(out, e);
	put_chain(out, e);
	fields_grant(&form, e, out);
	fields_refused(&form, e, out);
	fields_list(&form, e, out);
	fields_end(&form, e, out);
	put_audit(out, item);
	if (e->repeated > 0)
		put_number(out, "repeated", e->repeated);
	text_str(out, "}\n");
}
