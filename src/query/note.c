/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the access log holds of a query: one record when it goes upstream, and
 * when it has ended one for each thing that came of it. Nothing is formatted
 * here, and nothing waits.
 */
#include "query/note.h"

#include "query/grants.h"
#include "query/scratch.h"
#include "query/steps.h"

static struct record_item *
item_new(const struct query *q, enum record_kind kind)
{
	struct recording *r = q->house->recording;
	struct record_item *item;

	recording_set_generation(r, q->generation);
	item = record_next(r);
	item->client = q->origin.client.addr;
	item->kind = (uint8_t)kind;
	item->id = q->in.header.id;
	item->has_id = 1;
	return item;
}

static void
name_it(const struct query *q, struct record_item *item)
{
	record_name(item, &q->in.question.name);
	if (q->judged)
		item->rule = q->verdict.rule;
}

void
note_asked(struct query *q, enum record_kind kind)
{
	bool *said = &q->said[kind == RECORD_DNS_ONLY];

	if (*said)
		return;
	*said = true;
	if (kind == RECORD_ALLOWED)
		query_count(q, allowed);
	else
		query_count(q, dns_only);
	name_it(q, item_new(q, kind));
}

/* One for each address and port. */
static void
note_grants(const struct query *q, enum record_kind kind)
{
	struct grant_item *items = q->house->scratch->items;
	unsigned count = grants_list(q, items);

	for (unsigned i = 0; i < count; i++) {
		struct record_item *item = item_new(q, kind);

		name_it(q, item);
		item->rule = items[i].rule;
		item->address = items[i].destination;
		item->protocol = items[i].protocol;
		item->port = items[i].port;
		item->ttl_s = q->rule_time_s;
	}
}

/* The id of a query that could not be read is not worth its name. */
static void
note_reason(const struct query *q)
{
	struct record_item *item = item_new(q, q->ending.note);

	item->reason = (uint8_t)q->ending.reason;
	item->number = q->number;
	if (q->ending.reason == REASON_TORN) {
		item->has_id = 0;
		item->id = 0;
	}
}

void
note_ended(struct query *q)
{
	struct record_item *item;

	switch (q->ending.note) {
	case RECORD_GRANTED:
	case RECORD_GRANT_FAILED:
		note_grants(q, q->ending.note);
		break;
	case RECORD_BAD_QUERY:
	case RECORD_BAD_ANSWER:
		note_reason(q);
		break;
	case RECORD_FORWARDED:
		item_new(q, RECORD_FORWARDED);
		break;
	case RECORD_BLOCKED:
	case RECORD_LOCAL:
		item = item_new(q, q->ending.note);
		name_it(q, item);
		item->address = q->local;
		break;
	case RECORD_ALLOWED:
	case RECORD_DNS_ONLY:
		break;
	}
}
