/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of the systemd journal (systemd.io/JOURNAL_NATIVE_PROTOCOL): lines
 * of FIELD=value in one datagram. Every value is printable ASCII, so none
 * can begin a field of its own.
 */
#include "record/journal.h"

#include <ctype.h>
#include <syslog.h>

#include "record/fields.h"

void
journal_begin(struct text *out)
{
	text_str(out, "MESSAGE=");
}

static void
put_name(struct text *out, const char *name)
{
	text_str(out, "DNSFW_");
	for (; *name != '\0'; name++)
		text_char(out, (char)toupper((unsigned char)*name));
	text_char(out, '=');
}

static void
put_text(struct text *out, const char *name, const char *value)
{
	put_name(out, name);
	text_str(out, value);
	text_char(out, '\n');
}

static void
put_number(struct text *out, const char *name, uint64_t value)
{
	put_name(out, name);
	text_u64(out, value);
	text_char(out, '\n');
}

/* Who looks for a name finds it, however a client spelt it. */
static const struct field_form form = { .text = put_text,
					.number = put_number,
					.folds_names = true };

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
	case RECORD_LISTED:
	case RECORD_BAD_QUERY:
	case RECORD_REFUSED:
		return LOG_NOTICE;
	default:
		return LOG_INFO;
	}
}

void
journal_end(const struct event *e, struct text *out)
{
	text_printf(out, "PRIORITY=%u\nSYSLOG_IDENTIFIER=dns-firewall\n",
		    priority(e->item));
	put_text(out, "verdict", event_name(e->item));
	field_address(&form, out, "client", &e->item->client);
	fields_question(&form, e, out);
	fields_grant(&form, e, out);
	fields_refused(&form, e, out);
	fields_list(&form, e, out);
	fields_end(&form, e, out);
	if (e->item->audit)
		put_number(out, "audit", 1);
	if (e->repeated > 0)
		put_number(out, "repeated", e->repeated);
}
