/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transfer of a zone, and what becomes of it: kept, held back until the
 * owner accepts it, or asked for once more as a whole.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "supply/primary_inside.h"

static void
hold_back(struct primary *p, const struct transfer *t,
	  const struct inflow_result *result)
{
	char why[PRIMARY_WHY_SIZE];

	p->held = true;
	p->held_serial = t->serial;
	if (result->err != ERR_NONE)
		log_warn("List %s: the copy that is held back cannot be "
			 "written: %s",
			 p->source->config.name, err_text(result->err));
	snprintf(why, sizeof(why),
		 "the new copy is held back, %s (%" PRIu64 " of %" PRIu64
		 " entries); \"dns-firewallctl lists accept %s\" takes it",
		 safety_clause(result->flaw), p->inflow.now, p->inflow.before,
		 p->source->config.name);
	primary_fail(p, why);
}

static void
announce(const struct primary *p, const struct transfer *t, bool had,
	 uint32_t before)
{
	const char *name = p->source->config.name;
	char at[ENDPOINT_TEXT_SIZE];

	endpoint_print(primary_server(p), at);
	if (!had || p->inflow.whole)
		log_info("List %s has come from %s: serial %" PRIu32
			 ", %" PRIu64 " records",
			 name, at, t->serial, t->added);
	else
		log_info("List %s has changed, says %s: serial %" PRIu32
			 " to %" PRIu32 ", %" PRIu64 " came, %" PRIu64 " went",
			 name, at, before, t->serial, t->added, t->removed);
}

static void
take(struct primary *p, const struct transfer *t)
{
	bool had = p->refresh.have;
	uint32_t before = p->refresh.serial;
	struct soa_numbers soa;

	soa_read(&p->keep.kept.about.soa, &soa);
	refresh_taken(&p->refresh, &soa, clock_ms());
	announce(p, t, had, before);
	primary_succeed(p);
	supply_changed(p->source->supply);
}

static void ask_for_all(struct primary *p, const char *why);

static void
take_or_hold(struct primary *p, const struct transfer *t)
{
	char at[ENDPOINT_TEXT_SIZE], held[64];
	struct inflow_wish wish = {
		.transfer = t,
		.source = endpoint_print(primary_server(p), at),
		.held_file = primary_held_file(p, held),
		.date_s = (int64_t)(clock_date_ms() / 1000),
		.waive = p->accept,
	};
	struct inflow_result result;

	p->inflow.most =
	    supply_room(p->source->supply, p->source->config.name);
	switch (inflow_end(&p->inflow, &wish, &result)) {
	case INFLOW_KEPT:
		take(p, t);
		return;
	case INFLOW_HELD:
		if (safety_is_waived(result.flaw))
			hold_back(p, t, &result);
		else
			primary_fail(p, safety_clause(result.flaw));
		return;
	case INFLOW_ASK_ALL:
		ask_for_all(p, "much would be gone");
		return;
	case INFLOW_FAILED:
		primary_fail(p, err_text(result.err));
		return;
	}
}

static void
ask_for_all(struct primary *p, const char *why)
{
	log_info("List %s: changes are not to be had, the whole zone is "
		 "asked for: %s",
		 p->source->config.name, why);
	inflow_drop(&p->inflow);
	refresh_ask_all(&p->refresh);
	primary_plan(p);
}

static void
on_fetched(void *owner, const struct pull_end *end)
{
	struct primary *p = owner;

	p->pull = NULL;
	switch (end->news) {
	case TRANSFER_DONE:
		take_or_hold(p, end->transfer);
		return;
	case TRANSFER_CURRENT:
		refresh_current(&p->refresh, clock_ms());
		primary_remain(p);
		return;
	case TRANSFER_ASK_ALL:
		ask_for_all(p, end->why);
		return;
	default:
		primary_fail(p, end->why);
	}
}

void
primary_fetch(struct primary *p, bool whole)
{
	const struct pull_wish wish = {
		.to = primary_server(p),
		.zone = &p->source->config.zone,
		.whole = whole,
		.serial = p->refresh.serial,
		.key = p->keyed ? &p->key : NULL,
		.sink = &p->inflow.sink,
		.limits = transfer_usual,
		.done = on_fetched,
		.owner = p,
	};

	if (pull_begin(p->source->supply->loop, &p->source->supply->random,
			&wish, &p->pull) != ERR_NONE)
		primary_fail(p, err_text(ERR_FULL));
}
