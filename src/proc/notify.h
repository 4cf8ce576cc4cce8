/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the service manager is told (sd_notify(3), the protocol by hand). */
#ifndef PROC_NOTIFY_H
#define PROC_NOTIFY_H

#include <stdint.h>

/* state such as "READY=1"; nothing happens without NOTIFY_SOCKET. */
void notify(const char *state);
/* RELOADING=1 with the time that sd_notify(3) wants beside it. */
void notify_reloading(void);
/* Milliseconds between two WATCHDOG=1, or 0 where none are wanted. */
int64_t notify_watchdog_ms(void);

#endif
