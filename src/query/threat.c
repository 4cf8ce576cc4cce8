/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists, held against what a client asks and what it would be told.
 *
 * They come after the access list: what a rule blocks is blocked, and a name
 * that a rule spells out is not asked of them; a wildcard does not protect
 * from them. It is looked at every time, also where the answer comes from the
 * cache, for lists change.
 */
#include "query/threat.h"

#include "lists/match.h"
#include "query/audit.h"
#include "query/note.h"
#include "query/scratch.h"

static const struct lists_ask names = { TRIGGER_QNAME, LISTS_ALL };
static const struct lists_ask addresses = { TRIGGER_IP, LISTS_ALL };

static const struct ending endings[ACTION_COUNT] = {
	[ACTION_NXDOMAIN] = { RCODE_NXDOMAIN, EDE_BLOCKED, NULL, RECORD_BLOCKED,
			      REASON_LISTED },
	[ACTION_NODATA] = { RCODE_NOERROR, EDE_BLOCKED, NULL, RECORD_BLOCKED,
			    REASON_LISTED },
	[ACTION_REFUSED] = { RCODE_REFUSED, EDE_BLOCKED, NULL, RECORD_BLOCKED,
			     REASON_LISTED },
	[ACTION_DROP] = { RCODE_REFUSED, EDE_BLOCKED, NULL, RECORD_BLOCKED,
			  REASON_LISTED },
};

static enum step_result
drop(struct query *q)
{
	query_count(q, dropped_blocked);
	note_ended(q);
	return STEP_DROP;
}

/* answer: the upstream was asked before. */
static enum step_result
end_listed(struct query *q, const struct lists_hit *hit, bool answer)
{
	const struct lists *l = &q->house->lists;
	struct text t;

	query_count(q, listed);
	end_with(q, &endings[hit->action]);
	if (answer) {
		q->ending.note = RECORD_BAD_ANSWER;
		q->ending.reason = REASON_ANSWER_LISTED;
	}
	q->number = (uint16_t)hit->list;
	text_init(&t, q->ede_text, sizeof(q->ede_text));
	text_printf(&t, "list %s", lists_text(l, lists_at(l, hit->list)->name));
	q->ending.text = q->ede_text;
	return hit->action == ACTION_DROP ? drop(q) : STEP_ANSWER;
}

static enum step_result
judge(struct query *q, const struct lists_hit *hit, bool answer)
{
	if (hit->action == ACTION_PASSTHRU)
		return STEP_GO_ON;
	if (audit_passes_list(q, hit->list, answer))
		return STEP_GO_ON;
	return end_listed(q, hit, answer);
}

static void
note_logged(struct query *q, const struct lists_hit *log)
{
	if (log->list != LISTS_NONE)
		query_count(q, listed_logged);
}

enum step_result
threat_judge_question(struct query *q)
{
	struct lists_hit hit, log;

	q->passes_lists = q->verdict.exact;
	if (q->house->lists.head == NULL || q->passes_lists)
		return STEP_GO_ON;
	if (!lists_match_name(&q->house->lists, &names, &q->in.question.name,
			      &hit, &log)) {
		note_logged(q, &log);
		return STEP_GO_ON;
	}
	q->passes_lists = hit.action == ACTION_PASSTHRU;
	return judge(q, &hit, false);
}

bool
threat_has_address(const struct query *q, const struct addr *a)
{
	struct lists_hit hit;

	return q->house->lists.head != NULL && !q->passes_lists &&
	       lists_match_addr(&q->house->lists, &addresses, a, &hit, NULL) &&
	       hit.action != ACTION_PASSTHRU;
}

bool
threat_hides(const struct query *q, const struct addr *a)
{
	return q->house->opt->mode != MODE_AUDIT && threat_has_address(q, a);
}

/* ---- an answer ---------------------------------------------------------- */

struct hearing {
	struct lists_hit hit;
	bool logged; /* some list would have it counted */
};

static bool
has_name(const struct query *q, const struct name *name, struct hearing *h)
{
	struct lists_hit log;
	bool has =
	    lists_match_name(&q->house->lists, &names, name, &h->hit, &log);

	h->logged |= !has && log.list != LISTS_NONE;
	return has;
}

static bool
has_record(const struct query *q, const struct message *m, unsigned i,
	   struct hearing *h)
{
	struct lists_hit log;
	struct addr a;
	bool has;

	if (m->rr[i].section != SECTION_ANSWER || !rr_address(m, &m->rr[i], &a))
		return false;
	has = lists_match_addr(&q->house->lists, &addresses, &a, &h->hit,
			       &log);
	h->logged |= !has && log.list != LISTS_NONE;
	return has;
}

static bool
forbids(const struct hearing *h)
{
	return h->hit.action != ACTION_PASSTHRU;
}

/* An alias that a list lets through lets through all that it leads to; a
 * service or an address no more than itself. */
static bool
find_listed(const struct query *q, const struct message *m,
	    const struct aliases *c, struct hearing *h)
{
	const struct services *s = &q->house->scratch->services;

	for (unsigned i = 1; i < c->count; i++) {
		if (has_name(q, &c->name[i], h))
			return forbids(h);
	}
	for (unsigned i = 0; i < s->target_count; i++) {
		if (has_name(q, &s->target[i], h) && forbids(h))
			return true;
	}
	for (unsigned i = 0; i < m->rr_count; i++) {
		if (has_record(q, m, i, h) && forbids(h))
			return true;
	}
	return false;
}

enum step_result
threat_judge_answer(struct query *q, const struct message *m,
		    const struct aliases *c)
{
	struct hearing h = { .logged = false };

	if (q->house->lists.head == NULL || q->passes_lists)
		return STEP_GO_ON;
	if (find_listed(q, m, c, &h))
		return judge(q, &h.hit, true);
	if (h.logged)
		query_count(q, listed_logged);
	return STEP_GO_ON;
}
