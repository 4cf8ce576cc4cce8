/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From an action to an answer. */
#include "query/threat_reply.h"

#include "query/compose.h"
#include "query/note.h"
#include "query/threat_instead.h"
#include "query/threat_telling.h"

static enum step_result
drop(struct query *q)
{
	telling_end_listed(q, RCODE_REFUSED);
	query_count(q, dropped_blocked);
	note_dropped(q);
	return STEP_DROP;
}

static enum step_result
tell(struct query *q, const struct threat_place *p, unsigned rcode)
{
	struct telling t;

	telling_end_listed(q, rcode);
	telling_begin(q, &t);
	telling_way(&t, p->chain);
	if (t.hit->action == ACTION_DATA || t.hit->action == ACTION_ADDRESS)
		telling_data(&t);
	else if (t.hit->action == ACTION_NULL)
		telling_null(&t);
	return telling_finish(&t);
}

/* By UDP there is nothing but the word to come again. */
static enum step_result
tell_to_use_tcp(struct query *q, const struct threat_place *p)
{
	bool missing = p->chain != NULL && p->rcode == RCODE_NXDOMAIN;
	struct telling t;

	telling_end_listed(q, missing ? RCODE_NXDOMAIN : RCODE_NOERROR);
	telling_begin(q, &t);
	reply_truncate(&t.r);
	compose_end(q, &t.r);
	return STEP_ANSWER;
}

enum step_result
threat_reply(struct query *q, const struct threat_place *p)
{
	q->threat.chain_ttl_s = p->chain ? p->chain->ttl : 0;
	switch (p->hit->action) {
	case ACTION_DROP:
		return drop(q);
	case ACTION_REFUSED:
		telling_end_listed(q, RCODE_REFUSED);
		return STEP_ANSWER;
	case ACTION_TCP_ONLY:
		return tell_to_use_tcp(q, p);
	case ACTION_CNAME:
		return threat_redirect(q, p);
	case ACTION_NODATA:
	case ACTION_NULL:
	case ACTION_DATA:
	case ACTION_ADDRESS:
		return tell(q, p, RCODE_NOERROR);
	default:
		return tell(q, p, RCODE_NXDOMAIN);
	}
}
