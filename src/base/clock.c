/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one clock of the daemon; see clock.h for why it is this one. */
#include "base/clock.h"

#include <assert.h>
#include <time.h>

static struct timespec
read_clock(clockid_t id)
{
	struct timespec now;
	int rc = clock_gettime(id, &now);

	assert(rc == 0);
	(void)rc;
	return now;
}

int64_t
clock_ms(void)
{
	struct timespec now = read_clock(CLOCK_BOOTTIME);

	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_us(void)
{
	struct timespec now = read_clock(CLOCK_BOOTTIME);

	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

uint64_t
clock_date_ms(void)
{
	struct timespec now = read_clock(CLOCK_REALTIME);

	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A year begins in March here, so that the leap day is its last. */
void
date_of(uint64_t days, struct date *out)
{
	uint64_t since_0000 = days + 719468; /* the first of March */
	uint64_t era = since_0000 / 146097, day = since_0000 % 146097;
	uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	uint64_t of_year = day - (365 * year + year / 4 - year / 100);
	uint64_t month = (5 * of_year + 2) / 153;

	out->year = (unsigned)(year + era * 400 + (month >= 10));
	out->month = (unsigned)(month < 10 ? month + 3 : month - 9);
	out->day = (unsigned)(of_year - (153 * month + 2) / 5 + 1);
}
