/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transfers, message by message.
 *
 * The answer to IXFR has three forms, told apart by what follows the first
 * SOA: nothing, where we are current; another SOA, which begins changes; any
 * other record, which is the second one of a whole zone (RFC 1995 4). Each
 * step of the changes goes from the serial number that the step before has
 * come to, the first from ours, the last to that of the first SOA.
 *
 * Nothing is believed of what a message says of itself: neither lengths nor
 * that there will be an end. What is odd ends the transfer; where changes
 * were odd the whole zone may still be right.
 */
#include "supply/transfer.h"

#include <string.h>

#include "wire/rdata.h"

enum state {
	EXPECT_SOA,    /* the very first record */
	EXPECT_SECOND, /* of an answer to IXFR */
	IN_ZONE,       /* whole: up to the SOA that ends it */
	REMOVING,      /* changes: behind the SOA before */
	ADDING,	       /* changes: behind the SOA after */
	COMPLETE
};

const struct transfer_limits transfer_usual = {
	.bytes = (uint64_t)1 << 30,
	.records = 16777216,
	.first_ms = 10000,
	.next_ms = 20000,
	.all_ms = 600000,
};

static const struct {
	bool whole;
	const char *text;
} flaws[TRANSFER_FLAWS] = {
#define FLAW(name, whole, text) [TRANSFER_##name] = { whole, text },
#include "supply/transfer.def"
#undef FLAW
};

void
transfer_print_flaw(const struct transfer *t, struct text *out)
{
	char code[16];

	text_str(out, flaws[t->flaw].text);
	if (t->flaw == TRANSFER_RCODE)
		text_printf(out, " (%s)", rcode_text(t->rcode, code));
	if (t->flaw != TRANSFER_SIGNATURE)
		return;
	text_printf(out, ": %s", tsig_text(t->verdict));
	if (t->verdict == TSIG_TIME || t->verdict == TSIG_REMOTE_BADTIME)
		tsig_print_off(t->setup.tsig, out);
}

size_t
transfer_ask(const struct transfer_setup *setup, uint8_t *bytes, size_t size)
{
	struct writer w = writer_of(bytes, size);
	const struct name *zone = setup->zone;

	writer_u16(&w, setup->id);
	writer_u16(&w, 0);
	writer_u16(&w, 1);
	writer_u16(&w, 0);
	writer_u16(&w, setup->whole ? 0 : 1);
	writer_u16(&w, 0);
	writer_bytes(&w, zone->wire, zone->len);
	writer_u16(&w, setup->whole ? TYPE_AXFR : TYPE_IXFR);
	writer_u16(&w, CLASS_IN);
	if (setup->whole)
		return w.full ? 0 : w.at;
	writer_u16(&w, 0xc000 | HEADER_SIZE);
	writer_u16(&w, TYPE_SOA);
	writer_u16(&w, CLASS_IN);
	writer_u32(&w, 0);
	writer_u16(&w, 22);
	writer_u16(&w, 0); /* MNAME and RNAME: the root */
	writer_u32(&w, setup->serial);
	for (unsigned i = 0; i < 4; i++)
		writer_u32(&w, 0);
	return w.full ? 0 : w.at;
}

void
transfer_begin(struct transfer *t, const struct transfer_setup *setup)
{
	t->setup = *setup;
	t->state = EXPECT_SOA;
	t->flaw = TRANSFER_NONE;
	t->verdict = TSIG_VALID;
	t->rcode = 0;
	t->serial = t->at = setup->serial;
	t->bytes = t->records = t->messages = 0;
	t->added = t->removed = 0;
	t->soa_len = 0;
	t->heard_ms = setup->now_ms;
}

int64_t
transfer_ends_ms(const struct transfer *t)
{
	const struct transfer_limits *l = &t->setup.limits;
	int64_t all = t->setup.now_ms + l->all_ms;
	int64_t next =
	    t->heard_ms + (t->messages == 0 ? l->first_ms : l->next_ms);

	return next < all ? next : all;
}

