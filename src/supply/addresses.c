/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses out of an answer.
 *
 * Only what the name that was asked leads to counts; whatever else a server
 * puts into its answer is passed over (RFC 1034 4.3.2, RFC 5452 6).
 */
#include "supply/addresses.h"

struct reading {
	const struct ask_answer *answer;
	struct records records;
	struct name owner; /* whose records count now */
	unsigned aliases;
};

static enum err
take_alias(struct reading *r, const struct rr *rr)
{
	size_t at = rr->rdata_at, end = at + rr->rdata_len;

	if (++r->aliases > ADDRESSES_CHAIN ||
	    name_read(r->answer->bytes, end, &at, &r->owner) != ERR_NONE ||
	    at != end)
		return ERR_TORN;
	return ERR_NONE;
}

static enum err
take_record(struct reading *r, const struct rr *rr, uint16_t type,
	    const struct addresses_sink *to)
{
	size_t at = rr->owner_at;
	struct name owner;
	struct addr a;

	if (rr->class != CLASS_IN ||
	    (rr->type != type && rr->type != TYPE_CNAME))
		return ERR_NONE;
	if (name_read(r->answer->bytes, r->answer->len, &at, &owner) !=
	    ERR_NONE)
		return ERR_TORN;
	if (!name_equal(&owner, &r->owner))
		return ERR_NONE;
	if (rr->type == TYPE_CNAME)
		return take_alias(r, rr);
	if (!rr_read_address(r->answer->bytes, rr, &a))
		return ERR_TORN;
	return to->each(to->owner, &a, rr_ttl(rr));
}

enum err
addresses_read(const struct ask_answer *answer, const struct question *q,
	       const struct addresses_sink *to)
{
	struct reading r = { .answer = answer,
			     .records = answer->records,
			     .owner = q->name };
	unsigned rcode = answer->header.flags & 0xf;
	enum err err = ERR_NONE;
	struct rr rr;

	if (rcode == RCODE_NXDOMAIN)
		return ERR_MISSING;
	if (rcode != RCODE_NOERROR)
		return ERR_DENIED;
	if (answer->header.flags & FLAG_TC)
		return ERR_TORN;
	for (unsigned i = 0; err == ERR_NONE && i < answer->header.ancount;
	     i++) {
		err = records_next(&r.records, &rr);
		if (err == ERR_NONE)
			err = take_record(&r, &rr, q->type, to);
	}
	return err;
}
