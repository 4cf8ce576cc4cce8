/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who asks, and hears: by datagrams and by connections. */
#ifndef TESTS_SIM_CLIENTS_H
#define TESTS_SIM_CLIENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "proc/board.h"
#include "wires.h"

void clients_begin(void);
/* The sockets of a worker. */
void clients_meet(uint32_t worker, struct thing *door, struct thing *listener);
/* Somebody asks something. */
void clients_ask(void);
/* A worker was killed: what it had been asked is lost. */
void clients_lose(uint32_t worker);
/* Everybody hangs up. */
void clients_hang_up(void);
/* All have their answers, or the counters say why not. */
void clients_at_rest(const struct worker_stats *const stats[], unsigned count);

/* For the calls: a datagram of a worker. */
void clients_hear(uint32_t worker, const struct endpoint *to,
		  const uint8_t *bytes, size_t len);

uint64_t clients_asked(void);

#endif