/* ---- records ------------------------------------------------------------ */

static enum transfer_flaw
give(struct transfer *t, bool add, const struct zone_rr *rr)
{
	const struct transfer_sink *to = t->setup.to;
	enum err err = to->take(to->arg, add, rr);

	if (err == ERR_NONE)
		return TRANSFER_NONE;
	if (err == ERR_MISSING || err == ERR_BUSY)
		return TRANSFER_CONFLICT;
	if (err == ERR_TORN)
		return TRANSFER_TORN;
	return err == ERR_RANGE ? TRANSFER_RECORDS : TRANSFER_NO_ROOM;
}

static enum transfer_flaw
give_first_soa(struct transfer *t)
{
	struct zone_rr rr = {
		.owner = *t->setup.zone,
		.type = TYPE_SOA,
		.ttl = t->soa_ttl,
		.rdata_len = t->soa_len,
		.rdata = t->soa,
	};

	return give(t, true, &rr);
}

static enum transfer_flaw
begin_sink(struct transfer *t, bool whole)
{
	const struct transfer_sink *to = t->setup.to;

	if (to->begin(to->arg, whole) != ERR_NONE)
		return TRANSFER_NO_ROOM;
	return whole ? give_first_soa(t) : TRANSFER_NONE;
}

/* Names may be spelt otherwise when they come again. */
static bool
is_first_soa(const struct transfer *t, const struct zone_rr *rr)
{
	size_t names = (size_t)t->soa_len - 20;

	if (rr->rdata_len != t->soa_len)
		return false;
	for (size_t i = 0; i < names; i++)
		if (name_fold(rr->rdata[i]) != name_fold(t->soa[i]))
			return false;
	return memcmp(rr->rdata + names, t->soa + names, 20) == 0;
}

static enum transfer_flaw
end_with(struct transfer *t, const struct zone_rr *soa)
{
	if (!is_first_soa(t, soa))
		return TRANSFER_OTHER_SOA;
	t->state = COMPLETE;
	return TRANSFER_NONE;
}

static enum transfer_flaw
take_first(struct transfer *t, const struct zone_rr *rr, uint32_t serial)
{
	if (rr->type != TYPE_SOA || !name_equal(&rr->owner, t->setup.zone))
		return TRANSFER_NO_SOA;
	memcpy(t->soa, rr->rdata, rr->rdata_len);
	t->soa_len = rr->rdata_len;
	t->soa_ttl = rr->ttl;
	t->serial = serial;
	if (t->setup.whole) {
		t->state = IN_ZONE;
		return begin_sink(t, true);
	}
	if (serial != t->setup.serial &&
	    !serial_is_later(serial, t->setup.serial))
		return TRANSFER_OLDER;
	t->state = EXPECT_SECOND;
	return TRANSFER_NONE;
}

static enum transfer_flaw
take_in_zone(struct transfer *t, const struct zone_rr *rr, bool is_soa)
{
	if (is_soa)
		return end_with(t, rr);
	t->added++;
	return give(t, true, rr);
}

/* The SOA of our serial number begins the changes; the first one again ends
 * a zone that has nothing else. */
static enum transfer_flaw
take_second(struct transfer *t, const struct zone_rr *rr, bool is_soa,
	    uint32_t serial)
{
	enum transfer_flaw flaw;

	if (!is_soa || (serial == t->serial && serial != t->setup.serial)) {
		t->state = IN_ZONE;
		flaw = begin_sink(t, true);
		return flaw ? flaw : take_in_zone(t, rr, is_soa);
	}
	if (serial != t->setup.serial || serial == t->serial)
		return TRANSFER_CHAIN;
	t->state = REMOVING;
	flaw = begin_sink(t, false);
	return flaw ? flaw : give(t, false, rr);
}

