/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what the recorder knows of an event to names and values. */
#include "record/fields.h"

#include "lists/image.h"
#include "policy/print.h"
#include "record/access.h"
#include "record/hit.h"
#include "record/record.h"
#include "wire/name.h"
#include "wire/types.h"

void
field_text(const struct field_form *form, struct text *out, const char *name,
	   const char *value)
{
	if (*value != '\0')
		form->text(out, name, value);
}

void
field_address(const struct field_form *form, struct text *out, const char *name,
	      const struct addr *a)
{
	char buf[ADDR_TEXT_SIZE];

	if (a->family != 0)
		form->text(out, name, addr_print(a, buf));
}

void
fields_question(const struct field_form *form, const struct event *e,
		struct text *out)
{
	char name_buf[NAME_TEXT_SIZE], place_buf[EVENT_PLACE_SIZE], number[16];
	struct text name, place;

	text_init(&name, name_buf, sizeof(name_buf));
	access_print_name(e->item, &name);
	for (char *c = name_buf; form->folds_names && *c != '\0'; c++)
		*c = (char)name_fold((uint8_t)*c);
	field_text(form, out, "name", name_buf);
	if (e->item->type != 0)
		form->text(out, "type", type_text(e->item->type, number));
	text_init(&place, place_buf, sizeof(place_buf));
	event_print_place(e, &place);
	field_text(form, out, "rule", place_buf);
}

void
fields_grant(const struct field_form *form, const struct event *e,
	     struct text *out)
{
	const struct record_item *item = e->item;
	char buf[16];
	struct text protocol;

	field_address(form, out, "address", &item->address);
	if (item->kind != RECORD_GRANTED && item->kind != RECORD_REFUSED &&
	    item->kind != RECORD_GRANT_FAILED)
		return;
	text_init(&protocol, buf, sizeof(buf));
	access_print_protocol(item->protocol, &protocol);
	field_text(form, out, "protocol", buf);
	form->number(out, "port", port_number(item->protocol, item->port));
	if (item->kind != RECORD_REFUSED)
		form->number(out, "ttl", item->ttl_s);
}

void
fields_refused(const struct field_form *form, const struct event *e,
	       struct text *out)
{
	if (e->refused == NULL)
		return;
	field_text(form, out, "cause", e->refused->cause);
	field_text(form, out, "reason", e->refused->reason);
	field_text(form, out, "line", e->refused->line);
}

/* By its number in the lists behind the policy that it was asked of. */
static void
field_list(const struct field_form *form, const struct event *e,
	   struct text *out)
{
	const struct lists_list *list;
	struct lists lists;

	if (e->policy == NULL || lists_of(e->policy, &lists) != ERR_NONE)
		return;
	list = lists_at(&lists, e->item->number);
	if (list == NULL)
		return;
	form->text(out, "list", lists_text(&lists, list->name));
	field_text(form, out, "category", lists_text(&lists, list->category));
}

static void
fields_hit(const struct field_form *form, const struct record_item *hit,
	   struct text *out)
{
	char buf[NAME_TEXT_SIZE + 2];
	struct text entry;

	text_init(&entry, buf, sizeof(buf));
	hit_print_entry(hit, &entry);
	form->text(out, "trigger", hit_trigger(hit));
	field_text(form, out, "entry", buf);
	form->text(out, "action", action_word(hit->action));
	if (hit->action == ACTION_LOG)
		form->text(out, "would", action_word(hit->would));
}

void
fields_list(const struct field_form *form, const struct event *e,
	    struct text *out)
{
	if (e->item->reason != REASON_LISTED &&
	    e->item->reason != REASON_ANSWER_LISTED)
		return;
	field_list(form, e, out);
	if (e->hit != NULL)
		fields_hit(form, e->hit, out);
}

void
fields_end(const struct field_form *form, const struct event *e,
	   struct text *out)
{
	const struct record_item *item = e->item;
	char buf[EVENT_REASON_SIZE], number[16], at[ENDPOINT_TEXT_SIZE];
	struct text reason;

	if (!item->ended)
		return;
	if (item->rcode != RECORD_DROPPED)
		form->text(out, "rcode", rcode_text(item->rcode, number));
	text_init(&reason, buf, sizeof(buf));
	event_print_reason(item, &reason);
	field_text(form, out, "reason", buf);
	form->text(out, "source", event_source(item));
	if (item->upstream.addr.family != 0)
		form->text(out, "upstream",
			   endpoint_print(&item->upstream, at));
	form->number(out, "latency_us", item->latency_us);
}
