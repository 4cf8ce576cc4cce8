/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the access log holds of a query: one record when it goes upstream, and
 * when it has ended one for each thing that came of it. Nothing is formatted
 * here, and nothing waits.
 *
 * What only some forms of the log hold (how long it took, the names of the
 * chain) is gathered only for those.
 */
#include "query/note.h"

#include "base/clock.h"
#include "query/grants.h"
#include "query/scratch.h"
#include "query/steps.h"
#include "query/trail.h"

bool
note_is_detailed(const struct options *opt)
{
	return opt->log_journal || opt->rpz_log[0] != '\0' ||
	       opt->log_format != LOG_FORMAT_TEXT;
}

/* What was granted is asked for later, whether or not the log has it. */
static bool
is_wanted(const struct query *q, enum record_kind kind)
{
	return !q->house->opt->log_hits_only || record_is_hit(kind) ||
	       kind == RECORD_GRANTED;
}

static struct record_item *
item_new(const struct query *q, enum record_kind kind)
{
	struct recording *r = q->house->recording;
	struct record_item *item;

	recording_set_generation(r, q->generation);
	item = record_next(r);
	item->client = q->origin.client.addr;
	item->ifindex = q->origin.ifindex;
	item->kind = (uint8_t)kind;
	item->id = q->in.header.id;
	item->has_id = 1;
	item->rule = q->log_rule;
	if (q->in.question_ok) {
		item->type = q->in.question.type;
		record_name(item, &q->in.question.name);
	}
	return item;
}

/* The names of the chain go before the first item that has them. */
static void
send_chain(struct query *q)
{
	struct recording *r = q->house->recording;
	struct trail_place place = { 0 };
	struct name name;

	if (q->trail_links == 0 || q->chain_number != 0 ||
	    q->house->opt->log_format != LOG_FORMAT_JSON)
		return;
	q->chain_number = record_new_chain(r);
	for (unsigned i = 0; i < q->trail_links; i++) {
		struct record_item *item;

		trail_next(q, &place, &name);
		recording_set_generation(r, q->generation);
		item = record_next(r);
		item->kind = RECORD_ALIAS;
		item->chain = q->chain_number;
		item->chain_count = (uint8_t)(i + 1);
		record_name(item, &name);
	}
}

/* Four seconds at most, so that 32 bits hold it. */
static uint32_t
took_us(const struct query *q)
{
	return q->born_us == 0 ? 0 : (uint32_t)(clock_us() - q->born_us);
}

static struct record_item *
item_of_end(struct query *q, enum record_kind kind)
{
	struct record_item *item;

	send_chain(q);
	item = item_new(q, kind);
	item->ended = 1;
	item->latency_us = took_us(q);
	item->chain = q->chain_number;
	item->chain_count = q->chain_number ? q->trail_links : 0;
	item->source = (uint8_t)q->source;
	item->upstream = q->upstream_at;
	item->rcode = (uint16_t)q->ending.rcode;
	item->reason = (uint8_t)q->ending.reason;
	item->number = q->number;
	item->hit = q->threat.number;
	return item;
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
	if (is_wanted(q, kind))
		item_new(q, kind);
}

void
note_audited(struct query *q, enum record_kind kind,
	     enum record_reason reason)
{
	struct record_item *item;

	/* It stands for the line that says it is on its way. */
	q->said[1] = true;
	if (!is_wanted(q, kind))
		return;
	item = item_new(q, kind);
	item->audit = 1;
	item->hit = q->threat.number;
	item->reason = (uint8_t)reason;
	item->number = q->number;
}

void
note_resolved(struct query *q, const struct addr *address)
{
	const struct options *opt = q->house->opt;
	struct record_item *item;

	if (opt->nflog_group == 0 && opt->mode != MODE_AUDIT)
		return;
	item = item_new(q, RECORD_RESOLVED);
	item->address = *address;
}

uint32_t
note_hit(struct query *q, const struct lists_hit *hit,
	 const struct name *subject)
{
	struct record_item *item;

	if (!note_is_detailed(q->house->opt))
		return 0;
	item = item_new(q, RECORD_HIT);
	item->rule = IMAGE_NONE;
	memset(item->name, 0, sizeof(item->name));
	record_name(item, subject);
	item->port = q->origin.client.port;
	item->hit = record_new_hit(q->house->recording);
	item->number = (uint16_t)hit->list;
	item->trigger = (uint8_t)hit->trigger;
	item->action = (uint8_t)hit->action;
	item->would = (uint8_t)hit->given;
	item->wild = hit->wild_entry;
	item->labels = (uint8_t)hit->labels;
	item->address = hit->net.addr;
	item->bits = hit->net.bits;
	return item->hit;
}

void
note_listed(struct query *q, const struct lists_hit *hit,
	    const struct name *subject)
{
	struct record_item *item;
	uint32_t number;

	if (!is_wanted(q, RECORD_LISTED))
		return;
	number = note_hit(q, hit, subject);
	item = item_new(q, RECORD_LISTED);
	item->hit = number;
	item->number = (uint16_t)hit->list;
	item->reason = hit->trigger <= TRIGGER_QNAME ? REASON_LISTED
						     : REASON_ANSWER_LISTED;
}

/* One for each address and port. */
static void
note_grants(struct query *q, enum record_kind kind)
{
	struct grant_item *items = q->house->scratch->items;
	unsigned count = grants_list(q, items);

	for (unsigned i = 0; i < count; i++) {
		struct record_item *item = item_of_end(q, kind);

		item->rule = items[i].rule;
		item->address = items[i].destination;
		item->protocol = items[i].protocol;
		item->port = items[i].port;
		item->ttl_s = q->rule_time_s;
		item->borrowed = q->borrowed && !q->owns_ports;
	}
}

void
note_ended(struct query *q)
{
	enum record_kind kind = q->ending.note;
	struct record_item *item;

	if (!is_wanted(q, kind))
		return;
	switch (kind) {
	case RECORD_GRANTED:
	case RECORD_GRANT_FAILED:
		note_grants(q, kind);
		break;
	case RECORD_BAD_QUERY:
	case RECORD_BAD_ANSWER:
	case RECORD_FORWARDED:
	case RECORD_BLOCKED:
	case RECORD_LOCAL:
		item = item_of_end(q, kind);
		item->address = q->local;
		/* That id of a query that could not be read says nothing. */
		if (q->ending.reason == REASON_TORN)
			item->id = item->has_id = 0;
		break;
	default:
		break;
	}
}

void
note_dropped(struct query *q)
{
	q->ending.rcode = RECORD_DROPPED;
	note_ended(q);
}