static enum transfer_flaw
take_removed(struct transfer *t, const struct zone_rr *rr, bool is_soa,
	     uint32_t serial)
{
	if (!is_soa) {
		t->removed++;
		return give(t, false, rr);
	}
	if (!serial_is_later(serial, t->at) ||
	    (serial != t->serial && !serial_is_later(t->serial, serial)))
		return TRANSFER_CHAIN;
	t->at = serial;
	t->state = ADDING;
	return give(t, true, rr);
}

static enum transfer_flaw
take_added(struct transfer *t, const struct zone_rr *rr, bool is_soa,
	   uint32_t serial)
{
	if (!is_soa) {
		t->added++;
		return give(t, true, rr);
	}
	if (serial != t->at)
		return TRANSFER_CHAIN;
	if (serial == t->serial)
		return end_with(t, rr);
	t->state = REMOVING;
	return give(t, false, rr);
}

static enum transfer_flaw
take_rr(struct transfer *t, const struct zone_rr *rr)
{
	bool is_soa =
	    rr->type == TYPE_SOA && name_equal(&rr->owner, t->setup.zone);
	uint32_t serial = 0;

	if (rr->type == TYPE_SOA) {
		struct reader r = reader_of(rr->rdata, rr->rdata_len);

		r.at = rr->rdata_len - 20u;
		serial = reader_u32(&r);
	}
	switch (t->state) {
	case EXPECT_SOA:
		return take_first(t, rr, serial);
	case EXPECT_SECOND:
		return take_second(t, rr, is_soa, serial);
	case IN_ZONE:
		return take_in_zone(t, rr, is_soa);
	case REMOVING:
		return take_removed(t, rr, is_soa, serial);
	case ADDING:
		return take_added(t, rr, is_soa, serial);
	default:
		return TRANSFER_BEHIND;
	}
}

/* ---- messages ----------------------------------------------------------- */

static enum transfer_flaw
flaw_of_rcode(unsigned rcode)
{
	switch (rcode) {
	case RCODE_NOERROR:
		return TRANSFER_NONE;
	case RCODE_FORMERR:
		return TRANSFER_FORMERR;
	case RCODE_SERVFAIL:
		return TRANSFER_SERVFAIL;
	case RCODE_NOTIMP:
		return TRANSFER_NOTIMP;
	case RCODE_REFUSED:
		return TRANSFER_REFUSED;
	case RCODE_NOTAUTH:
		return TRANSFER_NOTAUTH;
	default:
		return TRANSFER_RCODE;
	}
}

/* A first message repeats the question, later ones may. */
static bool
is_answer(const struct transfer *t)
{
	const struct header *h = &t->walk.header;
	const struct question *q = &t->walk.question;

	if (h->id != t->setup.id || !(h->flags & FLAG_QR) ||
	    header_opcode(h) != OPCODE_QUERY)
		return false;
	/* Who refuses may do it without. */
	if (h->qdcount == 0)
		return t->messages > 1 || (h->flags & 0xf) != 0;
	return q->type == (t->setup.whole ? TYPE_AXFR : TYPE_IXFR) &&
	       q->class == CLASS_IN && name_equal(&q->name, t->setup.zone);
}

/* An error that nobody signed is told as what it is; it fails either way. */
static enum transfer_flaw
check_signature(struct transfer *t, const uint8_t *bytes, size_t len,
		uint64_t date_s)
{
	if (t->setup.tsig == NULL)
		return TRANSFER_NONE;
	t->verdict = tsig_verify(t->setup.tsig, bytes, len, date_s);
	if (t->verdict == TSIG_VALID || t->verdict == TSIG_LATER ||
	    (t->verdict == TSIG_MISSING && t->rcode != RCODE_NOERROR))
		return TRANSFER_NONE;
	return TRANSFER_SIGNATURE;
}

