/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients that ask by TCP; what they promise is in clients.h. */
#ifndef TESTS_SIM_CALLERS_H
#define TESTS_SIM_CALLERS_H

#include <stdint.h>

#include "wires.h"

void callers_meet(uint32_t worker, struct thing *listener);
void callers_ask(void);
void callers_lose(uint32_t worker);
void callers_hang_up(void);
void callers_at_rest(void);
/* Queries that nobody answered, though the connection stood. */
uint64_t callers_unanswered(void);

#endif
