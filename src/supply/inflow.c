/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zones on their way in.
 *
 * A zone that has lost most of what it had, or has nothing, is held back
 * until the owner accepts it: whoever publishes it may have made a mistake,
 * and the lists in force would vanish without a word. What is held is a whole
 * zone, in a file of its own, so that nothing can happen to what it would be
 * a change of.
 */
#include "supply/inflow.h"

#include <stdio.h>

#include "wire/types.h"

static enum err
on_begin(void *arg, bool whole)
{
	struct inflow *in = arg;

	in->begun = true;
	in->whole = whole;
	in->own = 0;
	if (whole)
		content_init(&in->content, &in->zone, in->max_bytes);
	return ERR_NONE;
}

static enum err
take_room(struct inflow *in)
{
	struct inflow_pool *p = in->pool;
	uint64_t now =
	    in->whole ? content_bytes(&in->content) : in->keep->change.len;

	if (p == NULL)
		return ERR_NONE;
	p->used += now - in->held;
	in->held = now;
	return now > p->each && p->used > p->most ? ERR_RANGE : ERR_NONE;
}

static void
give_room(struct inflow *in)
{
	if (in->pool != NULL)
		in->pool->used -= in->held;
	in->held = 0;
}

/* SOAs of changes are transfer.c's: the last one is told at the end. */
static enum err
take_change(struct inflow *in, bool add, const struct zone_rr *rr)
{
	if (name_equal(&rr->owner, &in->zone)) {
		if (rr->type == TYPE_SOA)
			return ERR_NONE;
		in->own += add ? 1 : -1;
	}
	if (in->keep->change.len > in->max_bytes)
		return ERR_RANGE;
	return add ? keep_add(in->keep, rr) : keep_delete(in->keep, rr);
}

static enum err
on_record(void *arg, bool add, const struct zone_rr *rr)
{
	struct inflow *in = arg;

	enum err err = in->whole ? content_add(&in->content, rr)
				 : take_change(in, add, rr);

	return err == ERR_NONE ? take_room(in) : err;
}

void
inflow_init(struct inflow *in, struct keep *keep, const struct name *zone)
{
	*in = (struct inflow){
		.keep = keep,
		.zone = *zone,
		.max_bytes = (uint64_t)INFLOW_MAX_MB << 20,
		.most = UINT64_MAX,
	};
	in->sink = (struct transfer_sink){ on_begin, on_record, in };
}

void
inflow_drop(struct inflow *in)
{
	give_room(in);
	if (!in->begun)
		return;
	if (in->whole)
		content_fini(&in->content);
	else
		keep_drop(in->keep);
	in->begun = false;
}

/* Records that may be triggers: not the zone's own. */
static enum err
count_entry(void *arg, const struct zone_record *r)
{
	uint64_t *count = arg;

	*count += r->owner_len > 0;
	return ERR_NONE;
}

/* The zone's own records come first in the copy, as it was when it was whole;
 * what a journal did to them is not counted. */
static uint64_t
own_records(const struct keep *keep)
{
	struct reader r = reader_of(keep->kept.body, keep->kept.body_len);
	struct zone_record record;
	uint64_t count = 0;

	while (record_read(&r, &record) && record.owner_len == 0)
		count++;
	return count;
}

static void
count_entries(struct inflow *in)
{
	const struct record_sink count = { count_entry, &in->now };
	int64_t own = 0, now;

	in->before = in->now = 0;
	if (in->keep->is_here) {
		own = (int64_t)own_records(in->keep);
		in->before = in->keep->kept.about.entries - (uint64_t)own;
	}
	if (in->whole) {
		content_sort(&in->content);
		content_each(&in->content, &count);
		return;
	}
	now = (int64_t)keep_entries(in->keep) - own - in->own;
	in->now = now > 0 ? (uint64_t)now : 0;
}

static enum err
put_whole(struct inflow *in, const struct inflow_wish *wish, struct keep *keep)
{
	struct kept_about about = { .form = FORM_RPZ,
				    .changed_s = wish->date_s,
				    .checked_s = wish->date_s };

	snprintf(about.source, sizeof(about.source), "%s", wish->source);
	return keep_put_zone(keep, &about, &in->content);
}

/* Beside the one in force, until its owner takes it. */
static enum err
hold_whole(struct inflow *in, const struct inflow_wish *wish)
{
	bool damaged;
	struct keep held;
	enum err err =
	    keep_open(&held, in->keep->dir, wish->held_file, &damaged);

	if (err != ERR_NONE)
		return err;
	err = put_whole(in, wish, &held);
	keep_close(&held);
	return err;
}

static enum err
keep_changes(struct inflow *in, const struct inflow_wish *wish)
{
	const struct transfer *t = wish->transfer;
	struct zone_rr soa = { .owner = in->zone,
			       .type = TYPE_SOA,
			       .ttl = t->soa_ttl,
			       .rdata_len = t->soa_len,
			       .rdata = t->soa };

	return keep_commit(in->keep, &soa, wish->date_s);
}

enum inflow_end
inflow_end(struct inflow *in, const struct inflow_wish *wish,
	   struct inflow_result *out)
{
	enum inflow_end end = INFLOW_HELD;

	out->err = ERR_NONE;
	count_entries(in);
	out->flaw = in->now > in->most ? SAFETY_MANY
				       : safety_of_counts(in->before, in->now);
	if (!in->whole && in->now < INFLOW_FEW && in->now < in->before) {
		end = INFLOW_ASK_ALL;
	} else if (out->flaw == SAFETY_NONE ||
		   (wish->waive && safety_is_waived(out->flaw))) {
		out->err = in->whole ? put_whole(in, wish, in->keep)
				     : keep_changes(in, wish);
		end = out->err == ERR_NONE ? INFLOW_KEPT : INFLOW_FAILED;
		if (out->err != ERR_NONE && !in->whole)
			end = INFLOW_ASK_ALL;
	} else if (safety_is_waived(out->flaw)) {
		if (in->whole)
			out->err = hold_whole(in, wish);
		else
			end = INFLOW_ASK_ALL;
	}
	if (end == INFLOW_KEPT && !in->whole)
		in->begun = false;
	inflow_drop(in);
	return end;
}
