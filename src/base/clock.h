/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time that never jumps: CLOCK_BOOTTIME, so neither a wrong date nor a
 * correction of it touches a grant. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_ms(void);
/* The same to the microsecond, for how long something took. */
int64_t clock_us(void);
/* Milliseconds since 1970 (CLOCK_REALTIME): for people to read, never to
 * decide by. */
uint64_t clock_date_ms(void);

/* A day, as a calendar has it (month and day from 1). */
struct date {
	unsigned year, month, day;
};
/* Days since 1970. */
void date_of(uint64_t days, struct date *out);

#endif
