/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a list that is a zone of others.
 *
 * refresh.c says what is due; here it is done: the SOA is asked for, the zone
 * or its changes are fetched, and inflow.c has the last word on them. Every
 * way that ends in calls plan(), so there is one place that waits.
 *
 * What fails is told once, by its first reason, and the copy that is kept
 * stays in force: a list is lost by the owner's wish alone.
 */
#include "supply/primary.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "supply/primary_inside.h"

static int64_t
date_s(void)
{
	return (int64_t)(clock_date_ms() / 1000);
}

const struct endpoint *
primary_server(const struct primary *p)
{
	return &p->source->config.server[p->refresh.at];
}

/* ---- what others see of it ---------------------------------------------- */

static uint32_t
phase_of(const struct primary *p)
{
	if (p->refresh.task != REFRESH_REST)
		return SOURCE_BUSY;
	if (p->held)
		return SOURCE_HELD;
	if (p->expired)
		return SOURCE_EXPIRED;
	return p->refresh.failures > 0 ? SOURCE_RETRY : SOURCE_IDLE;
}

static void
publish(struct primary *p, int64_t now_ms)
{
	struct source_state *state = p->source->state;
	const struct kept_about *about = &p->keep.kept.about;

	state->phase = phase_of(p);
	state->stuck = p->held || p->expired;
	state->interval_s = (uint32_t)(p->refresh.refresh_ms / 1000);
	state->next_s = date_s() + (p->refresh.due_ms - now_ms) / 1000;
	if (!p->keep.is_here)
		return;
	state->serial = p->refresh.serial;
	state->entries = about->entries;
	state->bytes = p->keep.end;
	state->changed_s = about->changed_s;
	state->checked_s = about->checked_s;
}

void
primary_plan(struct primary *p)
{
	int64_t now_ms = clock_ms(), wait_ms = p->refresh.due_ms - now_ms;

	publish(p, now_ms);
	due_in(p->source->supply->loop, &p->due, wait_ms > 0 ? wait_ms : 0);
}

/* ---- how it ends -------------------------------------------------------- */

/* "192.0.2.1:53: REASON" */
static void
tell(struct primary *p, const char *reason)
{
	char at[ENDPOINT_TEXT_SIZE], why[PRIMARY_WHY_SIZE];

	snprintf(why, sizeof(why), "%s: %s",
		 endpoint_print(primary_server(p), at), reason);
	source_failed(p->source, why);
}

static void
look_at_age(struct primary *p, int64_t now_ms)
{
	const struct list_config *config = &p->source->config;

	if (p->expired || !refresh_is_expired(&p->refresh, now_ms))
		return;
	p->expired = true;
	if (!config->expire_removes) {
		log_error("List %s has expired: no primary has answered for "
			  "as long as its zone allows; it stays in force",
			  config->name);
		return;
	}
	log_error("List %s has expired: no primary has answered for as long "
		  "as its zone allows; it is removed",
		  config->name);
	unlinkat(p->keep.dir, p->keep.file, 0);
	keep_close(&p->keep);
	refresh_forget(&p->refresh);
	supply_changed(p->source->supply);
}

void
primary_stay(struct primary *p)
{
	int64_t now_ms = clock_ms();

	inflow_drop(&p->inflow);
	refresh_failed(&p->refresh, now_ms);
	look_at_age(p, now_ms);
	primary_plan(p);
}

void
primary_fail(struct primary *p, const char *reason)
{
	tell(p, reason);
	primary_stay(p);
}

void
primary_succeed(struct primary *p)
{
	struct source_state *state = p->source->state;

	if (state->error[0] != '\0')
		log_info("List %s is fetched again", p->source->config.name);
	state->error[0] = '\0';
	state->fetched++;
	p->expired = p->accept = false;
	primary_drop_held(p);
	primary_plan(p);
}

/* What is under way holds its changes against the copy that it knew. */
static void
check(struct source *s)
{
	struct primary *p = s->own;

	if (p->refresh.task != REFRESH_REST || keep_is_sound(&p->keep))
		return;
	log_warn("List %s: the kept copy is damaged; it is fetched again",
		 s->config.name);
	refresh_forget(&p->refresh);
	refresh_wish(&p->refresh, true, clock_ms());
	primary_plan(p);
}

void
primary_remain(struct primary *p)
{
	bool written = keep_checked(&p->keep, date_s()) == ERR_NONE;

	if (!written)
		log_warn("List %s: that it is fresh cannot be written down: "
			 "%s",
			 p->source->config.name, strerror(errno));
	primary_succeed(p);
	if (!written)
		check(p->source);
}

