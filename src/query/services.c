/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A browser asks for HTTPS beside A and AAAA, and connects to the first hint
 * it hears of. Under `->` a hint is therefore granted before it is heard of,
 * or it is not heard of. A record that leads only to a port that no rule
 * opens is removed: a client that took it would leave the way that is open
 * (RFC 9460 9.5 sends it from port 80 to 443). Under `~>` records pass as they
 * came, but for hints that a list has.
 */
#include "query/services.h"

#include "query/fate.h"
#include "query/scratch.h"
#include "query/threat.h"

static bool
is_service(uint16_t type)
{
	return type == TYPE_HTTPS || type == TYPE_SVCB;
}

bool
services_has(const struct query *q, const struct message *m,
	     const struct aliases *c, unsigned i)
{
	const struct rr *rr = &m->rr[i];

	return is_service(rr->type) && rr->type == q->in.question.type &&
	       rr->class == CLASS_IN && rr->section == SECTION_ANSWER &&
	       message_rcode(m) == RCODE_NOERROR && aliases_end_at(c, i);
}

static bool
has_target(const struct services *s, const struct name *lower)
{
	for (unsigned i = 0; i < s->target_count; i++)
		if (name_equal(&s->target[i], lower))
			return true;
	return false;
}

/* "." is the owner itself, which stands on the chain already. */
static void
add_target(const struct svcb *record, struct services *out)
{
	struct name lower;

	name_lower(&record->target, &lower);
	if (lower.len > 1 && !has_target(out, &lower) &&
	    out->target_count < SERVICES_TARGETS)
		out->target[out->target_count++] = lower;
}

void
services_read(const struct query *q, const struct message *m,
	      const struct aliases *c, struct services *out)
{
	struct svcb record;

	out->torn = false;
	out->found = out->passed = out->guarded = out->target_count = 0;
	if (!is_service(q->in.question.type))
		return;
	for (unsigned i = 0; i < m->rr_count; i++) {
		if (!services_has(q, m, c, i))
			continue;
		out->found++;
		if (rr_service(m, &m->rr[i], &record) == ERR_NONE)
			add_target(&record, out);
		else
			out->torn = true;
	}
}

static bool
gives(const struct verdict *v, uint8_t protocol, uint16_t port)
{
	for (unsigned i = 0; i < v->port_count; i++)
		if (v->port[i].port == port && v->port[i].protocol == protocol)
			return true;
	return false;
}

/* By a protocol that the record offers. What another service than the web
 * speaks, and what the records behind an alias offer, cannot be known. */
static bool
gives_port(const struct query *q, const struct svcb *record, uint16_t port)
{
	bool any = q->in.question.type != TYPE_HTTPS || record->priority == 0;

	return ((any || svcb_offers_tcp(record)) &&
		gives(&q->verdict, IPPROTO_TCP, port)) ||
	       ((any || svcb_offers_quic(record)) &&
		gives(&q->verdict, IPPROTO_UDP, port));
}

/* Where the name asked is an alias that was learnt of, the port is that of a
 * question before it, and not known. */
static bool
leads_to_open_port(const struct query *q, const struct svcb *record)
{
	const struct question *asked = &q->in.question;
	uint16_t port = 0;

	if (record->has_port)
		return gives_port(q, record, record->port);
	if (!q->borrowed)
		port = svcb_default_port(&asked->name, asked->type);
	return port == 0 || gives_port(q, record, port);
}

static bool
keep_granted(void *arg, const struct addr *hint)
{
	return fate_is_kept(arg, hint);
}

static bool
keep_unguarded(void *arg, const struct addr *hint)
{
	return fate_passes_dns_only(arg, hint) && !threat_hides(arg, hint);
}

/* At hints, where nothing is granted. */
static bool
has_to_look(const struct query *q)
{
	return q->house->opt->guard_dns_only || q->house->lists.head != NULL;
}

bool
services_edits(const struct query *q, uint16_t type)
{
	const struct options *opt = q->house->opt;

	return is_service(type) &&
	       (!q->verdict.dns_only || opt->strip_ech || has_to_look(q));
}

/* ERR_NONE where a client could use what was written. */
static enum err
write_edited(struct query *q, const struct svcb *record, struct writer *out)
{
	struct svcb_edit edit = { .strip_ech = q->house->opt->strip_ech,
				  .arg = q };

	if (!q->verdict.dns_only)
		edit.keep = keep_granted;
	else if (has_to_look(q))
		edit.keep = keep_unguarded;
	*out = writer_of(q->house->scratch->rdata,
			 sizeof(q->house->scratch->rdata));
	return svcb_write(record, &edit, out);
}

/* In alias mode the parameters are ignored. */
static void
take_hints(struct query *q, const struct svcb *record, uint8_t family,
	   struct services *out)
{
	unsigned count = svcb_hint_count(record, family);
	struct addr a;

	if (record->priority == 0)
		return;
	for (unsigned i = 0; i < count; i++) {
		svcb_hint(record, family, i, &a);
		out->guarded += fate_of(q, &a) == FATE_GUARDED;
	}
}

/* A record that is left out in the end grants nothing. */
static bool
take_edited(struct query *q, const struct svcb *record, struct services *out)
{
	unsigned before = q->kept_count;
	struct writer w;

	if (!q->verdict.dns_only && !leads_to_open_port(q, record))
		return false;
	if (fate_may_grant(q)) {
		take_hints(q, record, 4, out);
		take_hints(q, record, 6, out);
	}
	if (write_edited(q, record, &w) == ERR_NONE)
		return true;
	q->kept_count = before;
	return false;
}

bool
services_take(struct query *q, const struct message *m, const struct rr *rr,
	      struct services *out)
{
	bool edits = services_edits(q, rr->type);
	struct svcb record;
	struct name target;

	if (edits && out->passed == SERVICES_MAX)
		return false;
	if (rr_service(m, rr, &record) != ERR_NONE) {
		out->passed += !edits;
		return !edits;
	}
	name_lower(&record.target, &target);
	if (target.len > 1 && !has_target(out, &target))
		return false;
	if (!take_edited(q, &record, out))
		return false;
	out->passed++;
	return true;
}

void
services_write(struct query *q, struct reply *r, const struct message *m,
	       const struct rr *rr, uint32_t ttl)
{
	struct name owner;
	struct svcb record;
	struct writer w;

	if (rr_service(m, rr, &record) != ERR_NONE ||
	    rr_owner(m, rr, &owner) != ERR_NONE ||
	    write_edited(q, &record, &w) != ERR_NONE)
		return;
	reply_record(r, (enum section)rr->section, &owner, rr->type, ttl,
		     w.bytes, w.at);
}
