/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages put together. Nothing that a stranger sent is relayed as bytes:
 * header, question and OPT are written anew from what was understood, and
 * records are copied field by field.
 *
 * An answer has room for its OPT from the beginning, and a record set goes
 * in whole or not at all: a client that believed half a set would miss
 * addresses, while one that sees TC asks again over TCP. RFC 1035 4.1,
 * RFC 2181 5 and 9, RFC 6891 7, RFC 9619.
 */
#include "wire/reply.h"

#include <assert.h>
#include <string.h>

#include "base/random.h"
#include "wire/rdata.h"

enum {
	FLAG_OPCODE_MASK = 0x7800,
	POINTER_TO_QUESTION = 0xc000 | HEADER_SIZE,
	RDLENGTH_SIZE = 2
};

static void
write_question(struct writer *w, const struct question *q)
{
	writer_bytes(w, q->name.wire, q->name.len);
	writer_u16(w, q->type);
	writer_u16(w, q->class);
}

size_t
query_write(uint8_t *bytes, size_t size, uint16_t id, const struct question *q,
	    bool edns, bool dnssec_ok, bool checking_disabled)
{
	struct writer w = writer_of(bytes, size);

	writer_u16(&w, id);
	writer_u16(&w, FLAG_RD | (checking_disabled ? FLAG_CD : 0));
	writer_u16(&w, 1);
	writer_u16(&w, 0);
	writer_u16(&w, 0);
	writer_u16(&w, edns ? 1 : 0);
	write_question(&w, q);
	if (edns)
		edns_write(&w, &(struct edns_reply){ .dnssec_ok = dnssec_ok });
	return w.full ? 0 : w.at;
}

size_t
query_add_cookie(uint8_t *bytes, size_t size, size_t len,
		 const struct cookie *cookie)
{
	struct writer w = writer_of(bytes, size);

	w.at = len - 2; /* RDLENGTH */
	writer_u16(&w, (uint16_t)(4 + cookie->len));
	writer_u16(&w, OPTION_COOKIE);
	writer_u16(&w, cookie->len);
	writer_bytes(&w, cookie->bytes, cookie->len);
	return w.full ? 0 : w.at;
}

void
name_random_case(struct name *n, struct random *r)
{
	uint64_t bits = 0;
	unsigned left = 0;

	for (size_t i = 0; i < n->len; i++) {
		uint8_t c = name_fold(n->wire[i]);

		if (c < 'a' || c > 'z')
			continue;
		if (left == 0) {
			bits = random_u64(r);
			left = 64;
		}
		n->wire[i] = (uint8_t)(bits & 1 ? c & ~0x20 : c);
		bits >>= 1;
		left--;
	}
}

/* Of what goes into the OPT whatever else does. */
static size_t
opt_size(const struct reply_spec *spec)
{
	if (!spec->opt)
		return 0;
	return EDNS_OVERHEAD + (spec->keepalive ? KEEPALIVE_SIZE : 0);
}

void
reply_begin(struct reply *r, uint8_t *bytes, const struct reply_spec *spec)
{
	assert(spec->limit >= REPLY_LIMIT_MIN);
	r->w = writer_of(bytes, spec->limit - opt_size(spec));
	r->spec = *spec;
	memset(r->count, 0, sizeof(r->count));
	r->truncated = false;
	r->closed = false;
	r->set_count = 0;
	r->set_section = SECTION_ANSWER;
	pack_init(&r->packer);
	/* Flags and counts are written at the end, when they are known. */
	memset(writer_room(&r->w, HEADER_SIZE), 0, HEADER_SIZE);
	if (spec->q == NULL)
		return;
	pack_name(&r->packer, &r->w, &spec->q->name);
	writer_u16(&r->w, spec->q->type);
	writer_u16(&r->w, spec->q->class);
}

/* A record on its way into the answer. */
struct entry {
	enum section section;
	uint16_t type;
	uint32_t ttl;
	const struct name *owner;
	size_t start;	 /* where it began */
	size_t rdata_at; /* where its RDATA began */
};

static void
undo_to(struct reply *r, size_t at)
{
	writer_back(&r->w, at);
	pack_forget(&r->packer, at);
}

/* Notes where the set begins that the record is the first of. */
static void
enter_set(struct reply *r, const struct entry *e)
{
	if (r->set_count > 0 && r->set_section == e->section &&
	    r->set_type == e->type && name_equal(&r->set_owner, e->owner))
		return;
	assert(e->section >= r->set_section);
	r->set_start = r->w.at;
	r->set_count = 0;
	r->set_section = (uint8_t)e->section;
	r->set_type = e->type;
	memcpy(r->set_owner.wire, e->owner->wire, e->owner->len);
	r->set_owner.len = e->owner->len;
}

/* Most owners are the question, whose name always lies behind the header. */
static void
write_owner(struct reply *r, const struct name *owner)
{
	const struct question *q = r->spec.q;

	if (q && q->name.len > 1 && name_equal(owner, &q->name))
		writer_u16(&r->w, POINTER_TO_QUESTION);
	else
		pack_name(&r->packer, &r->w, owner);
}

static void
open_entry(struct reply *r, struct entry *e)
{
	enter_set(r, e);
	e->start = r->w.at;
	write_owner(r, e->owner);
	writer_u16(&r->w, e->type);
	writer_u16(&r->w, CLASS_IN);
	writer_u32(&r->w, e->ttl);
	writer_u16(&r->w, 0);
	e->rdata_at = r->w.at;
}

