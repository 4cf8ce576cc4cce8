/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one clock of the daemon; see clock.h for why it is this one. */
#include "base/clock.h"

#include <assert.h>
#include <time.h>

int64_t
clock_ms(void)
{
	struct timespec now;
	int rc = clock_gettime(CLOCK_BOOTTIME, &now);

	assert(rc == 0);
	(void)rc;
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
