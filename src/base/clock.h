/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time that never jumps: CLOCK_BOOTTIME, so neither a wrong date nor a
 * correction of it touches a grant. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_ms(void);

#endif