/* Leaves out the set that did not fit, and whatever comes after it. Nobody
 * misses an additional record, so TC is not set for one. */
static void
close_reply(struct reply *r)
{
	undo_to(r, r->set_start);
	r->count[r->set_section] =
	    (uint16_t)(r->count[r->set_section] - r->set_count);
	r->closed = true;
	if (r->set_section != SECTION_ADDITIONAL)
		r->truncated = true;
}

static void
close_entry(struct reply *r, const struct entry *e)
{
	size_t len = r->w.at - e->rdata_at;
	uint8_t *rdlength = r->w.bytes + e->rdata_at - RDLENGTH_SIZE;

	if (r->w.full || len > UINT16_MAX) {
		close_reply(r);
		return;
	}
	rdlength[0] = (uint8_t)(len >> 8);
	rdlength[1] = (uint8_t)len;
	r->set_count++;
	r->count[e->section]++;
}

enum err
reply_copy(struct reply *r, const struct message *from, const struct rr *rr,
	   uint32_t ttl)
{
	struct name owner;
	struct entry e = { .section = rr->section,
			   .type = rr->type,
			   .ttl = ttl,
			   .owner = &owner };

	if (r->closed)
		return ERR_NONE;
	if (rr->class != CLASS_IN || rr_owner(from, rr, &owner) != ERR_NONE)
		return ERR_TORN;
	open_entry(r, &e);
	if (rdata_copy(&r->packer, &r->w, from, rr) != ERR_NONE) {
		undo_to(r, e.start);
		return ERR_TORN;
	}
	close_entry(r, &e);
	return ERR_NONE;
}

void
reply_record(struct reply *r, enum section section, const struct name *owner,
	     uint16_t type, uint32_t ttl, const uint8_t *rdata, size_t len)
{
	struct entry e = {
		.section = section, .type = type, .ttl = ttl, .owner = owner
	};

	if (r->closed)
		return;
	open_entry(r, &e);
	writer_bytes(&r->w, rdata, len);
	close_entry(r, &e);
}

void
reply_alias(struct reply *r, const struct name *owner,
	    const struct name *target, uint32_t ttl)
{
	struct entry e = { .section = SECTION_ANSWER,
			   .type = TYPE_CNAME,
			   .ttl = ttl,
			   .owner = owner };

	if (r->closed)
		return;
	open_entry(r, &e);
	pack_name(&r->packer, &r->w, target);
	close_entry(r, &e);
}

void
reply_address(struct reply *r, enum section section, const struct name *owner,
	      const struct addr *a, uint32_t ttl)
{
	if (a->family == 4)
		reply_record(r, section, owner, TYPE_A, ttl, a->byte, 4);
	else
		reply_record(r, section, owner, TYPE_AAAA, ttl, a->byte, 16);
}

void
reply_truncate(struct reply *r)
{
	r->truncated = true;
	r->closed = true;
}

/* The error goes with its text, without it, or not at all. */
static void
write_opt(struct reply *r, unsigned rcode, const struct ede *ede)
{
	struct ede none = { .code = -1 };
	struct ede bare = { .code = ede ? ede->code : -1 };
	const struct ede *const choice[] = { ede ? ede : &none, &bare, &none };
	struct edns_reply e = { .dnssec_ok = r->spec.dnssec_ok,
				.rcode = rcode,
				.keepalive = r->spec.keepalive,
				.idle_100ms = r->spec.idle_100ms };

	r->w.size = r->spec.limit;
	for (size_t i = 0; i < 3; i++) {
		size_t start = r->w.at;

		e.ede = choice[i];
		edns_write(&r->w, &e);
		if (!r->w.full)
			return;
		writer_back(&r->w, start);
	}
}

/* Twelve bits need an OPT; a client without one is told the general case. */
static uint16_t
low_rcode(const struct reply *r, unsigned rcode)
{
	if (rcode > 0xf && !r->spec.opt)
		return RCODE_SERVFAIL;
	return rcode & 0xf;
}

size_t
reply_end(struct reply *r, unsigned rcode, const struct ede *ede)
{
	const struct header *client = r->spec.client;
	struct writer head = writer_of(r->w.bytes, HEADER_SIZE);
	unsigned flags = client->flags & (FLAG_OPCODE_MASK | FLAG_RD | FLAG_CD);

	flags |= FLAG_QR | FLAG_RA | low_rcode(r, rcode);
	if (r->truncated)
		flags |= FLAG_TC;
	if (r->spec.opt)
		write_opt(r, rcode, ede);
	writer_u16(&head, client->id);
	writer_u16(&head, (uint16_t)flags);
	writer_u16(&head, r->spec.q ? 1 : 0);
	writer_u16(&head, r->count[SECTION_ANSWER]);
	writer_u16(&head, r->count[SECTION_AUTHORITY]);
	writer_u16(&head, (uint16_t)(r->count[SECTION_ADDITIONAL] +
				     (r->spec.opt ? 1 : 0)));
	return r->w.at;
}

size_t
reply_udp_limit(const struct edns *edns)
{
	if (!edns->present || edns->udp_size < REPLY_LIMIT_MIN)
		return REPLY_LIMIT_MIN;
	return edns->udp_size < EDNS_UDP_SIZE ? edns->udp_size : EDNS_UDP_SIZE;
}
