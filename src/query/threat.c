/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists, held against what a client asks and what it would be told.
 *
 * They come after the access list: what a rule blocks is blocked, and a name
 * that a rule spells out is not asked of them; a wildcard does not protect
 * from them, and a rule that names a list from no other list. It is looked at
 * every time, also where the answer comes from the cache, for lists change.
 *
 * The first name of the chain that any list has decides, and there the first
 * hit (lists/contest.h). What the question alone decides is not asked of an
 * upstream: where an earlier list might still have the addresses or the
 * servers that come back, the hit waits for them.
 */
#include "query/threat.h"

#include "lists/member.h"
#include "query/audit.h"
#include "query/note.h"
#include "query/scratch.h"
#include "lists/contest.h"
#include "query/threat_reply.h"
#include "query/threat_servers.h"
#include "upstream/match.h"

void
threat_begin(struct query *q)
{
	struct threat *t = &q->threat;

	t->among = t->veto = t->logged = 0;
	t->decided = t->redirected = false;
	t->at = 0;
	t->number = 0;
	t->first.list = t->hit.list = LISTS_NONE;
}

/* Whether any list may have a say; it sets which. */
static bool
is_held_against(struct query *q)
{
	const struct lists *l = &q->house->lists;

	if (l->head == NULL || q->verdict.exact)
		return false;
	q->threat.among =
	    lists_for_client(l, &q->origin.client.addr) & ~q->verdict.opened;
	q->threat.veto = q->threat.among;
	return q->threat.among != 0;
}

/* ---- what comes of a hit ----------------------------------------------- */

static void
on_logged(void *arg, const struct lists_hit *log, const struct name *name)
{
	struct query *q = arg;
	uint64_t bit = 1ull << log->list;

	if ((q->threat.logged & bit) != 0)
		return;
	q->threat.logged |= bit;
	query_count(q, listed_logged);
	tally_add(&q->house->tally, log->list);
	note_listed(q, log, name);
}

/* name: that place of the chain. */
static void
begin(struct query *q, struct contest *c, const struct name *name)
{
	contest_begin(c, &q->house->lists, q->threat.among);
	c->place = name;
	c->log = on_logged;
	c->arg = q;
}

/* Who asks by TCP has done what TCP-ONLY wants of him. */
static bool
lets_through(const struct query *q, const struct lists_hit *hit)
{
	return hit->action == ACTION_PASSTHRU ||
	       (hit->action == ACTION_TCP_ONLY && q->origin.stream);
}

/* It stands for all that the name leads to; of an address, for it alone. */
static enum step_result
let_through(struct query *q, const struct threat_place *p)
{
	struct threat *t = &q->threat;

	if (p->hit->trigger != TRIGGER_IP)
		t->veto = t->among & lists_before(p->hit->list);
	t->number = 0;
	note_listed(q, p->hit, p->subject);
	return STEP_GO_ON;
}

static bool
is_of_question(const struct threat_place *p)
{
	return p->at == 0 && p->hit->trigger <= TRIGGER_QNAME;
}

static enum step_result
decide(struct query *q, const struct threat_place *p)
{
	struct threat *t = &q->threat;
	enum step_result result;

	t->decided = true;
	tally_add(&q->house->tally, p->hit->list);
	t->hit = *p->hit;
	t->at = (uint8_t)p->at;
	if (lets_through(q, p->hit))
		return let_through(q, p);
	t->number = note_hit(q, p->hit, p->subject);
	if (audit_passes_list(q, p->hit->list, !is_of_question(p)))
		return STEP_GO_ON;
	query_count(q, listed);
	result = threat_reply(q, p);
	return result == STEP_GO_ON ? let_through(q, p) : result;
}

/* ---- the question ------------------------------------------------------ */

/* Whether the answer can hold what IP triggers are about. */
static bool
asks_for_addresses(const struct query *q)
{
	uint16_t type = q->in.question.type;

	return type == TYPE_A || type == TYPE_AAAA || type == TYPE_ANY;
}

static bool
only_logs(const struct lists *l, uint32_t list)
{
	return lists_at(l, list)->action == ACTION_LOG;
}

/* Whether some list before that of the hit may have more to say. */
static bool
may_be_preceded(const struct query *q, const struct lists_hit *hit)
{
	const struct lists *l = &q->house->lists;
	uint64_t later =
	    lists_with(l, TRIGGER_NSDNAME) | lists_with(l, TRIGGER_NSIP);

	if (asks_for_addresses(q))
		later |= lists_with(l, TRIGGER_IP);
	later &= q->threat.among & lists_before(hit->list);
	for (uint32_t i = 0; later >> i != 0; i++)
		if ((later >> i & 1) != 0 && !only_logs(l, i))
			return true;
	return false;
}

