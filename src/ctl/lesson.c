/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the two memories of the past to lessons.
 *
 * Everything is judged by the policy as it is now: what a rule allows by this
 * time teaches nothing. Both memories are of fixed size, and so is the work.
 */
#include "ctl/lesson.h"

#include <string.h>

#include "base/clock.h"
#include "base/sorted.h"
#include "policy/prefixed.h"
#include "policy/special.h"
#include "wire/types.h"

struct learning {
	struct lessons *l;
	const struct evidence *evidence;
	int64_t since_ms, now_ms;
	const struct options *opt;
	struct specials specials;
	struct verdict verdict;
};

static bool
is_own(const struct evidence *e, const struct addr *client)
{
	return addr_is_loopback(client) ||
	       (e->own && own_is_local(e->own, client));
}

/* A client that a list is written for: the access list has it, or it is
 * ours. */
static bool
is_taught(const struct evidence *e, const struct past_entry *p)
{
	const struct policy_client client = { &p->client, INTERFACE_ANY };

	if (policy_knows(e->policy, &client) || is_own(e, &p->client))
		return true;
	for (uint32_t i = 0; e->own && i < e->own->net_count; i++)
		if (addr_in_net(&p->client, &e->own->net[i]))
			return true;
	return false;
}

static int
compare(const struct lesson *a, const struct lesson *b)
{
	int order = (int)b->local - (int)a->local;

	if (order == 0 && !a->local)
		order = memcmp(&a->client, &b->client, sizeof(a->client));
	if (order == 0)
		order = (a->name.len == 0) - (b->name.len == 0);
	if (order == 0)
		order = memcmp(a->name.wire, b->name.wire,
			       a->name.len < b->name.len ? a->name.len
							 : b->name.len);
	if (order == 0)
		order = (int)a->name.len - (int)b->name.len;
	if (order == 0)
		order = (int)a->kind - (int)b->kind;
	if (order == 0)
		order = memcmp(&a->address, &b->address, sizeof(a->address));
	if (order == 0)
		order = (int)a->protocol - (int)b->protocol;
	return order != 0 ? order : (int)a->port - (int)b->port;
}

static int
by_key(const void *lesson, const void *wanted)
{
	return compare(lesson, wanted);
}

/* Where it is, or where it would stand. */
static size_t
place_of(const struct lessons *l, const struct lesson *new)
{
	const struct sorted s = { l->lesson, l->count, sizeof(*l->lesson),
				  by_key };

	return sorted_place(&s, new);
}

static void
add(struct lessons *l, const struct lesson *new)
{
	size_t at = place_of(l, new);
	struct lesson *there = &l->lesson[at];

	if (at < l->count && compare(there, new) == 0) {
		there->count += new->count;
		if (new->last_ms > there->last_ms)
			there->last_ms = new->last_ms;
		return;
	}
	if (l->count == l->room) {
		l->cut++;
		return;
	}
	memmove(there + 1, there, (l->count - at) * sizeof(*there));
	*there = *new;
	l->count++;
}

static void
judge(struct learning *g, const struct addr *client, const struct name *name)
{
	const struct policy_client who = { client, INTERFACE_ANY };

	policy_match_prefixed(g->evidence->policy, &who, name, &g->verdict);
}

static bool
is_for_address(uint16_t type)
{
	return type == TYPE_A || type == TYPE_AAAA || type == TYPE_HTTPS;
}

/* Such a name is the business of no upstream (POLICY, special names). */
static bool
is_special(const struct learning *g, const struct name *name)
{
	const struct special_question asked = { g->evidence->policy,
						&g->verdict, name };

	return special_find(&g->specials, g->opt, &asked) != NULL;
}

static void
learn_query(struct learning *g, const struct past_entry *p)
{
	struct lesson new = { .client = p->client,
			      .local = is_own(g->evidence, &p->client),
			      .kind = LESSON_QUERY,
			      .guessed = is_for_address(p->type),
			      .rule = IMAGE_NONE,
			      .count = p->count,
			      .last_ms = p->last_ms };

	past_name(p, &new.name);
	judge(g, &p->client, &new.name);
	if (g->verdict.kind == VERDICT_ALLOWED || is_special(g, &new.name))
		return;
	if (g->verdict.kind == VERDICT_BLOCKED) {
		new.kind = LESSON_BLOCKED;
		new.rule = g->verdict.rule;
	}
	add(g->l, &new);
}

static void
learn_packet(struct learning *g, const struct past_entry *p)
{
	const struct attempt a = { .client = p->client,
				   .address = p->address,
				   .ifindex = INTERFACE_ANY,
				   .protocol = p->protocol,
				   .has_port = p->has_port != 0,
				   .port = p->port };
	struct lesson new = { .client = p->client,
			      .kind = LESSON_PACKET,
			      .protocol = p->protocol,
			      .port = p->port,
			      .has_port = a.has_port,
			      .count = p->count,
			      .last_ms = p->last_ms };
	struct finding f;

	finding_of(g->evidence, &a, g->now_ms, &f);
	if (f.cause <= CAUSE_UNASKED || f.given)
		return;
	new.local = f.local;
	new.name = f.name;
	new.rule = f.rule;
	if (f.name.len == 0 || !line_has_service(&a)) {
		new.kind = LESSON_NAMELESS;
		new.name.len = 0;
		new.address = p->address;
	} else if (f.cause == CAUSE_BLOCKED) {
		new.kind = LESSON_BLOCKED;
		new.protocol = 0;
		new.port = 0;
	}
	add(g->l, &new);
}

typedef void learn_fn(struct learning *g, const struct past_entry *p);

static void
learn_all(struct learning *g, const struct past_view *v, enum past_kind kind,
	  learn_fn *learn)
{
	struct past_entry p;

	for (uint32_t i = 0; v->head && i < v->count; i++)
		if (past_read(v, i, &p) && p.kind == kind &&
		    p.last_ms >= g->since_ms && is_taught(g->evidence, &p))
			learn(g, &p);
}

void
lessons_learn(struct lessons *l, const struct view *v,
	      const struct evidence *evidence, int64_t since_ms)
{
	struct learning g = { .l = l,
			      .evidence = evidence,
			      .since_ms = since_ms,
			      .opt = v->opt,
			      .now_ms = clock_ms() };
	struct past_view packets = { 0 };

	specials_init(&g.specials);
	l->count = l->cut = 0;
	if (v->refusals)
		past_look(v->refusals, v->refusals_size, &packets);
	learn_all(&g, &packets, PAST_REFUSED, learn_packet);
	learn_all(&g, &evidence->queries, PAST_DENIED, learn_query);
}
