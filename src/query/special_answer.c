/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answering names that are no business of any upstream. A loopback address is
 * the only one that is ever given, and it is never granted. What does not
 * exist is said with the SOA of an empty zone (RFC 6303 3), from which the
 * client knows how long to remember it (RFC 2308).
 */
#include "query/special_answer.h"

#include "policy/special.h"
#include "query/compose.h"
#include "query/steps.h"

enum {
	SPECIAL_TTL = 3600,
	SOA_SERIAL = 1,
	SOA_REFRESH = 3600,
	SOA_RETRY = 1200,
	SOA_EXPIRE = 604800,
	SOA_SIZE = 2 * NAME_MAX_WIRE + 20
};

static const struct ending host = { RCODE_NOERROR, NO_EDE, NULL, RECORD_LOCAL,
				    REASON_NONE };
static const struct ending negative[] = {
	[SPECIAL_BY_SPECIAL_NAMES] = { RCODE_NXDOMAIN, EDE_SYNTHESIZED,
				       "special name, answered here",
				       RECORD_BLOCKED, REASON_SPECIAL },
	[SPECIAL_BY_CANARY] = { RCODE_NXDOMAIN, EDE_FILTERED,
				"browsers are to use this resolver",
				RECORD_BLOCKED, REASON_SPECIAL },
	[SPECIAL_BY_PRIVATE_RELAY] = { RCODE_NXDOMAIN, EDE_BLOCKED,
				       "private relay is blocked here",
				       RECORD_BLOCKED, REASON_SPECIAL },
};

static void
add_soa(struct reply *r, const struct name *zone)
{
	static const uint8_t nobody[] = "\6nobody\7invalid"; /* and the root */
	uint8_t rdata[SOA_SIZE];
	struct writer w = writer_of(rdata, sizeof(rdata));

	writer_bytes(&w, zone->wire, zone->len);
	writer_bytes(&w, nobody, sizeof(nobody));
	writer_u32(&w, SOA_SERIAL);
	writer_u32(&w, SOA_REFRESH);
	writer_u32(&w, SOA_RETRY);
	writer_u32(&w, SOA_EXPIRE);
	writer_u32(&w, SPECIAL_TTL);
	reply_record(r, SECTION_AUTHORITY, zone, TYPE_SOA, SPECIAL_TTL, rdata,
		     w.at);
}

static void
answer_host(struct query *q)
{
	struct reply r;

	end_with(q, &host);
	compose_begin(q, &r);
	reply_address(&r, SECTION_ANSWER, &q->in.question.name, &q->local,
		      SPECIAL_TTL);
	compose_end(q, &r);
}

static void
answer_nothing(struct query *q, const struct special *s)
{
	struct reply r;

	end_with(q, &negative[s->by]);
	if (special_exists(s, &q->in.question.name))
		q->ending.rcode = RCODE_NOERROR;
	compose_begin(q, &r);
	add_soa(&r, &s->zone);
	compose_end(q, &r);
}

bool
special_answer(struct query *q)
{
	const struct special_question asked = { &q->house->policy, &q->verdict,
						&q->in.question.name };
	const struct special *s =
	    special_find(&q->house->specials, q->house->opt, &asked);

	if (!s)
		return false;
	query_count(q, special);
	if (special_address(s, q->in.question.type, &q->local))
		answer_host(q);
	else
		answer_nothing(q, s);
	return true;
}