enum step_result
threat_judge_question(struct query *q)
{
	const struct threat_place place = { .hit = &q->threat.first,
					    .subject = &q->in.question.name };
	struct contest c;

	threat_begin(q);
	if (!is_held_against(q))
		return STEP_GO_ON;
	begin(q, &c, place.subject);
	contest_addr(&c, TRIGGER_CLIENT_IP, &q->origin.client.addr);
	contest_name(&c, TRIGGER_QNAME, &q->in.question.name);
	q->threat.first = c.best;
	if (c.best.list == LISTS_NONE || may_be_preceded(q, &c.best))
		return STEP_GO_ON;
	return decide(q, &place);
}

/* ---- single addresses -------------------------------------------------- */

bool
threat_has_address(const struct query *q, const struct addr *a)
{
	const struct lists_ask ask = { TRIGGER_IP, q->threat.veto };
	struct lists_hit hit;

	if (lists_with_addr(&q->house->lists, a, q->verdict.shut) != 0)
		return true;
	return q->threat.veto != 0 && q->house->lists.head != NULL &&
	       lists_match_addr(&q->house->lists, &ask, a, &hit, NULL) &&
	       !lets_through(q, &hit);
}

bool
threat_hides(const struct query *q, const struct addr *a)
{
	return q->house->opt->mode != MODE_AUDIT && threat_has_address(q, a);
}

/* ---- an answer --------------------------------------------------------- */

/* What an answer says, for one name of its chain after the other. */
struct hearing {
	struct query *q;
	const struct message *m;
	const struct aliases *chain;
	bool failed; /* there is nothing in it but that */
	struct contest contest;
};

static void
hear_addresses(struct hearing *h)
{
	const struct message *m = h->m;
	struct addr a;

	for (unsigned i = 0; i < m->rr_count; i++)
		if (m->rr[i].section == SECTION_ANSWER &&
		    rr_address(m, &m->rr[i], &a))
			contest_addr(&h->contest, TRIGGER_IP, &a);
}

static void
hear_place(struct hearing *h, unsigned at)
{
	begin(h->q, &h->contest, &h->chain->name[at]);
	if (at == 0)
		h->contest.best = h->q->threat.first;
	else
		contest_name(&h->contest, TRIGGER_QNAME, &h->chain->name[at]);
	if (!h->failed && at + 1 == h->chain->count)
		hear_addresses(h);
}

static enum step_result
settle(struct hearing *h, unsigned at)
{
	const struct contest *c = &h->contest;
	const struct threat_place place = {
		.hit = &c->best,
		.at = at,
		.subject =
		    c->best.trigger == TRIGGER_NSDNAME ? &c->server : c->place,
		.chain = h->chain,
		.rcode = message_rcode(h->m),
	};

	return decide(h->q, &place);
}

/* Names of services; one that is let through lets through no more than
 * itself. */
static enum step_result
judge_targets(struct hearing *h)
{
	const struct services *s = &h->q->house->scratch->services;

	for (unsigned i = 0; i < s->target_count; i++) {
		begin(h->q, &h->contest, &s->target[i]);
		contest_name(&h->contest, TRIGGER_QNAME, &s->target[i]);
		if (h->contest.best.list != LISTS_NONE &&
		    !lets_through(h->q, &h->contest.best))
			return settle(h, h->chain->count - 1);
	}
	return STEP_GO_ON;
}

enum step_result
threat_judge_answer(struct query *q, const struct message *m,
		    const struct aliases *c)
{
	struct hearing h = { .q = q,
			     .m = m,
			     .chain = c,
			     .failed = rcode_is_failure(message_rcode(m)) };

	if (q->threat.decided || q->threat.among == 0)
		return STEP_GO_ON;
	for (unsigned at = 0; at < c->count; at++) {
		hear_place(&h, at);
		if (!h.failed &&
		    !threat_hear_servers(q, &h.contest, &c->name[at]))
			return STEP_LATER;
		if (h.contest.best.list != LISTS_NONE)
			return settle(&h, at);
	}
	return judge_targets(&h);
}

enum step_result
threat_judge_failure(struct query *q)
{
	const struct threat_place place = { .hit = &q->threat.first,
					    .subject = &q->in.question.name };

	if (q->threat.decided || q->threat.first.list == LISTS_NONE)
		return STEP_GO_ON;
	return decide(q, &place);
}
