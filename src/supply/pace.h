/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a publisher is asked again, so that he is neither forgotten nor
 * besieged. */
#ifndef SUPPLY_PACE_H
#define SUPPLY_PACE_H

#include <stdint.h>

#include "base/random.h"

enum { PACE_RETRY_S = 30, PACE_RETRY_MOST_S = 3600 };

/* A tenth more or less, so that many do not ask at one time. */
int64_t pace_ms(uint32_t wait_s, struct random *random);
/* After so many failures in a row (>= 1): twice as long each time, an hour at
 * most, and never longer than after a success. */
uint32_t pace_retry_s(unsigned failures, uint32_t interval_s);
/* At the start, of a copy that its publisher last confirmed at checked_s; now
 * is as uncertain as the clock of a router: 0 where they do not agree. */
uint32_t pace_first_s(int64_t checked_s, int64_t now_s, uint32_t interval_s);

#endif
