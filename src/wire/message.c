/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages taken apart: what clients ask, and what upstreams answer.
 *
 * Everything here reads bytes that a stranger chose. The promises: no read
 * outside the message, no allocation, and an amount of work that the length
 * of the message bounds, however its names are compressed. What is odd is
 * refused as a whole: two programs that understand a message differently are
 * how answers are smuggled. RFC 1035 4.1, RFC 6891 6.1, RFC 9619.
 */
#include "wire/message.h"

#include <string.h>

#include "base/addr.h"
#include "wire/reader.h"

enum { WORK_PER_BYTE = 4 };

/* The fixed part of a record, RFC 1035 4.1.3. */
struct fixed {
	uint16_t type, class;
	uint32_t ttl;
	uint16_t rdata_len;
};

/* Where message_read() is, and what its names have cost so far. */
struct progress {
	struct reader r;
	size_t steps;
	size_t known_name; /* a pointer to here was followed before; or 0 */
};

static void
read_header(struct reader *r, struct header *out)
{
	out->id = reader_u16(r);
	out->flags = reader_u16(r);
	out->qdcount = reader_u16(r);
	out->ancount = reader_u16(r);
	out->nscount = reader_u16(r);
	out->arcount = reader_u16(r);
}

unsigned
header_opcode(const struct header *h)
{
	return h->flags >> 11 & 0xf;
}

enum err
header_read(const uint8_t *bytes, size_t len, struct header *out)
{
	struct reader r = reader_of(bytes, len);

	read_header(&r, out);
	return r.torn ? ERR_TORN : ERR_NONE;
}

static enum err
read_question(struct reader *r, struct question *out)
{
	enum err err = name_read(r->bytes, r->len, &r->at, &out->name);

	if (err != ERR_NONE)
		return err;
	out->type = reader_u16(r);
	out->class = reader_u16(r);
	return r->torn ? ERR_TORN : ERR_NONE;
}

static void
read_fixed(struct reader *r, struct fixed *out)
{
	out->type = reader_u16(r);
	out->class = reader_u16(r);
	out->ttl = reader_u32(r);
	out->rdata_len = reader_u16(r);
}

/* An OPT is owned by the root, written as one byte. The options of another
 * version are not ours to read: BADVERS answers them. */
static enum err
read_opt(const struct fixed *f, struct reader *r, bool owner_is_root,
	 struct edns *out)
{
	const uint8_t *rdata = reader_take(r, f->rdata_len);

	if (rdata == NULL || !owner_is_root || out->present)
		return ERR_TORN;
	out->present = true;
	out->udp_size = f->class;
	out->rcode_high = (uint8_t)(f->ttl >> 24);
	out->version = (uint8_t)(f->ttl >> 16);
	out->flags = (uint16_t)f->ttl;
	if (out->version != 0)
		return ERR_NONE;
	return edns_read(rdata, f->rdata_len, out);
}

static void
no_edns(struct edns *e)
{
	e->present = false;
	e->version = 0;
	e->rcode_high = 0;
	e->udp_size = 0;
	e->flags = 0;
	e->keepalive = KEEPALIVE_NONE;
	e->ede_present = false;
	e->ede_code = 0;
	e->ede_text_len = 0;
}

/* The one additional record that a query may have is its OPT. */
static enum err
read_query_opt(struct reader *r, struct edns *out)
{
	bool owner_is_root = reader_u8(r) == 0;
	struct fixed f;

	read_fixed(r, &f);
	if (r->torn || f.type != TYPE_OPT)
		return ERR_TORN;
	return read_opt(&f, r, owner_is_root, out);
}

enum err
message_read_query(const uint8_t *bytes, size_t len, struct query_message *out)
{
	struct reader r = reader_of(bytes, len);
	const struct header *h = &out->header;

	read_header(&r, &out->header);
	no_edns(&out->edns);
	out->question_ok = false;
	if (r.torn || (h->flags & FLAG_QR) || h->qdcount != 1)
		return ERR_TORN;
	if (read_question(&r, &out->question) != ERR_NONE)
		return ERR_TORN;
	out->question_ok = true;
	if (h->ancount != 0 || h->nscount != 0 || h->arcount > 1)
		return ERR_TORN;
	if (h->arcount == 1 && read_query_opt(&r, &out->edns) != ERR_NONE)
		return ERR_TORN;
	return reader_left(&r) == 0 ? ERR_NONE : ERR_TORN;
}

/* Moves behind an owner name. Most owners are one pointer to the question or
 * to where the owner before led, and a name that was good once stays good. */