static enum transfer_flaw
check_message(struct transfer *t, const uint8_t *bytes, size_t len,
	      uint64_t date_s)
{
	enum transfer_flaw flaw;

	t->messages++;
	t->bytes += len;
	if (t->bytes > t->setup.limits.bytes)
		return TRANSFER_BYTES;
	if (walk_begin(&t->walk, bytes, len) != ERR_NONE)
		return TRANSFER_TORN;
	if (!is_answer(t))
		return TRANSFER_NOT_OURS;
	t->rcode = t->walk.header.flags & 0xf;
	flaw = check_signature(t, bytes, len, date_s);
	if (flaw == TRANSFER_NONE)
		flaw = flaw_of_rcode(t->rcode);
	if (flaw == TRANSFER_NONE && t->walk.header.flags & FLAG_TC)
		flaw = TRANSFER_CUT;
	if (flaw == TRANSFER_NONE && t->messages == 1 &&
	    t->walk.header.ancount == 0)
		flaw = TRANSFER_EMPTY;
	return flaw;
}

static enum transfer_flaw
take_record(struct transfer *t)
{
	const struct rr *rr = &t->walk.rr;
	struct writer w = writer_of(t->rdata, sizeof(t->rdata));
	struct zone_rr out = {
		.type = rr->type,
		.ttl = rr_ttl(rr),
		.rdata = t->rdata,
	};

	if (++t->records > t->setup.limits.records)
		return TRANSFER_RECORDS;
	if (rr->class != CLASS_IN)
		return TRANSFER_CLASS;
	if (walk_owner(&t->walk, &out.owner) != ERR_NONE ||
	    rdata_unpack(&w, t->walk.records.r.bytes, rr) != ERR_NONE || w.full)
		return TRANSFER_TORN;
	out.rdata_len = (uint16_t)w.at;
	return take_rr(t, &out);
}

/* To its last byte: what stands behind the answer must be sound, too. */
static enum transfer_flaw
take_records(struct transfer *t)
{
	enum transfer_flaw flaw = TRANSFER_NONE;
	enum err err;

	while (flaw == TRANSFER_NONE) {
		err = walk_next(&t->walk);
		if (err == ERR_MISSING)
			break;
		if (err != ERR_NONE)
			return TRANSFER_TORN;
		if (t->walk.rr.section == SECTION_ANSWER)
			flaw = take_record(t);
	}
	return flaw;
}

/* Some servers answer with their newer SOA alone where they have no changes,
 * as if it were UDP. */
enum transfer_news
transfer_broken(struct transfer *t, enum transfer_flaw flaw)
{
	bool other_way = flaws[flaw].whole ||
			 (t->state == EXPECT_SECOND &&
			  (flaw == TRANSFER_SLOW || flaw == TRANSFER_CLOSED));

	t->flaw = flaw;
	return other_way && !t->setup.whole ? TRANSFER_ASK_ALL
					    : TRANSFER_FAILED;
}

/* All records of a message were right. */
static enum transfer_news
sum_up(struct transfer *t)
{
	bool settled = !t->setup.tsig || tsig_is_settled(t->setup.tsig);
	bool current = t->state == EXPECT_SECOND && t->messages == 1 &&
		       t->serial == t->setup.serial;

	if (t->state != COMPLETE && !current)
		return TRANSFER_MORE;
	if (!settled)
		return transfer_broken(t, TRANSFER_UNSIGNED_END);
	return current ? TRANSFER_CURRENT : TRANSFER_DONE;
}

enum transfer_news
transfer_feed(struct transfer *t, const uint8_t *bytes, size_t len,
	      int64_t now_ms, uint64_t date_s)
{
	enum transfer_flaw flaw = check_message(t, bytes, len, date_s);

	t->heard_ms = now_ms;
	if (flaw == TRANSFER_NONE)
		flaw = take_records(t);
	return flaw ? transfer_broken(t, flaw) : sum_up(t);
}
