/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One probe a label, whatever the number of lists and of names in them.
 *
 * From the whole name upwards each suffix is looked up once. What a list says
 * of the longest suffix it knows is its last word, an exception too, and in a
 * policy zone that it knows it at all; then the earliest list with a word
 * decides.
 */
#include "lists/match.h"

#include "lists/table.h"

/* What each list has said so far. */
struct verdicts {
	uint64_t spoken; /* a bit a list; those that are not asked, too */
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
	switch (m->reach) {
	case REACH_EXACT:
		return whole;
	case REACH_BELOW:
		return !whole;
	default:
		return m->reach == REACH_TREE;
	}
}

/* What is in force: what the entry says, or what its list makes of it. */
static void
settle(const struct lists_list *l, const struct lists_mark *m,
       struct lists_hit *hit)
{
	hit->list = m->list;
	hit->wild_entry = m->reach == REACH_BELOW;
	hit->given = m->action != ACTION_GIVEN ? m->action : ACTION_NXDOMAIN;
	hit->wild = (m->flags & MARK_WILD) != 0;
	hit->data = m->data;
	hit->action = l->action;
	if (l->action == ACTION_GIVEN)
		hit->action = hit->given;
	if (l->action == ACTION_GIVEN || l->action == ACTION_LOG)
		return;
	hit->wild = l->wild != 0;
	hit->data = l->data;
}

static bool
is_sound(const struct lists_head *h, const struct lists_meaning *m)
{
	return m->first <= h->marks.count &&
	       m->count <= h->marks.count - m->first;
}

static void
hear(const struct lists_head *h, const struct lists_meaning *m, bool whole,
     const struct lists_hit *about, struct verdicts *v)
{
	const struct lists_mark *mark = lists_marks(h) + m->first;
	uint64_t ended = 0;

	if (!is_sound(h, m))
		return;
	for (uint32_t i = 0; i < m->count; i++, mark++) {
		uint64_t bit = 1ull << mark->list % LISTS_MAX;

		if (mark->list >= h->lists.count ||
		    mark->action >= ACTION_COUNT || (v->spoken & bit) != 0)
			continue;
		if ((mark->flags & MARK_ENDS) != 0)
			ended |= bit;
		if (!reaches(mark, whole))
			continue;
		v->spoken |= bit;
		if ((mark->flags & MARK_EXCEPTION) != 0)
			continue;
		v->listed |= bit;
		v->hit[mark->list] = *about;
		settle(&lists_lists(h)[mark->list], mark, &v->hit[mark->list]);
	}
	v->spoken |= ended;
}

/* The earliest list that does more than to log. */
static bool
decide(const struct verdicts *v, struct lists_hit *out,
       struct lists_hit *log_out)
{
	*out = (struct lists_hit){ .list = LISTS_NONE };
	if (log_out != NULL)
		*log_out = *out;
	for (uint64_t left = v->listed; left != 0; left &= left - 1) {
		const struct lists_hit *hit = &v->hit[__builtin_ctzll(left)];

		if (hit->action != ACTION_LOG) {
			*out = *hit;
			return true;
		}
		if (log_out != NULL && log_out->list == LISTS_NONE)
			*log_out = *hit;
	}
	return false;
}

/* Lists that are asked and have something to say; none: a shorter way. */
static bool
begin(const struct lists *l, const struct lists_ask *ask, struct verdicts *v)
{
	v->listed = 0;
	if (l->head == NULL)
		return false;
	v->spoken = ~(ask->among & l->head->with[ask->trigger]);
	return v->spoken != UINT64_MAX;
}

static void
hear_names(const struct lists_head *h, const struct lists_ask *ask,
	   const struct name *lower, struct verdicts *v)
{
	struct lists_hit about = { .trigger = ask->trigger,
				   .labels = name_labels(lower) };
	bool root = (h->roots >> ask->trigger & 1) != 0;
	struct hash_key key;
	unsigned at = 0;

	lists_trigger_key(&h->key, ask->trigger, &key);
	while ((lower->wire[at] != 0 || root) && v->spoken != UINT64_MAX) {
		const struct lists_meaning *m =
		    find(h, lists_name_hash(&key, lower->wire + at,
					    lower->len - at));

		if (m != NULL)
			hear(h, m, at == 0, &about, v);
		if (lower->wire[at] == 0)
			return;
		at += lower->wire[at] + 1u;
		about.labels--;
	}
}

bool
lists_match_name(const struct lists *l, const struct lists_ask *ask,
		 const struct name *name, struct lists_hit *out,
		 struct lists_hit *log_out)
{
	struct verdicts v;
	struct name lower;

	if (begin(l, ask, &v)) {
		name_lower(name, &lower);
		hear_names(l->head, ask, &lower, &v);
	}
	return decide(&v, out, log_out);
}

static bool
occurs(const struct lists_head *h, enum trigger trigger, uint8_t family,
       unsigned bits)
{
	const uint64_t *word = h->lengths[trigger];

	return (word[lists_length_word(family, bits)] >> bits % 64 & 1) != 0;
}

static void
hear_nets(const struct lists_head *h, enum trigger trigger,
	  const struct addr *addr, struct verdicts *v)
{
	struct hash_key key;

	lists_trigger_key(&h->key, trigger, &key);
	for (unsigned bits = addr->family == 4 ? 32 : 128; bits > 0; bits--) {
		struct lists_hit about = { .trigger = trigger,
					   .net = { .addr = *addr,
						    .bits = (uint8_t)bits } };
		const struct lists_meaning *m;

		if (!occurs(h, trigger, addr->family, bits))
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

	if (begin(l, ask, &v)) {
		hear_nets(l->head, ask->trigger, addr, &v);
		/* A translator or a tunnel leads there all the same. */
		if (addr_embedded(addr, &inner))
			hear_nets(l->head, ask->trigger, &inner, &v);
	}
	return decide(&v, out, log_out);
}

uint64_t
lists_with(const struct lists *l, enum trigger trigger)
{
	return l->head != NULL ? l->head->with[trigger] : 0;
}

static bool
nets_have(const struct lists_head *h, uint32_t first, uint32_t count,
	  const struct addr *a)
{
	const struct net *net = lists_net_section(h) + first;

	for (uint32_t i = 0; i < count; i++) {
		if (net[i].bits <= 128 && addr_in_net(a, &net[i]))
			return true;
	}
	return false;
}

uint64_t
lists_for_client(const struct lists *l, const struct addr *client)
{
	uint64_t which = 0;

	if (l->head == NULL)
		return 0;
	which = l->head->for_all;
	for (uint32_t i = 0; i < l->head->lists.count; i++) {
		const struct lists_list *list = &lists_lists(l->head)[i];

		if (nets_have(l->head, list->first_client, list->client_count,
			      client))
			which |= 1ull << i;
	}
	return which;
}

bool
lists_have_primary(const struct lists *l, const struct addr *a)
{
	for (uint32_t i = 0; i < lists_count(l); i++) {
		const struct lists_list *list = &lists_lists(l->head)[i];

		if (list->primary_count > 0 &&
		    (a == NULL || nets_have(l->head, list->first_primary,
					    list->primary_count, a)))
			return true;
	}
	return false;
}
