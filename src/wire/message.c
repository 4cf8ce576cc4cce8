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

/* An OPT is owned by the root, written as one byte. The options of another
 * version are not ours to read: BADVERS answers them. */
static enum err
read_opt(const uint8_t *bytes, const struct rr *rr, struct edns *out)
{
	if (bytes[rr->owner_at] != 0 || out->present)
		return ERR_TORN;
	out->present = true;
	out->udp_size = rr->class;
	out->rcode_high = (uint8_t)(rr->ttl >> 24);
	out->version = (uint8_t)(rr->ttl >> 16);
	out->flags = (uint16_t)rr->ttl;
	if (out->version != 0)
		return ERR_NONE;
	return edns_read(bytes + rr->rdata_at, rr->rdata_len, out);
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
	struct records p = { .r = *r };
	struct rr rr;
	enum err err = records_next(&p, &rr);

	*r = p.r;
	if (err != ERR_NONE || rr.type != TYPE_OPT)
		return ERR_TORN;
	return read_opt(r->bytes, &rr, out);
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

static enum err
read_record(struct records *p, enum section section, struct message *m)
{
	struct rr rr;

	if (records_next(p, &rr) != ERR_NONE)
		return ERR_TORN;
	if (rr.type == TYPE_OPT && section != SECTION_ADDITIONAL)
		return ERR_TORN;
	if (rr.type == TYPE_OPT)
		return read_opt(m->bytes, &rr, &m->edns);
	if (m->rr_count == MESSAGE_MAX_RRS)
		return ERR_TORN;
	rr.section = (uint8_t)section;
	m->rr[m->rr_count++] = rr;
	return ERR_NONE;
}

static enum err
read_section(struct records *p, enum section section, unsigned count,
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
	struct records p = { .r = reader_of(bytes, len) };
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
	return rr_read_address(m->bytes, rr, out);
}
