/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One probe a label, whatever the number of lists and of names in them.
 *
 * From the whole name upwards each suffix is looked up once. What a list says
 * of the longest suffix it knows is its last word, an exception too; then the
 * earliest list with a word decides.
 */
#include "lists/match.h"

#include "lists/table.h"

/* What each list has said so far. */
struct verdicts {
	uint64_t spoken; /* a bit a list */
	uint64_t listed;
	struct lists_hit hit[LISTS_MAX];
};

static const struct lists_meaning *
find(const struct lists_head *h, uint64_t hash)
{
	const struct lists_key *key = lists_keys(h);
	uint64_t count = h->keys.count;
	uint64_t at = lists_slot(hash, count);

	for (uint64_t tries = 0; tries < count; tries++) {
		const struct lists_key *k = &key[at];

		if (k->meaning == 0 || k->meaning > h->meanings.count)
			return NULL;
		if (k->hash_low == (uint32_t)hash &&
		    k->hash_high == (uint32_t)(hash >> 32))
			return &lists_meanings(h)[k->meaning - 1];
		at = at + 1 < count ? at + 1 : 0;
	}
	return NULL;
}

static bool
reaches(const struct lists_mark *m, bool whole)
{
	return m->reach == REACH_TREE || (m->reach == REACH_EXACT) == whole;
}

static void
hear(const struct lists_head *h, const struct lists_meaning *m, bool whole,
     const struct lists_hit *about, struct verdicts *v)
{
	const struct lists_mark *mark = lists_marks(h) + m->first;

	for (uint32_t i = 0; i < m->count; i++, mark++) {
		uint64_t bit = 1ull << mark->list;

		if ((v->spoken & bit) != 0 || !reaches(mark, whole))
			continue;
		v->spoken |= bit;
		if (mark->exception)
			continue;
		v->listed |= bit;
		v->hit[mark->list] = *about;
		v->hit[mark->list].list = mark->list;
		v->hit[mark->list].wild_entry = mark->reach == REACH_BELOW;
		v->hit[mark->list].action = lists_lists(h)[mark->list].action;
	}
}

/* The earliest list that does more than to log. */
static bool
decide(const struct verdicts *v, struct lists_hit *out,
       struct lists_hit *log_out)
{
	*out = (struct lists_hit){ .list = LISTS_NONE };
	if (log_out != NULL)
		*log_out = *out;
	for (uint32_t i = 0; i < LISTS_MAX; i++) {
		if ((v->listed & 1ull << i) == 0)
			continue;
		if (v->hit[i].action != ACTION_LOG) {
			*out = v->hit[i];
			return true;
		}
		if (log_out != NULL && log_out->list == LISTS_NONE)
			*log_out = v->hit[i];
	}
	return false;
}

bool
lists_match_name(const struct lists *l, const struct lists_ask *ask,
		 const struct name *name, struct lists_hit *out,
		 struct lists_hit *log_out)
{
	struct lists_hit about = { .trigger = ask->trigger,
				   .given = ACTION_NXDOMAIN };
	struct verdicts v;
	struct hash_key key;
	struct name lower;

	v.listed = 0;
	v.spoken = ~ask->among;
	if (l->head == NULL)
		return decide(&v, out, log_out);
	lists_trigger_key(&l->head->key, ask->trigger, &key);
	name_lower(name, &lower);
	about.labels = name_labels(&lower);
	for (unsigned at = 0; lower.wire[at] != 0; at += lower.wire[at] + 1u) {
		const struct lists_meaning *m = find(
		    l->head,
		    lists_name_hash(&key, lower.wire + at, lower.len - at));

		if (m != NULL)
			hear(l->head, m, at == 0, &about, &v);
		about.labels--;
	}
	return decide(&v, out, log_out);
}

static bool
occurs(const struct lists_head *h, uint8_t family, unsigned bits)
{
	if (family == 4)
		return (h->lengths4 >> bits & 1) != 0;
	return (h->lengths6[bits / 64] >> bits % 64 & 1) != 0;
}

static void
hear_nets(const struct lists_head *h, enum trigger trigger,
	  const struct addr *addr, struct verdicts *v)
{
	struct hash_key key;

	lists_trigger_key(&h->key, trigger, &key);
	for (unsigned bits = addr->family == 4 ? 32 : 128; bits > 0; bits--) {
		struct lists_hit about = { .trigger = trigger,
					   .given = ACTION_NXDOMAIN,
					   .net = { .addr = *addr,
						    .bits = (uint8_t)bits } };
		const struct lists_meaning *m;

		if (!occurs(h, addr->family, bits))
			continue;
		addr_mask(&about.net.addr, bits);
		m = find(h, lists_net_hash(&key, &about.net));
		if (m != NULL)
			hear(h, m, true, &about, v);
	}
}

bool
lists_match_addr(const struct lists *l, const struct lists_ask *ask,
		 const struct addr *addr, struct lists_hit *out,
		 struct lists_hit *log_out)
{
	struct verdicts v;
	struct addr inner;

	v.listed = 0;
	v.spoken = ~ask->among;
	if (l->head == NULL)
		return decide(&v, out, log_out);
	hear_nets(l->head, ask->trigger, addr, &v);
	/* A translator or a tunnel leads there all the same. */
	if (addr_embedded(addr, &inner))
		hear_nets(l->head, ask->trigger, &inner, &v);
	return decide(&v, out, log_out);
}

uint64_t
lists_with(const struct lists *l, enum trigger trigger)
{
	uint64_t with = 0;

	for (uint32_t i = 0; i < lists_count(l); i++)
		with |= (uint64_t)(lists_at(l, i)->triggers >> trigger & 1)
			<< i;
	return with;
}

uint64_t
lists_for_client(const struct lists *l, const struct addr *client)
{
	(void)l;
	(void)client;
	return LISTS_ALL;
}
