/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a zone that others keep.
 *
 * A rest ends when its time is over, by a NOTIFY, or by somebody's wish. Then
 * the primaries are asked in turn, beginning with the one that was right the
 * last time, until one is; a round in which none was is followed by a longer
 * rest each time. What the SOA says of times is believed within bounds, and
 * spread a little, so that not everybody asks in the same second.
 */
#include "supply/refresh.h"

enum { SECOND_MS = 1000, FIRST_RETRY_S = 10, JITTER_PERCENT = 10 };

static int64_t
clamped_ms(uint32_t s, int64_t least_s, int64_t most_s)
{
	int64_t value = s;

	if (value < least_s)
		value = least_s;
	if (value > most_s)
		value = most_s;
	return value * SECOND_MS;
}

/* A tenth more or less. */
static int64_t
spread(struct refresh *r, int64_t ms)
{
	int64_t most = ms * JITTER_PERCENT / 100;

	return ms - most + random_below(r->random, (uint32_t)(2 * most + 1));
}

static void
believe(struct refresh *r, const struct soa_numbers *soa)
{
	int64_t least_s;

	r->have = true;
	r->serial = soa->serial;
	r->refresh_ms = clamped_ms(soa->refresh, REFRESH_MIN_S, REFRESH_MAX_S);
	r->retry_ms =
	    clamped_ms(soa->retry, REFRESH_RETRY_MIN_S, REFRESH_RETRY_MAX_S);
	least_s = 2 * r->refresh_ms / SECOND_MS;
	if (least_s < REFRESH_EXPIRE_MIN_S)
		least_s = REFRESH_EXPIRE_MIN_S;
	r->expire_ms = clamped_ms(soa->expire, least_s, REFRESH_EXPIRE_MAX_S);
}

void
refresh_init(struct refresh *r, struct random *random, unsigned servers,
	     int64_t now_ms)
{
	*r = (struct refresh){
		.random = random,
		.servers = servers,
		.refresh_ms = (int64_t)REFRESH_RETRY_MAX_S * SECOND_MS,
		.retry_ms = (int64_t)FIRST_RETRY_S * SECOND_MS,
		.begun_ms = now_ms - (int64_t)REFRESH_APART_S * SECOND_MS,
		.due_ms = now_ms,
	};
}

void
refresh_have(struct refresh *r, const struct soa_numbers *soa, int64_t age_ms,
	     int64_t now_ms)
{
	int64_t most = (int64_t)REFRESH_START_MAX_S * SECOND_MS;

	believe(r, soa);
	r->fresh_ms = now_ms - age_ms;
	if (most > r->refresh_ms)
		most = r->refresh_ms;
	r->due_ms = now_ms;
	if (!refresh_is_expired(r, now_ms))
		r->due_ms += random_below(r->random, (uint32_t)most + 1);
}

void
refresh_forget(struct refresh *r)
{
	r->have = false;
}

static enum refresh_task
first_task(const struct refresh *r)
{
	return r->have && !r->all ? REFRESH_ASK : REFRESH_ALL;
}

enum refresh_task
refresh_next(struct refresh *r, int64_t now_ms)
{
	if (now_ms < r->due_ms)
		return REFRESH_REST;
	if (r->task == REFRESH_REST) {
		r->task = first_task(r);
		r->begun_ms = now_ms;
	}
	return r->task;
}

/* From success or failure of all to the next time. */
static void
rest(struct refresh *r, int64_t wait_ms, int64_t now_ms)
{
	r->task = REFRESH_REST;
	r->tried = 0;
	r->due_ms = now_ms + spread(r, wait_ms);
	if (!r->again)
		return;
	r->again = false;
	r->due_ms = r->begun_ms + (int64_t)REFRESH_APART_S * SECOND_MS;
	if (r->due_ms < now_ms)
		r->due_ms = now_ms;
}

static void
succeed(struct refresh *r, int64_t now_ms)
{
	r->failures = 0;
	r->all = false;
	r->fresh_ms = now_ms;
	rest(r, r->refresh_ms, now_ms);
}

bool
refresh_heard(struct refresh *r, uint32_t serial, int64_t now_ms)
{
	if (serial_is_later(serial, r->serial)) {
		r->task = REFRESH_CHANGES;
		return true;
	}
	if (serial != r->serial)
		return false;
	succeed(r, now_ms);
	return true;
}

void
refresh_current(struct refresh *r, int64_t now_ms)
{
	succeed(r, now_ms);
}

void
refresh_taken(struct refresh *r, const struct soa_numbers *soa, int64_t now_ms)
{
	believe(r, soa);
	succeed(r, now_ms);
}

void
refresh_ask_all(struct refresh *r)
{
	r->task = REFRESH_ALL;
}

void
refresh_failed(struct refresh *r, int64_t now_ms)
{
	int64_t wait_ms = r->retry_ms;

	r->at = (r->at + 1) % r->servers;
	if (++r->tried < r->servers) {
		r->task = first_task(r);
		return;
	}
	for (unsigned i = 0; i < r->failures && wait_ms < r->refresh_ms; i++)
		wait_ms *= 2;
	if (wait_ms > r->refresh_ms)
		wait_ms = r->refresh_ms;
	if (wait_ms < (int64_t)REFRESH_RETRY_MIN_S * SECOND_MS)
		wait_ms = (int64_t)REFRESH_RETRY_MIN_S * SECOND_MS;
	r->failures++;
	rest(r, wait_ms, now_ms);
}

bool
refresh_notify(struct refresh *r, unsigned server, int64_t now_ms)
{
	int64_t soon_ms = r->begun_ms + (int64_t)REFRESH_APART_S * SECOND_MS;
	bool known;

	if (soon_ms < now_ms)
		soon_ms = now_ms;
	if (r->task != REFRESH_REST) {
		known = r->again;
		r->again = true;
		return !known;
	}
	if (r->due_ms <= soon_ms)
		return false;
	r->at = server % r->servers;
	r->due_ms = soon_ms;
	return true;
}

void
refresh_wish(struct refresh *r, bool all, int64_t now_ms)
{
	r->all |= all;
	if (r->task == REFRESH_REST)
		r->due_ms = now_ms;
	else
		r->again = true;
}

bool
refresh_is_expired(const struct refresh *r, int64_t now_ms)
{
	return r->have && now_ms - r->fresh_ms > r->expire_ms;
}
