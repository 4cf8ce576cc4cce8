/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is in a set and what belongs there are two sorted arrays, and one walk
 * over both is the difference.
 *
 * The walk is cut into pieces where no net reaches over the cut, each piece
 * is one change of the kernel's, and in it comes what goes for what comes: so
 * an address that was listed and still is, be it in another net, is listed
 * all the time, and one list can follow another of half a million nets while
 * grants are answered. A set that is not known (after a start, an error, or
 * when others have had their hands in it) is listed first.
 */
#include "firewall/fixed_keep.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "firewall/fixed_inside.h"
#include "firewall/netset.h"

enum {
	LOOKS = 65536, /* entries that are looked at for one change */
	RETRY_MS = 500,
	LIST_AGAIN_MS = 1000,
	LIST_PARTS = 20 /* listing takes one part of so many of our time */
};

/* ---- life -------------------------------------------------------------- */

/* One that is there is to be looked into, wanted or not. */
static void
find_sets(struct fixed_keeper *k)
{
	for (unsigned set = 0; set < FIXED_COUNT; set++) {
		struct backend_look look;

		if (k->a->kind->fixed_look(k->a->backend, set, &look) ==
		    ERR_NONE)
			k->part[set].present = look.present;
	}
}

enum err
fixed_keeper_new(struct admission *a, struct fixed_keeper **out)
{
	struct fixed_keeper *k;

	*out = NULL;
	if (a->kind->fixed_prepare == NULL)
		return ERR_NONE;
	k = calloc(1, sizeof(*k));
	if (k == NULL)
		return ERR_FULL;
	k->a = a;
	find_sets(k);
	*out = k;
	return ERR_NONE;
}

void
fixed_keeper_free(struct fixed_keeper *k)
{
	for (unsigned set = 0; k != NULL && set < FIXED_COUNT; set++) {
		fixed_fini(&k->part[set].have);
		fixed_fini(&k->part[set].wanted);
	}
	free(k);
}

/* ---- what is to be ----------------------------------------------------- */

static void
forget(struct part *p)
{
	p->known = false;
	p->busy = true;
	p->had = p->to = 0;
	p->added = p->removed = 0;
}

/* All of it is looked at again. After a walk what was wanted is what it has. */
static void
begin_again(struct part *p)
{
	if (!p->busy) {
		p->wanted = p->have;
		p->have = (struct fixed_entries){ 0 };
	}
	forget(p);
}

/* A walk that ends before its end: what is behind it is as it was wanted,
 * the rest as it was. */
static enum err
stop_walk(struct part *p)
{
	struct fixed_entries now = { 0 };
	enum err err = ERR_NONE;

	for (size_t i = 0; i < p->to && err == ERR_NONE; i++)
		err = fixed_add(&now, &p->wanted.at[i]);
	for (size_t i = p->had; i < p->have.count && err == ERR_NONE; i++)
		err = fixed_add(&now, &p->have.at[i]);
	if (err != ERR_NONE) {
		fixed_fini(&now);
		return err;
	}
	fixed_fini(&p->have);
	p->have = now;
	fixed_sort(&p->have);
	return ERR_NONE;
}

static void
plan_one(struct fixed_keeper *k, enum fixed_index set)
{
	struct part *p = &k->part[set];
	struct fixed_entries wanted;
	const struct backend_kind *kind = k->a->kind;
	const struct fixed_limits limits = {
		.most = kind->fixed_static_most,
		.hosts = kind->fixed_hosts != NULL &&
			 kind->fixed_hosts(k->a->backend),
		.no_pairs = kind->fixed_lacks_pairs != NULL &&
			    kind->fixed_lacks_pairs(k->a->backend),
	};
	enum err err = fixed_want(&k->a->judge, set, &limits, &wanted);

	p->wants = fixed_is_wanted(&k->a->judge, set) || wanted.count > 0;
	p->refused = err == ERR_RANGE || err == ERR_DENIED;
	if (err != ERR_NONE)
		fixed_say_failure(k, set, err);
	/* What cannot be found out stays blocked, and opens nothing. */
	if (err != ERR_NONE && fixed_blocks(set)) {
		fixed_show(k, set);
		return;
	}
	if (p->busy && p->known && stop_walk(p) != ERR_NONE)
		forget(p);
	fixed_fini(&p->wanted);
	p->wanted = wanted;
	p->had = p->to = 0;
	p->added = p->removed = 0;
	p->retry_ms = 0;
	p->busy = p->wants || p->present;
	fixed_show(k, set);
}

