/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From single answers and silences to an opinion of an upstream. One lost
 * datagram says nothing; three in a row without an answer between them mean
 * that it is down, until a probe is answered.
 */
#include "upstream/standing.h"

void
standing_init(struct standing *h)
{
	*h = (struct standing){ 0 };
}

static void
take_sample(struct standing *h, int32_t us)
{
	int32_t off = us - h->srtt_us;

	if (h->srtt_us == 0) {
		h->srtt_us = us > 0 ? us : 1;
		h->var_us = us / 2;
		return;
	}
	if (off < 0)
		off = -off;
	h->var_us += (off - h->var_us) / 4;
	h->srtt_us += (us - h->srtt_us) / 8;
	if (h->srtt_us < 1)
		h->srtt_us = 1;
}

bool
standing_heard(struct standing *h, int64_t took_ms, int64_t now_ms)
{
	bool was_down = h->down;

	if (took_ms >= 0 && took_ms < INT32_MAX / 1000)
		take_sample(h, (int32_t)took_ms * 1000);
	h->silences = 0;
	h->heard_ms = now_ms;
	h->down = false;
	return was_down;
}

void
standing_failed(struct standing *h, int64_t now_ms)
{
	if (++h->failures < FAILING_AFTER)
		return;
	h->failing_until_ms = now_ms + FAILING_MS;
}

bool
standing_silent(struct standing *h, int64_t sent_ms, int64_t now_ms)
{
	if (h->heard_ms >= sent_ms && h->heard_ms != 0)
		return false;
	if (++h->silences < DOWN_AFTER || h->down)
		return false;
	h->down = true;
	h->probe_ms = now_ms + PROBE_MS;
	return true;
}

int64_t
standing_wait_ms(const struct standing *h, unsigned try)
{
	int64_t wait = WAIT_FIRST_MS;

	if (h->srtt_us > 0)
		wait = ((int64_t)h->srtt_us + 4 * (int64_t)h->var_us) / 1000;
	if (wait < WAIT_LEAST_MS)
		wait = WAIT_LEAST_MS;
	wait <<= try < 4 ?
	try:
		4;
	return wait < WAIT_MOST_MS ? wait : WAIT_MOST_MS;
}

bool
standing_is_good(const struct standing *h, int64_t now_ms)
{
	return !h->down && now_ms >= h->failing_until_ms;
}

bool
standing_wants_probe(struct standing *h, int64_t now_ms)
{
	if (!h->down || now_ms < h->probe_ms)
		return false;
	h->probe_ms = now_ms + PROBE_MOST_MS;
	return true;
}
