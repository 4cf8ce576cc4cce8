/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes become a question, or an error that tells as little as it can.
 *
 * What is no query at all is dropped: to answer it would let two servers talk
 * to each other for ever. A client that no net of the policy contains is told
 * so in the barest way and at a low rate, before anything it sent is looked
 * at; a primary of ours is no client, and its NOTIFY goes to who can judge it
 * (relay.c). Then RFC 1035 4.1, RFC 6891 (OPT), RFC 9619 (one question).
 */
#include "query/relay.h"
#include "query/steps.h"

static const struct ending torn = { RCODE_FORMERR, NO_EDE, NULL,
				    RECORD_BAD_QUERY, REASON_TORN };
static const struct ending empty = { RCODE_FORMERR, NO_EDE, NULL,
				     RECORD_BAD_QUERY, REASON_EMPTY };
static const struct ending many = { RCODE_FORMERR, NO_EDE, NULL,
				    RECORD_BAD_QUERY, REASON_QDCOUNT };
static const struct ending opcode = { RCODE_NOTIMP, NO_EDE, NULL,
				      RECORD_BAD_QUERY, REASON_OPCODE };
static const struct ending no_primary = { RCODE_REFUSED, NO_EDE, NULL,
					  RECORD_BAD_QUERY, REASON_OPCODE };
static const struct ending version = { RCODE_BADVERS, NO_EDE, NULL,
				       RECORD_BAD_QUERY, REASON_BADVERS };
static const struct ending keepalive = { RCODE_FORMERR, NO_EDE, NULL,
					 RECORD_BAD_QUERY, REASON_KEEPALIVE };
static const struct ending class = { RCODE_REFUSED, NO_EDE, NULL,
				     RECORD_BAD_QUERY, REASON_CLASS };
static const struct ending meta = { RCODE_REFUSED, NO_EDE, NULL,
				    RECORD_BAD_QUERY, REASON_META };
static const struct ending stranger = { RCODE_REFUSED, NO_EDE, NULL,
					RECORD_BLOCKED, REASON_STRANGER };
static const struct ending torn_stranger = { RCODE_REFUSED, NO_EDE, NULL,
					     RECORD_BAD_QUERY, REASON_TORN };

/* Types that name no data: OPT, TSIG, zone transfers and their like
 * (RFC 6895 3.1); ANY is judged by the policy. */
static bool
is_meta(uint16_t type)
{
	return type == TYPE_OPT ||
	       (type >= 128 && type <= 255 && type != TYPE_ANY);
}

static enum step_result
meet_stranger(struct query *q)
{
	query_count(q, strangers);
	if (!strangers_may_tell(&q->house->strangers, &q->origin.client.addr,
				q->born_ms)) {
		limit_reached(&q->house->limits, q->house->stats,
			      LIMIT_STRANGERS, &q->origin.client.addr);
		return STEP_DROP;
	}
	return end_with(q, q->in.question_ok ? &stranger : &torn_stranger);
}

static enum step_result
end_numbered(struct query *q, const struct ending *ending, unsigned number)
{
	query_count(q, malformed);
	q->number = (uint16_t)number;
	return end_with(q, ending);
}

/* Where zones are transferred NOTIFY is known, and others may not send it. */
static enum step_result
end_opcode(struct query *q)
{
	unsigned code = header_opcode(&q->in.header);
	bool known = code == OPCODE_NOTIFY &&
		     lists_have_primary(&q->house->lists, NULL);

	return end_numbered(q, known ? &no_primary : &opcode, code);
}

static enum step_result
check_question(struct query *q)
{
	const struct query_message *in = &q->in;

	if (in->edns.present && in->edns.version != 0)
		return end_numbered(q, &version, in->edns.version);
	if (q->origin.stream && in->edns.keepalive == KEEPALIVE_BAD)
		return end_numbered(q, &keepalive, 0);
	if (in->question.class != CLASS_IN)
		return end_numbered(q, &class, in->question.class);
	if (is_meta(in->question.type))
		return end_numbered(q, &meta, in->question.type);
	return STEP_GO_ON;
}

enum step_result
step_parse(struct query *q)
{
	enum err err = message_read_query(q->bytes, q->len, &q->in);
	const struct header *h = &q->in.header;

	if (q->len < HEADER_SIZE) {
		query_count(q, dropped_short);
		return STEP_DROP;
	}
	if (h->flags & FLAG_QR) {
		query_count(q, dropped_response);
		return STEP_DROP;
	}
	if (header_opcode(h) == OPCODE_NOTIFY && relay_hears(q))
		return relay_send(q);
	if (!query_knows(q->house, &q->origin.client.addr,
			 q->origin.ifindex))
		return meet_stranger(q);
	if (header_opcode(h) != OPCODE_QUERY)
		return end_opcode(q);
	if (h->qdcount == 0)
		return end_numbered(q, &empty, 0);
	if (h->qdcount > 1)
		return end_numbered(q, &many, h->qdcount);
	if (err != ERR_NONE)
		return end_numbered(q, &torn, 0);
	return check_question(q);
}