void
fixed_plan(struct fixed_keeper *k)
{
	for (unsigned set = 0; k != NULL && set < FIXED_COUNT; set++)
		plan_one(k, set);
}

/* ---- made, and looked into --------------------------------------------- */

struct intake {
	struct fixed_entries *to;
	enum err err;
};

static void
take_entry(void *arg, const struct fixed_entry *entry)
{
	struct intake *in = arg;

	if (in->err == ERR_NONE)
		in->err = fixed_add(in->to, entry);
}

static enum err
list(struct fixed_keeper *k, enum fixed_index set)
{
	struct admission *a = k->a;
	struct part *p = &k->part[set];
	struct intake in = { .to = &p->have };
	int64_t began_ms = clock_ms();
	bool odd;
	enum err err;

	fixed_fini(&p->have);
	err = a->kind->fixed_list(a->backend, set, take_entry, &in, &odd);
	if (err == ERR_NONE)
		err = in.err;
	/* What has another shape cannot be taken out one by one. */
	if (err == ERR_NONE && odd) {
		log_warn("Set %s of lists held what is not ours, and is "
			 "filled anew",
			 fixed_name(set));
		fixed_fini(&p->have);
		err = a->kind->fixed_clear(a->backend, set);
	}
	fixed_sort(&p->have);
	p->list_ms = clock_ms() + LIST_AGAIN_MS +
		     (clock_ms() - began_ms) * LIST_PARTS;
	p->doubted = false;
	return err;
}

/* It is there, and what is in it is known. */
static enum err
take_up(struct fixed_keeper *k, enum fixed_index set)
{
	struct admission *a = k->a;
	struct part *p = &k->part[set];
	struct fixed_shape shape = { .set = set, .have = &p->have };
	bool found;
	enum err err;

	if (p->known)
		shape.count = p->wanted.count;
	err = a->kind->fixed_prepare(a->backend, &shape, &found);
	if (err != ERR_NONE)
		return err;
	p->present = true;
	if (!found)
		fixed_fini(&p->have);
	else if (!p->known)
		err = list(k, set);
	if (err != ERR_NONE || p->known)
		return err;
	p->known = true;
	return take_up(k, set);
}

uint32_t
fixed_wanted(const struct fixed_keeper *k)
{
	uint32_t sets = 0;

	for (unsigned set = 0; k != NULL && set < FIXED_COUNT; set++)
		sets |= (uint32_t)k->part[set].wants << set;
	return sets;
}

void
fixed_stand(struct fixed_keeper *k, uint32_t *sets_out)
{
	*sets_out = 0;
	for (unsigned set = 0; k != NULL && set < FIXED_COUNT; set++) {
		struct fixed_shape shape = { .set = set,
					     .have = &k->part[set].have };
		struct part *p = &k->part[set];
		bool found = true;
		enum err err;

		if (!p->wants)
			continue;
		err = k->a->kind->fixed_prepare(k->a->backend, &shape, &found);
		if (err != ERR_NONE)
			fixed_say_failure(k, set, err);
		else
			*sets_out |= 1u << set;
		if (!found)
			begin_again(p);
		p->present = err == ERR_NONE;
	}
}

/* ---- changed ----------------------------------------------------------- */

struct piece {
	struct fixed_entries remove, add;
	struct net outer; /* what the entry before lies in */
	size_t most;	  /* entries that come or go */
	unsigned looks;
};

static bool
is_enough(const struct piece *c, const struct fixed_entry *next)
{
	size_t count = c->remove.count + c->add.count;

	return (count >= c->most || c->looks >= LOOKS) &&
	       !net_holds(&c->outer, &next->to);
}