/* ---- the key ------------------------------------------------------------ */

/* A clause where it cannot be used; NULL: it can, or none is agreed. */
static const char *
read_key(struct primary *p)
{
	const char *why = source_key(p->source, &p->key);

	p->keyed = why == NULL && p->source->config.key[0] != '\0';
	return why;
}

/* ---- when --------------------------------------------------------------- */

static void
on_due(void *owner)
{
	struct primary *p = owner;
	enum refresh_task task = refresh_next(&p->refresh, clock_ms());
	const char *why;

	if (p->ask != NULL || p->pull != NULL)
		return;
	if (task == REFRESH_REST) {
		primary_plan(p);
		return;
	}
	publish(p, clock_ms());
	why = read_key(p);
	p->by_tcp = false;
	if (why != NULL)
		primary_fail(p, why);
	else if (task == REFRESH_ASK)
		primary_ask(p);
	else
		primary_fetch(p, task == REFRESH_ALL);
}

/* A copy of another zone, under the name of this list, is of no use. */
static void
use_kept(struct primary *p, int64_t now_ms)
{
	const struct kept_about *about = &p->keep.kept.about;
	struct soa_numbers soa;
	int64_t age_ms;

	if (!p->keep.is_here || about->form != FORM_RPZ ||
	    !name_equal(&about->zone, &p->source->config.zone) ||
	    !soa_read(&about->soa, &soa))
		return;
	age_ms = (date_s() - about->checked_s) * 1000;
	refresh_have(&p->refresh, &soa, age_ms > 0 ? age_ms : 0, now_ms);
}

static bool
begin(struct source *s)
{
	struct primary *p = calloc(1, sizeof(*p));
	const int dir = s->supply->kit->lists_dir;
	int64_t now_ms = clock_ms();
	bool damaged = false;
	char file[64];

	if (p == NULL)
		return false;
	s->own = p;
	p->source = s;
	due_init(&p->due, on_due, p);
	refresh_init(&p->refresh, &p->source->supply->random, s->config.servers,
		     now_ms);
	if (dir == -1 || keep_open(&p->keep, dir, source_file(s, file),
				   &damaged) != ERR_NONE) {
		source_failed(s, "copies cannot be kept in the directory of "
				 "--lists-dir, so nothing is fetched");
		return true;
	}
	if (damaged)
		log_warn("List %s: the kept copy is damaged; it is fetched "
			 "again",
			 s->config.name);
	if (p->keep.was_torn)
		log_warn("List %s: its last change was not completely written "
			 "down; it is asked for again",
			 s->config.name);
	inflow_init(&p->inflow, &p->keep, &s->config.zone);
	p->inflow.pool = &s->supply->inflows;
	use_kept(p, now_ms);
	primary_find_held(p);
	primary_plan(p);
	return true;
}

static void
refresh(struct source *s)
{
	struct primary *p = s->own;

	if (p->keep.file[0] == '\0')
		return;
	refresh_wish(&p->refresh, false, clock_ms());
	primary_plan(p);
}

static bool
accept_held(struct source *s)
{
	struct primary *p = s->own;

	if (!p->held)
		return false;
	if (primary_take_held(p))
		return true;
	p->accept = true;
	refresh_wish(&p->refresh, true, clock_ms());
	primary_plan(p);
	return true;
}

static void
end(struct source *s)
{
	struct primary *p = s->own;

	due_stop(s->supply->loop, &p->due);
	ask_cancel(p->ask);
	pull_cancel(p->pull);
	inflow_drop(&p->inflow);
	tsig_end(&p->tsig);
	key_forget(&p->key);
	if (p->keep.file[0] != '\0')
		keep_close(&p->keep);
	free(p);
}

const struct source_kind primary_kind = { begin, refresh, accept_held, check,
					  end };

void
primary_as_zone(struct source *s, struct notify_zone *out)
{
	struct primary *p = s->own;

	*out = (struct notify_zone){
		.name = &s->config.zone,
		.server = s->config.server,
		.servers = s->config.servers,
	};
	if (s->config.key[0] == '\0')
		return;
	/* Without its secret no signature is right. */
	read_key(p);
	out->key = &p->key;
}

void
primary_notified(struct source *s, unsigned server)
{
	struct primary *p = s->own;

	if (p->keep.file[0] != '\0' &&
	    refresh_notify(&p->refresh, server, clock_ms()))
		primary_plan(p);
}
