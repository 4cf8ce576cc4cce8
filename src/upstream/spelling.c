/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Some upstreams do not keep the case of the question, so that each of their
 * answers looks forged and is asked for again over TCP. One that was right
 * in everything else, and says over a connection what it said by UDP, three
 * times in a row, is understood without the case for an hour. A stranger who
 * wants that would have to guess port and id three times first, and tell the
 * truth.
 */
#include "upstream/spelling.h"

static uint64_t
hash_name(const struct hash_key *key, const struct name *n)
{
	struct name low;

	name_lower(n, &low);
	return hash_bytes(key, low.wire, low.len);
}

static uint64_t
hash_record(const struct hash_key *key, const struct message *m,
	    const struct rr *rr)
{
	uint64_t part[3] = { (uint64_t)rr->type << 16 | rr->class };
	struct name name;

	if (rr_owner(m, rr, &name) == ERR_NONE)
		part[1] = hash_name(key, &name);
	part[2] = rr_target(m, rr, &name) == ERR_NONE
		      ? hash_name(key, &name)
		      : hash_bytes(key, m->bytes + rr->rdata_at,
				   rr->rdata_len);
	return hash_bytes(key, part, sizeof(part));
}

uint64_t
spelling_digest(const struct hash_key *key, const struct message *m)
{
	uint64_t sum = message_rcode(m);

	for (unsigned i = 0; i < m->rr_count; i++)
		if (m->rr[i].section == SECTION_ANSWER)
			sum += hash_record(key, m, &m->rr[i]);
	return sum;
}

/* Without a capital letter in the question nothing was to be kept. */
void
spelling_kept(struct spelling *s, const struct sent *sent)
{
	const struct name *n = &sent->q.name;

	for (unsigned i = 0; sent->exact && i < n->len; i++)
		if (name_fold(n->wire[i]) != n->wire[i])
			s->proofs = 0;
}

bool
spelling_proved(struct spelling *s, int64_t now_ms)
{
	bool first = !s->told;

	if (++s->proofs < SPELLING_PROOFS)
		return false;
	s->proofs = 0;
	s->free_until_ms = now_ms + SPELLING_FREE_MS;
	s->told = true;
	return first;
}

bool
spelling_is_free(const struct spelling *s, int64_t now_ms)
{
	return now_ms < s->free_until_ms;
}
