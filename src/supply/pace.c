/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting: regularly, after failures, and after a start. */
#include "supply/pace.h"

int64_t
pace_ms(uint32_t wait_s, struct random *random)
{
	uint32_t tenth = wait_s * 100;

	if (tenth == 0)
		return 0;
	return (int64_t)wait_s * 1000 - tenth +
	       random_below(random, 2 * tenth + 1);
}

uint32_t
pace_retry_s(unsigned failures, uint32_t interval_s)
{
	uint32_t wait_s = PACE_RETRY_S;

	while (failures-- > 1 && wait_s < PACE_RETRY_MOST_S)
		wait_s *= 2;
	if (wait_s > PACE_RETRY_MOST_S)
		wait_s = PACE_RETRY_MOST_S;
	return wait_s < interval_s ? wait_s : interval_s;
}

uint32_t
pace_first_s(int64_t checked_s, int64_t now_s, uint32_t interval_s)
{
	if (checked_s <= 0 || checked_s > now_s ||
	    now_s - checked_s >= (int64_t)interval_s)
		return 0;
	return (uint32_t)((int64_t)interval_s - (now_s - checked_s));
}
