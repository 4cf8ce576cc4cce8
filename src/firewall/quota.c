/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accounts of clients: pairs that live, and a bucket of tokens for new ones.
 *
 * One client must not fill the sets for the others, nor make the warden
 * remember more and more clients: an account exists while it has a pair or
 * its bucket is not full, there are as many as the ledger has slots, and one
 * without pairs is given away when no other is left. Nothing is allocated
 * after quota_new().
 */
#include "firewall/quota.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = LEDGER_NONE, TOKEN = 1000 };

/* Chains run through indexes: pages that were never used cost nothing. */
struct account {
	struct addr client;
	uint32_t next;	       /* of its hash chain */
	uint32_t older, newer; /* among those without pairs */
	uint32_t first_pair, pairs;
	int64_t tokens; /* thousandths */
	int64_t at_ms;	/* of the tokens */
};

struct pair {
	uint32_t account;
	struct addr destination;
	uint32_t next;		/* of its hash chain, or of the free ones */
	uint32_t after, before; /* of the account's */
	uint32_t first_slot, slots;
	uint32_t letter; /* that touched it last */
	int64_t end_ms;
};

struct member {
	uint32_t pair, after, before; /* ring of the pair's slots */
};

struct quota {
	struct quota_setup setup;
	int64_t burst; /* thousandths */
	struct account *account;
	struct pair *pair;
	struct member *member; /* by slot */
	uint32_t *account_bucket, *pair_bucket;
	uint32_t mask;
	uint32_t account_top, oldest, newest; /* idle ones */
	uint32_t pair_top, pair_free;
	uint32_t letter;
};

static uint32_t
buckets_for(uint32_t capacity)
{
	uint32_t n = 64;

	while (n < capacity && n < 1u << 31)
		n *= 2;
	return n;
}

static uint32_t *
buckets_new(uint32_t count)
{
	uint32_t *b = malloc(count * sizeof(*b));

	if (b != NULL)
		memset(b, 0xff, count * sizeof(*b));
	return b;
}

enum err
quota_new(const struct quota_setup *setup, struct quota **out)
{
	struct quota *q = calloc(1, sizeof(*q));
	uint32_t n = setup->capacity, buckets = buckets_for(n);

	if (q == NULL)
		return ERR_FULL;
	q->setup = *setup;
	q->burst = (setup->max_new > QUOTA_LEAST_BURST ? setup->max_new
						       : QUOTA_LEAST_BURST) *
		   (int64_t)TOKEN;
	q->account = calloc(n, sizeof(*q->account));
	q->pair = calloc(n, sizeof(*q->pair));
	q->member = calloc(n, sizeof(*q->member));
	q->account_bucket = buckets_new(buckets);
	q->pair_bucket = buckets_new(buckets);
	q->mask = buckets - 1;
	q->oldest = q->newest = q->pair_free = NONE;
	if (q->account == NULL || q->pair == NULL || q->member == NULL ||
	    q->account_bucket == NULL || q->pair_bucket == NULL) {
		quota_free(q);
		return ERR_FULL;
	}
	*out = q;
	return ERR_NONE;
}

void
quota_free(struct quota *q)
{
	free(q->account);
	free(q->pair);
	free(q->member);
	free(q->account_bucket);
	free(q->pair_bucket);
	free(q);
}

/* ---- accounts ----------------------------------------------------------- */

static uint32_t *
account_bucket(const struct quota *q, const struct addr *client)
{
	uint64_t h = hash_bytes(&q->setup.hash, client, sizeof(*client));

	return &q->account_bucket[h & q->mask];
}

static uint32_t
account_find(const struct quota *q, const struct addr *client)
{
	uint32_t at = *account_bucket(q, client);

	while (at != NONE && !addr_equal(&q->account[at].client, client))
		at = q->account[at].next;
	return at;
}

static void
refill(const struct quota *q, struct account *a, int64_t now_ms)
{
	int64_t missing = q->burst - a->tokens;
	int64_t passed = now_ms - a->at_ms;

	a->at_ms = now_ms;
	if (passed < 0)
		return;
	/* max_new tokens a second are max_new thousandths a millisecond. */
	if (passed >= missing / q->setup.max_new + 1)
		a->tokens = q->burst;
	else
		a->tokens += passed * q->setup.max_new;
	if (a->tokens > q->burst)
		a->tokens = q->burst;
}