static enum err
skip_owner(struct progress *p)
{
	const uint8_t *b = p->r.bytes + p->r.at;
	size_t target = 0;

	if (reader_left(&p->r) >= 2 && b[0] >= 0xc0)
		target = (size_t)(b[0] & 0x3f) << 8 | b[1];
	if (target != 0 && target == p->known_name) {
		p->r.at += 2;
		p->steps++;
		return ERR_NONE;
	}
	if (name_skip(p->r.bytes, p->r.len, &p->r.at, &p->steps) != ERR_NONE)
		return ERR_TORN;
	if (target != 0)
		p->known_name = target;
	return p->steps <= WORK_PER_BYTE * p->r.len ? ERR_NONE : ERR_TORN;
}

static enum err
read_record(struct progress *p, enum section section, struct message *m)
{
	size_t owner_at = p->r.at;
	struct fixed f;

	if (skip_owner(p) != ERR_NONE)
		return ERR_TORN;
	read_fixed(&p->r, &f);
	if (f.type == TYPE_OPT && section != SECTION_ADDITIONAL)
		return ERR_TORN;
	if (f.type == TYPE_OPT)
		return read_opt(&f, &p->r, m->bytes[owner_at] == 0, &m->edns);
	if (p->r.torn || m->rr_count == MESSAGE_MAX_RRS)
		return ERR_TORN;
	m->rr[m->rr_count++] = (struct rr){
		.ttl = f.ttl,
		.owner_at = (uint16_t)owner_at,
		.type = f.type,
		.class = f.class,
		.rdata_at = (uint16_t)p->r.at,
		.rdata_len = f.rdata_len,
		.section = (uint8_t)section,
	};
	return reader_take(&p->r, f.rdata_len) ? ERR_NONE : ERR_TORN;
}

static enum err
read_section(struct progress *p, enum section section, unsigned count,
	     struct message *m)
{
	for (unsigned i = 0; i < count; i++) {
		if (read_record(p, section, m) != ERR_NONE)
			return ERR_TORN;
	}
	return ERR_NONE;
}

enum err
message_read(const uint8_t *bytes, size_t len, struct message *out)
{
	struct progress p = { .r = reader_of(bytes, len) };
	const struct header *h = &out->header;

	out->bytes = bytes;
	out->len = len;
	out->rr_count = 0;
	no_edns(&out->edns);
	read_header(&p.r, &out->header);
	if (p.r.torn || len > MESSAGE_MAX || h->qdcount > 1)
		return ERR_TORN;
	if (h->qdcount == 1) {
		if (read_question(&p.r, &out->question) != ERR_NONE)
			return ERR_TORN;
		p.known_name = HEADER_SIZE;
	}
	if (read_section(&p, SECTION_ANSWER, h->ancount, out) ||
	    read_section(&p, SECTION_AUTHORITY, h->nscount, out) ||
	    read_section(&p, SECTION_ADDITIONAL, h->arcount, out))
		return ERR_TORN;
	return reader_left(&p.r) == 0 ? ERR_NONE : ERR_TORN;
}

unsigned
message_rcode(const struct message *m)
{
	unsigned high = m->edns.present ? m->edns.rcode_high : 0;

	return high << 4 | (m->header.flags & 0xf);
}

uint32_t
rr_ttl(const struct rr *rr)
{
	return rr->ttl > INT32_MAX ? 0 : rr->ttl;
}

enum err
rr_owner(const struct message *m, const struct rr *rr, struct name *out)
{
	size_t at = rr->owner_at;

	return name_read(m->bytes, m->len, &at, out);
}

enum err
rr_target(const struct message *m, const struct rr *rr, struct name *out)
{
	size_t at = rr->rdata_at;
	size_t end = at + rr->rdata_len;

	if (rr->type != TYPE_CNAME && rr->type != TYPE_DNAME &&
	    rr->type != TYPE_NS && rr->type != TYPE_PTR)
		return ERR_MISSING;
	/* Pointers lead backwards only: the end of RDATA ends the name. */
	if (name_read(m->bytes, end, &at, out) != ERR_NONE || at != end)
		return ERR_TORN;
	return ERR_NONE;
}

bool
rr_address(const struct message *m, const struct rr *rr, struct addr *out)
{
	const uint8_t *rdata = m->bytes + rr->rdata_at;

	if (rr->class != CLASS_IN)
		return false;
	if (rr->type == TYPE_A && rr->rdata_len == 4)
		addr_from_v4(rdata, out);
	else if (rr->type == TYPE_AAAA && rr->rdata_len == 16)
		addr_from_v6(rdata, out);
	else
		return false;
	return true;
}
