/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters for people and for programs that watch: names that stay, one a
 * line. They are read while others write them, each by itself; none is ever
 * set back while the daemon runs.
 */
#include "ctl/counters.h"

#include <inttypes.h>
#include <stddef.h>

#include "ctl/answer.h"

struct counter {
	const char *name, *help;
	size_t at; /* in struct worker_stats, or in struct board */
};

static const struct counter of_workers[] = {
#define STAT(name, help) { #name, help, offsetof(struct worker_stats, name) },
#include "proc/stats.def"
#undef STAT
};

#define BOARD(name, field, help) { name, help, offsetof(struct board, field) }

static const struct counter of_warden[] = {
	BOARD("grants_live", live, "grants that stand now"),
	BOARD("warden_granted", granted, "entries made"),
	BOARD("warden_refreshed", refreshed, "entries whose end was put off"),
	BOARD("warden_refused", refused, "grants the warden would not make"),
	BOARD("warden_failed", failed, "grants the kernel would not make"),
	BOARD("warden_evicted", evicted, "entries that made room for others"),
	BOARD("warden_revoked", revoked, "entries taken back before their end"),
	BOARD("warden_flows_cut", flows_cut,
	      "connections that ended with the grant they came by"),
	BOARD("warden_adopted", adopted, "entries found at a start"),
	BOARD("warden_repairs", repairs, "times sets or rules were repaired"),
	BOARD("warden_comparisons", comparisons,
	      "times the sets were compared with the ledger"),
	BOARD("warden_put_back", put_back,
	      "entries that others deleted or shortened, made again"),
	BOARD("warden_cut_short", cut_short,
	      "entries that others prolonged, cut to their end"),
};

static uint64_t
value_at(const void *page, size_t at)
{
	return *(const _Atomic uint64_t *)(const void *)((const char *)page +
							 at);
}

static uint64_t
total(const struct view *v, size_t at)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < ROLE_MAX_WORKERS; i++)
		if (v->stats[i] != NULL)
			sum += value_at(v->stats[i], at);
	return sum;
}

static void
print(const struct counter *c, uint64_t value, bool explained,
      struct text *out)
{
	text_printf(out, "%s %" PRIu64, c->name, value);
	if (explained)
		text_printf(out, "  # %s", c->help);
	text_char(out, '\n');
}

void
counters_print(const struct view *v, bool explained, struct text *out)
{
	size_t count = sizeof(of_warden) / sizeof(of_warden[0]);

	for (size_t i = 0; v->board != NULL && i < count; i++)
		print(&of_warden[i], value_at(v->board, of_warden[i].at),
		      explained, out);
	count = sizeof(of_workers) / sizeof(of_workers[0]);
	for (size_t i = 0; i < count; i++)
		print(&of_workers[i], total(v, of_workers[i].at), explained,
		      out);
}

void
stats_answer(struct answer *a, const struct view *v, const struct request *r)
{
	(void)r;
	if (answer_room(a, ANSWER_ROOM))
		counters_print(v, true, &a->text);
}
