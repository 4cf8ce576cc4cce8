/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records, one after the other.
 *
 * Owners may be compressed, and a message of 64 KiB may have thousands of
 * them: the work is bounded by its length, whatever they point to. RFC 1035
 * 4.1.3 and 4.1.4.
 */
#include "wire/records.h"

#include "base/addr.h"
#include "wire/name.h"
#include "wire/types.h"

enum { WORK_PER_BYTE = 4 };

/* Moves behind an owner name. Most owners are one pointer to the question or
 * to where the owner before led, and a name that was good once stays good. */
static enum err
skip_owner(struct records *p)
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

enum err
records_next(struct records *p, struct rr *out)
{
	struct reader *r = &p->r;

	out->owner_at = (uint16_t)r->at;
	if (skip_owner(p) != ERR_NONE)
		return ERR_TORN;
	out->type = reader_u16(r);
	out->class = reader_u16(r);
	out->ttl = reader_u32(r);
	out->rdata_len = reader_u16(r);
	out->rdata_at = (uint16_t)r->at;
	out->section = 0;
	out->pad = 0;
	return reader_take(r, out->rdata_len) ? ERR_NONE : ERR_TORN;
}

bool
rr_read_address(const uint8_t *message, const struct rr *rr, struct addr *out)
{
	const uint8_t *rdata = message + rr->rdata_at;

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