static void
idle_out(struct quota *q, uint32_t at)
{
	struct account *a = &q->account[at];

	*(a->older != NONE ? &q->account[a->older].newer : &q->oldest) =
	    a->newer;
	*(a->newer != NONE ? &q->account[a->newer].older : &q->newest) =
	    a->older;
	a->older = a->newer = NONE;
}

static void
idle_in(struct quota *q, uint32_t at)
{
	struct account *a = &q->account[at];

	a->older = q->newest;
	a->newer = NONE;
	*(a->older != NONE ? &q->account[a->older].newer : &q->oldest) = at;
	q->newest = at;
}

static void
account_forget(struct quota *q, uint32_t at)
{
	uint32_t *link = account_bucket(q, &q->account[at].client);

	while (*link != at)
		link = &q->account[*link].next;
	*link = q->account[at].next;
	idle_out(q, at);
}

/* One whose bucket is full again says nothing that a new one would not. */
static bool
may_reuse_oldest(const struct quota *q, int64_t now_ms)
{
	struct account a;

	if (q->oldest == NONE)
		return false;
	a = q->account[q->oldest];
	refill(q, &a, now_ms);
	return a.tokens == q->burst || q->account_top == q->setup.capacity;
}

static uint32_t
account_open(struct quota *q, const struct addr *client, int64_t now_ms)
{
	uint32_t at = account_find(q, client), *bucket;

	if (at != NONE) {
		refill(q, &q->account[at], now_ms);
		return at;
	}
	if (may_reuse_oldest(q, now_ms)) {
		at = q->oldest;
		account_forget(q, at);
	} else {
		/* Every account that is in use has a pair, and each pair a
		 * slot: there is one left. */
		assert(q->account_top < q->setup.capacity);
		at = q->account_top++;
	}
	bucket = account_bucket(q, client);
	q->account[at] = (struct account){ .client = *client,
					   .next = *bucket,
					   .first_pair = NONE,
					   .tokens = q->burst,
					   .at_ms = now_ms };
	*bucket = at;
	idle_in(q, at);
	return at;
}

/* ---- pairs -------------------------------------------------------------- */

static uint32_t *
pair_bucket(const struct quota *q, uint32_t account, const struct addr *to)
{
	struct {
		uint32_t account;
		struct addr to;
	} key = { account, *to };

	return &q->pair_bucket[hash_bytes(&q->setup.hash, &key, sizeof(key)) &
			       q->mask];
}

static uint32_t
pair_find(const struct quota *q, uint32_t account, const struct addr *to)
{
	uint32_t at = *pair_bucket(q, account, to);

	while (at != NONE && (q->pair[at].account != account ||
			      !addr_equal(&q->pair[at].destination, to)))
		at = q->pair[at].next;
	return at;
}

static uint32_t
pair_take(struct quota *q)
{
	uint32_t at = q->pair_free;

	if (at == NONE)
		return q->pair_top++;
	q->pair_free = q->pair[at].next;
	return at;
}

static uint32_t
pair_open(struct quota *q, uint32_t account, const struct addr *to)
{
	struct account *a = &q->account[account];
	uint32_t *bucket = pair_bucket(q, account, to), at = pair_take(q);

	assert(at < q->setup.capacity);
	q->pair[at] = (struct pair){ .account = account,
				     .destination = *to,
				     .next = *bucket,
				     .after = a->first_pair,
				     .before = NONE,
				     .first_slot = NONE };
	*bucket = at;
	if (a->first_pair != NONE)
		q->pair[a->first_pair].before = at;
	a->first_pair = at;
	if (a->pairs++ == 0)
		idle_out(q, account);
	return at;
}

