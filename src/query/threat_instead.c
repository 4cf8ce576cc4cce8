/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An alias that a list made: its target is asked of the upstream and answered
 * as it is. Lists are not held against what they say themselves, and nothing
 * of it is granted.
 */
#include "query/threat_instead.h"

#include <string.h>

#include "query/scratch.h"
#include "query/threat_telling.h"
#include "query/trail.h"
#include "wire/reader.h"

struct target {
	struct name name;
	uint32_t ttl_s;
	bool is_long; /* it would be over 255 bytes */
};

/* In the place of an asterisk stands the whole name that was hit. */
static void
put_before(const struct name *owner, struct target *t)
{
	struct name whole = *owner;
	size_t prefix = owner->len - 1u;

	t->is_long = prefix + t->name.len > NAME_MAX_WIRE;
	if (t->is_long)
		return;
	memcpy(whole.wire + prefix, t->name.wire, t->name.len);
	whole.len = (uint8_t)(prefix + t->name.len);
	t->name = whole;
}

static bool
read_target(const struct query *q, const struct name *owner, struct target *out)
{
	struct reader r = { 0 };
	size_t at = 4;

	out->is_long = false;
	r.bytes = lists_data(&q->house->lists, q->threat.hit.data, &r.len);
	if (r.bytes == NULL)
		return false;
	out->ttl_s = reader_u32(&r);
	if (r.torn || name_read(r.bytes, r.len, &at, &out->name) != ERR_NONE)
		return false;
	if (q->threat.hit.wild)
		put_before(owner, out);
	return true;
}

static enum step_result
tell_alias(struct query *q, const struct threat_place *p,
	   const struct target *target)
{
	struct telling t;

	telling_end_listed(q, target->is_long ? RCODE_YXDOMAIN : RCODE_NOERROR);
	telling_begin(q, &t);
	telling_way(&t, p->chain);
	if (!target->is_long) {
		telling_alias(&t, &target->name,
			      telling_capped(&t, target->ttl_s));
		t.told++;
	}
	return telling_finish(&t);
}

enum step_result
threat_redirect(struct query *q, const struct threat_place *p)
{
	const struct name *owner =
	    p->at == 0 ? &q->in.question.name : &p->chain->name[p->at];
	struct question *instead = &q->threat.instead;
	struct target target;

	if (!read_target(q, owner, &target))
		return end_torn(q);
	if (!target.is_long && name_equal(&target.name, owner))
		return STEP_GO_ON;
	if (target.is_long || q->in.question.type == TYPE_CNAME ||
	    q->in.question.type == TYPE_ANY)
		return tell_alias(q, p, &target);
	if (p->at > q->trail_links)
		return end_chain_broken(q);
	*instead = q->in.question;
	instead->name = target.name;
	q->threat.redirected = true;
	return STEP_ASK;
}

/* ---- what the other name has ------------------------------------------- */

static bool
has_name(const struct aliases *c, const struct name *lower)
{
	for (unsigned i = 0; i < c->count; i++)
		if (name_equal(&c->name[i], lower))
			return true;
	return false;
}

/* Whether one comes by a name twice, or by too many. */
static bool
goes_round(const struct query *q, const struct aliases *c)
{
	struct trail_place place = { 0 };
	struct name next;

	if (q->threat.at + c->count > ALIASES_MAX ||
	    has_name(c, &q->in.question.name))
		return true;
	for (unsigned i = 0; i < q->threat.at; i++)
		if (trail_next(q, &place, &next) && has_name(c, &next))
			return true;
	return false;
}

static bool
is_wanted(const struct query *q, const struct message *m,
	  const struct aliases *c, unsigned i)
{
	const struct rr *rr = &m->rr[i];

	return rr->section == SECTION_ANSWER && rr->class == CLASS_IN &&
	       (c->leads[i] ||
		(rr->type == q->in.question.type && aliases_end_at(c, i)));
}

static enum err
write_found(struct telling *t, const struct message *m, const struct aliases *c)
{
	struct addr a;

	for (unsigned i = 0; i < m->rr_count; i++) {
		const struct rr *rr = &m->rr[i];

		if (!is_wanted(t->q, m, c, i))
			continue;
		if (reply_copy(&t->r, m, rr, telling_capped(t, rr_ttl(rr))) !=
		    ERR_NONE)
			return ERR_TORN;
		if (rr_address(m, rr, &a))
			telling_keep_local(t, &a);
	}
	return ERR_NONE;
}

enum step_result
threat_reply_instead(struct query *q, const struct message *m)
{
	struct aliases *c = &q->house->scratch->aliases;
	unsigned rcode = message_rcode(m);
	enum err err = aliases_follow(m, &q->threat.instead.name, c);
	struct telling t;
	struct target target;

	if (err == ERR_RANGE || (err == ERR_NONE && goes_round(q, c)))
		return end_chain_broken(q);
	if (err != ERR_NONE)
		return end_torn(q);
	telling_end_listed(q, rcode > 15 ? (unsigned)RCODE_SERVFAIL : rcode);
	telling_begin(q, &t);
	telling_trail(&t);
	if (read_target(q, &t.owner, &target))
		telling_alias(&t, &q->threat.instead.name,
			      telling_capped(&t, target.ttl_s));
	t.told++;
	if (write_found(&t, m, c) != ERR_NONE)
		return end_torn(q);
	return telling_finish(&t);
}
