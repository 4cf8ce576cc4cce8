/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A zone that was held back, in a file beside the copy in force: it waits for
 * its owner, also while this process is not there, and is dropped when it is
 * no longer what its primary has.
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "supply/primary_inside.h"

const char *
primary_held_file(const struct primary *p, char out[64])
{
	snprintf(out, 64, "%s.held", p->source->config.name);
	return out;
}

/* A zone of this name; *out is the caller's to close then. */
static bool
open_held(const struct primary *p, struct keep *out, struct soa_numbers *soa)
{
	const struct kept_about *about = &out->kept.about;
	char file[64];
	bool damaged;

	if (keep_open(out, p->keep.dir, primary_held_file(p, file), &damaged) !=
	    ERR_NONE)
		return false;
	if (out->is_here && about->form == FORM_RPZ &&
	    name_equal(&about->zone, &p->source->config.zone) &&
	    about->entries <=
		supply_room(p->source->supply, p->source->config.name) &&
	    soa_read(&about->soa, soa))
		return true;
	keep_close(out);
	return false;
}

void
primary_find_held(struct primary *p)
{
	struct source_state *s = p->source->state;
	struct soa_numbers soa;
	struct keep held;

	if (!open_held(p, &held, &soa))
		return;
	p->held = true;
	p->held_serial = soa.serial;
	snprintf(s->error, sizeof(s->error),
		 "a new copy of %" PRIu64 " entries is held back; "
		 "\"dns-firewallctl lists accept %s\" takes it",
		 held.kept.about.entries, p->source->config.name);
	keep_close(&held);
}

/* Whatever is under way was to change the copy that is no longer there. */
static void
stop_fetching(struct primary *p)
{
	ask_cancel(p->ask);
	pull_cancel(p->pull);
	p->ask = NULL;
	p->pull = NULL;
	inflow_drop(&p->inflow);
}

bool
primary_take_held(struct primary *p)
{
	const char *name = p->source->config.name;
	struct soa_numbers soa;
	struct keep held;
	char file[64];

	if (!open_held(p, &held, &soa))
		return false;
	if (renameat(p->keep.dir, held.file, p->keep.dir,
		     source_file(p->source, file)) == -1) {
		keep_close(&held);
		return false;
	}
	stop_fetching(p);
	keep_close(&p->keep);
	snprintf(held.file, sizeof(held.file), "%s", file);
	p->keep = held;
	refresh_taken(&p->refresh, &soa, clock_ms());
	log_info("List %s: what was held back is taken: %" PRIu64 " entries",
		 name, held.kept.about.entries);
	primary_succeed(p);
	supply_changed(p->source->supply);
	return true;
}

void
primary_drop_held(struct primary *p)
{
	char file[64];

	if (p->held)
		unlinkat(p->keep.dir, primary_held_file(p, file), 0);
	p->held = false;
}
