/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long an answer may be kept.
 *
 * A positive answer lives as long as the shortest of its answer records; one
 * that says that there is nothing (RFC 2308) as long as the SOA beside it
 * says, and not at all where there is none.
 */
#include "cache/cache.h"

/* The shorter of the SOA's TTL and of its last field (RFC 2308 5). */
static uint32_t
negative_time(const struct message *m, const struct rr *rr)
{
	uint32_t ttl = rr_ttl(rr);
	uint32_t minimum;

	if (rr->rdata_len < sizeof(minimum))
		return 0;

	const uint8_t *last = m->bytes + rr->rdata_at + rr->rdata_len - 4;

	minimum = (uint32_t)last[0] << 24 | (uint32_t)last[1] << 16 |
		  (uint32_t)last[2] << 8 | last[3];
	if (minimum < ttl)
		ttl = minimum;
	return ttl < CACHE_NEGATIVE_MAX_S ? ttl : CACHE_NEGATIVE_MAX_S;
}

static void
lower(uint32_t *time, uint32_t ttl)
{
	if (ttl < *time)
		*time = ttl;
}

uint32_t
cache_time_of(const struct message *m, uint16_t type)
{
	uint32_t time = UINT32_MAX, negative = 0;
	bool has_type = false;

	for (unsigned i = 0; i < m->rr_count; i++) {
		const struct rr *rr = &m->rr[i];

		if (rr->section == SECTION_ANSWER) {
			lower(&time, rr_ttl(rr));
			has_type |= rr->type == type;
		} else if (rr->section == SECTION_AUTHORITY &&
			   rr->type == TYPE_SOA) {
			negative = negative_time(m, rr);
		}
	}
	if (message_rcode(m) == RCODE_NOERROR && has_type)
		return time;
	if (message_rcode(m) == RCODE_NOERROR && negative == 0 &&
	    time != UINT32_MAX)
		return time; /* half of a chain: the rest is asked for alone */
	lower(&time, negative);
	return time;
}
