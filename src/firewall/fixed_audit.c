/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sets of lists as the kernel has them, held against what was written:
 * once more two sorted arrays and one walk.
 *
 * Backends whose sets are counted do not notice one entry in the place of
 * another; this does.
 */
#include "base/clock.h"
#include "firewall/fixed_inside.h"

/* nftables lists intervals in parts, and goes through all of the set for each
 * part: that takes half a second for so many, 13 for half a million, in which
 * nothing would be granted. */
enum { INTERVALS_MOST = 100000 };

struct comparing {
	struct fixed_entries kernel;
	enum err err;
	fixed_difference_fn *each;
	void *arg;
	struct audited_set *out;
};

static void
take_entry(void *arg, const struct fixed_entry *entry)
{
	struct comparing *c = arg;

	if (c->err == ERR_NONE)
		c->err = fixed_add(&c->kernel, entry);
}

static void
tell(struct comparing *c, enum fixed_index set, bool in_kernel,
     const struct fixed_entry *entry)
{
	const struct fixed_difference d = { .set = set,
					    .in_kernel = in_kernel,
					    .entry = *entry };

	if (c->out->differences++ < AUDITED_ITEMS_MAX)
		c->each(c->arg, &d);
}

static void
walk(struct comparing *c, enum fixed_index set,
     const struct fixed_entries *lists)
{
	size_t l = 0, k = 0;

	while (l < lists->count || k < c->kernel.count) {
		int order = k == c->kernel.count ? -1 : 1;

		if (l < lists->count && k < c->kernel.count)
			order = fixed_compare(&lists->at[l], &c->kernel.at[k]);
		if (order < 0)
			tell(c, set, false, &lists->at[l]);
		else if (order > 0)
			tell(c, set, true, &c->kernel.at[k]);
		l += order <= 0;
		k += order >= 0;
	}
}

static enum err
compare(struct fixed_keeper *k, enum fixed_index set, struct comparing *c)
{
	struct admission *a = k->a;
	const struct part *p = &k->part[set];
	bool odd;
	enum err err =
	    a->kind->fixed_list(a->backend, set, take_entry, c, &odd);

	if (err == ERR_NONE)
		err = c->err;
	if (err != ERR_NONE)
		return err;
	fixed_sort(&c->kernel);
	c->out->status = odd ? AUDITED_SET_ODD : AUDITED_SET_COMPARED;
	c->out->kernel = (uint32_t)c->kernel.count;
	walk(c, set, &p->have);
	return ERR_NONE;
}

static enum err
look_at(struct fixed_keeper *k, enum fixed_index set, struct comparing *c)
{
	const struct part *p = &k->part[set];
	struct backend_look look;

	if (k->a->kind->fixed_look(k->a->backend, set, &look) != ERR_NONE ||
	    !look.present) {
		c->out->status = p->wants ? AUDITED_SET_GONE : AUDITED_SET_NONE;
		return ERR_NONE;
	}
	if (!look.counted && !fixed_has_clients(set) &&
	    p->have.count > INTERVALS_MOST) {
		c->out->status = AUDITED_SET_LARGE;
		return ERR_NONE;
	}
	return compare(k, set, c);
}

static enum err
audit_one(struct fixed_keeper *k, enum fixed_index set, struct comparing *c)
{
	struct part *p = &k->part[set];
	enum err err = ERR_NONE;

	if (!p->wants && !p->present)
		return ERR_NONE;
	c->out->lists = (uint32_t)p->have.count;
	if (p->refused) {
		c->out->status = AUDITED_SET_REFUSED;
	} else if (p->busy || !p->known) {
		c->out->status = AUDITED_SET_FILLING;
		c->out->lists = (uint32_t)p->wanted.count;
		c->out->kernel = (uint32_t)p->to;
	} else {
		err = look_at(k, set, c);
	}
	c->out->differences += c->out->status > AUDITED_SET_COMPARED &&
			       c->out->status != AUDITED_SET_LARGE;
	p->doubted |= c->out->differences > 0;
	return err;
}

enum err
fixed_audit(struct fixed_keeper *k, fixed_difference_fn *each, void *arg,
	    struct audited_set out[FIXED_COUNT])
{
	enum err err = ERR_NONE;

	for (unsigned set = 0;
	     k != NULL && set < FIXED_COUNT && err == ERR_NONE; set++) {
		struct comparing c = { .each = each,
				       .arg = arg,
				       .out = &out[set] };

		out[set] = (struct audited_set){ 0 };
		err = audit_one(k, set, &c);
		fixed_fini(&c.kernel);
	}
	return err;
}