static void
pair_close(struct quota *q, uint32_t at)
{
	struct pair *p = &q->pair[at];
	struct account *a = &q->account[p->account];
	uint32_t *link = pair_bucket(q, p->account, &p->destination);

	while (*link != at)
		link = &q->pair[*link].next;
	*link = p->next;
	*(p->before != NONE ? &q->pair[p->before].after : &a->first_pair) =
	    p->after;
	if (p->after != NONE)
		q->pair[p->after].before = p->before;
	if (--a->pairs == 0)
		idle_in(q, p->account);
	p->next = q->pair_free;
	q->pair_free = at;
}

static void
join(struct quota *q, uint32_t slot, uint32_t at)
{
	struct pair *p = &q->pair[at];
	struct member *m = &q->member[slot];

	*m = (struct member){ .pair = at, .after = slot, .before = slot };
	if (p->slots++ > 0) {
		m->after = p->first_slot;
		m->before = q->member[p->first_slot].before;
		q->member[m->before].after = slot;
		q->member[m->after].before = slot;
	}
	p->first_slot = slot;
	p->letter = q->letter;
}

/* ---- what the header promises ------------------------------------------ */

void
quota_begin(struct quota *q)
{
	q->letter++;
}

bool
quota_enter(struct quota *q, uint32_t slot, const struct ledger_key *key,
	    int64_t now_ms)
{
	uint32_t account = account_open(q, &key->client, now_ms);
	uint32_t at = pair_find(q, account, &key->destination);
	struct account *a = &q->account[account];

	if (at == NONE) {
		if (a->tokens < TOKEN)
			return false;
		a->tokens -= TOKEN;
		at = pair_open(q, account, &key->destination);
	}
	join(q, slot, at);
	return true;
}

void
quota_take_over(struct quota *q, uint32_t slot, const struct ledger_key *key,
		int64_t now_ms)
{
	uint32_t account = account_open(q, &key->client, now_ms);
	uint32_t at = pair_find(q, account, &key->destination);

	if (at == NONE)
		at = pair_open(q, account, &key->destination);
	join(q, slot, at);
}

void
quota_renew(struct quota *q, uint32_t slot, int64_t end_ms)
{
	struct pair *p = &q->pair[q->member[slot].pair];

	p->letter = q->letter;
	if (end_ms > p->end_ms)
		p->end_ms = end_ms;
}

/* The account of a pair that is gone with its last slot, else NULL. */
static struct account *
leave(struct quota *q, uint32_t slot)
{
	struct member *m = &q->member[slot];
	struct pair *p = &q->pair[m->pair];

	q->member[m->before].after = m->after;
	q->member[m->after].before = m->before;
	p->first_slot = m->after;
	if (--p->slots > 0)
		return NULL;
	pair_close(q, m->pair);
	return &q->account[p->account];
}

void
quota_leave(struct quota *q, uint32_t slot, int64_t now_ms)
{
	struct account *a = leave(q, slot);

	if (a != NULL)
		refill(q, a, now_ms);
}

void
quota_undo(struct quota *q, uint32_t slot, int64_t now_ms)
{
	struct account *a = leave(q, slot);

	if (a == NULL)
		return;
	a->tokens += TOKEN;
	refill(q, a, now_ms);
}

bool
quota_is_over(const struct quota *q, uint32_t slot)
{
	const struct pair *p = &q->pair[q->member[slot].pair];

	return q->account[p->account].pairs > q->setup.max_pairs;
}

uint32_t
quota_victim(const struct quota *q, uint32_t slot)
{
	const struct pair *p = &q->pair[q->member[slot].pair], *first = NULL;
	uint32_t at = q->account[p->account].first_pair;

	if (!quota_is_over(q, slot))
		return NONE;
	for (; at != NONE; at = p->after) {
		p = &q->pair[at];
		if (p->letter != q->letter &&
		    (first == NULL || p->end_ms < first->end_ms))
			first = p;
	}
	return first != NULL ? first->first_slot : NONE;
}

uint32_t
quota_next(const struct quota *q, uint32_t slot)
{
	return q->member[slot].after;
}

uint32_t
quota_pairs(const struct quota *q, const struct addr *client)
{
	uint32_t at = account_find(q, client);

	return at != NONE ? q->account[at].pairs : 0;
}