/* The next entry of both; false: there is none, or it is enough. */
static bool
gather_one(struct part *p, struct piece *c, enum err *err_out)
{
	const struct fixed_entry *h =
	    p->had < p->have.count ? &p->have.at[p->had] : NULL;
	const struct fixed_entry *w =
	    p->to < p->wanted.count ? &p->wanted.at[p->to] : NULL;
	int order = h == NULL ? 1 : -1;

	if (h == NULL && w == NULL)
		return false;
	if (h != NULL && w != NULL)
		order = fixed_compare(h, w);
	if (is_enough(c, order <= 0 ? h : w))
		return false;
	if (!net_holds(&c->outer, order <= 0 ? &h->to : &w->to))
		c->outer = order <= 0 ? h->to : w->to;
	c->looks++;
	if (order < 0)
		*err_out = fixed_add(&c->remove, h);
	else if (order > 0)
		*err_out = fixed_add(&c->add, w);
	p->had += order <= 0;
	p->to += order >= 0;
	return *err_out == ERR_NONE;
}

static enum err
change_some(struct fixed_keeper *k, enum fixed_index set)
{
	struct part *p = &k->part[set];
	struct piece c = { .most = fixed_has_clients(set)
					   ? k->a->kind->fixed_static_piece
					   : k->a->kind->fixed_piece };
	const struct fixed_change change = { .set = set,
					     .remove = &c.remove,
					     .add = &c.add };
	enum err err = ERR_NONE;

	while (gather_one(p, &c, &err))
		continue;
	if (err == ERR_NONE && c.remove.count + c.add.count > 0)
		err = k->a->kind->fixed_change(k->a->backend, &change);
	p->removed += c.remove.count;
	p->added += c.add.count;
	fixed_fini(&c.remove);
	fixed_fini(&c.add);
	return err;
}

static void
end_walk(struct part *p, enum fixed_index set)
{
	fixed_say_done(p, set);
	fixed_fini(&p->have);
	p->have = p->wanted;
	p->wanted = (struct fixed_entries){ 0 };
	p->busy = false;
}

static void
work_on(struct fixed_keeper *k, enum fixed_index set, int64_t now_ms)
{
	struct part *p = &k->part[set];
	bool starts = p->had == 0 && p->to == 0;
	enum err err = ERR_NONE;

	if (!p->known || starts)
		err = take_up(k, set);
	if (err == ERR_NONE)
		err = change_some(k, set);
	if (err != ERR_NONE) {
		fixed_say_failure(k, set, err);
		forget(p);
		p->retry_ms = now_ms + RETRY_MS;
	} else if (p->had == p->have.count && p->to == p->wanted.count) {
		end_walk(p, set);
	}
	fixed_show(k, set);
}

bool
fixed_work(struct fixed_keeper *k, int64_t now_ms)
{
	bool more = false;

	for (unsigned set = 0; k != NULL && set < FIXED_COUNT; set++) {
		struct part *p = &k->part[set];

		if (p->busy && now_ms >= p->retry_ms)
			work_on(k, set, now_ms);
		more |= p->busy && now_ms >= p->retry_ms;
	}
	return more;
}

/* ---- watched ----------------------------------------------------------- */

static void
look_at(struct fixed_keeper *k, enum fixed_index set)
{
	struct part *p = &k->part[set];
	struct backend_look look;

	if (p->busy || !p->present ||
	    k->a->kind->fixed_look(k->a->backend, set, &look) != ERR_NONE)
		return;
	atomic_store_explicit(&k->a->board->fixed_references[set],
			      look.counted ? look.references : UINT32_MAX,
			      memory_order_relaxed);
	if (look.present &&
	    (!look.counted || look.entries == p->have.count))
		return;
	if (!p->wants && !look.present) {
		p->present = false;
		return;
	}
	log_error("The set %s of lists %s: it is put right", fixed_name(set),
		  look.present ? "was changed by others" : "is gone");
	begin_again(p);
	fixed_show(k, set);
}

void
fixed_watch(struct fixed_keeper *k, int64_t now_ms, bool others)
{
	if (k == NULL)
		return;
	k->next = (k->next + 1) % FIXED_COUNT;
	look_at(k, k->next);
	for (unsigned set = 0; set < FIXED_COUNT; set++) {
		struct part *p = &k->part[set];

		if (others)
			look_at(k, set);
		p->doubted |= others;
		/* Nobody counts there: all of it is looked at. */
		if (p->doubted && !p->busy && p->present &&
		    now_ms >= p->list_ms)
			begin_again(p);
	}
}
