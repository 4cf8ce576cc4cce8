/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chain of aliases up to the name that was hit stays, for it is true; of
 * what came behind it nothing does, signatures neither. Nothing that a list
 * says is ever granted.
 */
#include "query/threat_telling.h"

#include <string.h>

#include "query/compose.h"
#include "query/trail.h"
#include "wire/reader.h"

/* One of the records of an entry. */
struct record {
	uint16_t type, len;
	uint32_t ttl_s;
	const uint8_t *rdata;
};

uint32_t
telling_capped(const struct telling *t, uint32_t ttl_s)
{
	return ttl_s < t->list->max_ttl_s ? ttl_s : t->list->max_ttl_s;
}

/* ---- how it ends ------------------------------------------------------- */

static bool
invents(enum list_action action)
{
	return action == ACTION_DATA || action == ACTION_CNAME ||
	       action == ACTION_ADDRESS || action == ACTION_NULL;
}

static int
ede_of(const struct lists_list *l, const struct lists_hit *hit)
{
	if (l->ede == LISTS_NO_EDE)
		return NO_EDE;
	if (l->ede != LISTS_EDE_USUAL)
		return (int)l->ede;
	if (invents(hit->action))
		return EDE_FORGED;
	return hit->trigger == TRIGGER_CLIENT_IP ? EDE_PROHIBITED : EDE_BLOCKED;
}

static void
say_which(struct query *q, const struct lists_list *l)
{
	const char *nickname = lists_text(&q->house->lists, l->nickname);
	struct text t;

	text_init(&t, q->ede_text, sizeof(q->ede_text));
	if (*nickname != '\0') {
		text_escaped(&t, nickname, strlen(nickname));
		return;
	}
	text_str(&t, "list ");
	text_str(&t, lists_text(&q->house->lists, l->name));
}

void
telling_end_listed(struct query *q, unsigned rcode)
{
	const struct lists_hit *hit = &q->threat.hit;
	const struct lists_list *l = lists_at(&q->house->lists, hit->list);
	bool question = q->threat.at == 0 && hit->trigger <= TRIGGER_QNAME;
	const struct ending ending = {
		.rcode = rcode,
		.ede = ede_of(l, hit),
		.text = q->ede_text,
		.note = question ? RECORD_BLOCKED : RECORD_BAD_ANSWER,
		.reason = question ? REASON_LISTED : REASON_ANSWER_LISTED,
	};

	say_which(q, l);
	q->number = (uint16_t)hit->list;
	q->local = (struct addr){ 0 };
	end_with(q, &ending);
}

/* ---- the parts --------------------------------------------------------- */

void
telling_begin(struct query *q, struct telling *t)
{
	t->q = q;
	t->hit = &q->threat.hit;
	t->list = lists_at(&q->house->lists, t->hit->list);
	t->link_ttl_s = telling_capped(t, q->threat.chain_ttl_s);
	t->told = 0;
	compose_begin(q, &t->r);
}

void
telling_alias(struct telling *t, const struct name *to, uint32_t ttl_s)
{
	reply_alias(&t->r, &t->owner, to, ttl_s);
}

void
telling_way(struct telling *t, const struct aliases *c)
{
	t->owner = t->q->in.question.name;
	for (unsigned i = 1; i <= t->q->threat.at; i++) {
		telling_alias(t, &c->name[i], t->link_ttl_s);
		t->owner = c->name[i];
	}
}

void
telling_trail(struct telling *t)
{
	struct trail_place place = { 0 };
	struct name next;

	t->owner = t->q->in.question.name;
	for (unsigned i = 0; i < t->q->threat.at; i++) {
		trail_next(t->q, &place, &next);
		telling_alias(t, &next, t->link_ttl_s);
		t->owner = next;
	}
}

static bool
next_record(struct reader *r, struct record *out)
{
	out->type = reader_u16(r);
	out->ttl_s = reader_u32(r);
	out->len = reader_u16(r);
	out->rdata = reader_take(r, out->len);
	return !r->torn;
}

void
telling_keep_local(struct telling *t, const struct addr *a)
{
	if (t->q->local.family == 0)
		t->q->local = *a;
}

static void
write_record(struct telling *t, const struct record *record)
{
	struct addr a = { 0 };

	reply_record(&t->r, SECTION_ANSWER, &t->owner, record->type,
		     telling_capped(t, record->ttl_s), record->rdata,
		     record->len);
	t->told++;
	if (record->type == TYPE_A && record->len == 4)
		addr_from_v4(record->rdata, &a);
	else if (record->type == TYPE_AAAA && record->len == 16)
		addr_from_v6(record->rdata, &a);
	telling_keep_local(t, &a);
}

void
telling_data(struct telling *t)
{
	uint16_t asked = t->q->in.question.type;
	struct reader r = { 0 };
	struct record record;

	r.bytes = lists_data(&t->q->house->lists, t->hit->data, &r.len);
	while (r.bytes != NULL && next_record(&r, &record))
		if (record.type == asked || asked == TYPE_ANY)
			write_record(t, &record);
}

void
telling_null(struct telling *t)
{
	static const uint8_t zero[16];
	uint16_t asked = t->q->in.question.type;
	struct record record = { .type = asked,
				 .len = asked == TYPE_A ? 4 : 16,
				 .ttl_s = t->list->max_ttl_s,
				 .rdata = zero };

	if (asked == TYPE_A || asked == TYPE_AAAA)
		write_record(t, &record);
}

/* ---- the SOA ----------------------------------------------------------- */

static bool
read_soa(const struct telling *t, struct name *zone, struct record *soa)
{
	const struct lists *l = &t->q->house->lists;
	struct reader r = { 0 };
	const uint8_t *wire;
	size_t len, at = 0;

	wire = lists_data(l, t->list->zone, &len);
	if (wire == NULL || name_read(wire, len, &at, zone) != ERR_NONE)
		return false;
	r.bytes = lists_data(l, t->list->soa, &r.len);
	return r.bytes != NULL && next_record(&r, soa) &&
	       soa->type == TYPE_SOA && soa->len > 4;
}

/* As long as the client may remember that there is nothing (RFC 2308 5). */
static uint32_t
soa_ttl(const struct telling *t, const struct record *soa)
{
	struct reader r = reader_of(soa->rdata + soa->len - 4, 4);
	uint32_t minimum = reader_u32(&r);

	return telling_capped(t, minimum < soa->ttl_s ? minimum : soa->ttl_s);
}

static void
write_soa(struct telling *t)
{
	enum section section = SECTION_ADDITIONAL;
	struct record soa;
	struct name zone;

	if (t->list->soa_place == LISTS_SOA_NONE || !read_soa(t, &zone, &soa))
		return;
	if (t->list->soa_place == LISTS_SOA_AUTHORITY && t->told == 0)
		section = SECTION_AUTHORITY;
	reply_record(&t->r, section, &zone, TYPE_SOA, soa_ttl(t, &soa),
		     soa.rdata, soa.len);
}

enum step_result
telling_finish(struct telling *t)
{
	struct query *q = t->q;

	write_soa(t);
	if (q->local.family != 0 && q->ending.note == RECORD_BLOCKED)
		q->ending.note = RECORD_LOCAL;
	if (!compose_end(q, &t->r))
		return end_no_room(q);
	return STEP_ANSWER;
}
