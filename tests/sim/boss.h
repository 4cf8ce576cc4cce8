/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor as far as it is wanted here: the real crew, equipped,
 * heard, restarted and handed new policies; rules placed in sets that are
 * not there.
 */
#ifndef TESTS_SIM_BOSS_H
#define TESTS_SIM_BOSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/options.h"
#include "proc/board.h"

/* opt stays the caller's. The policy of generation 1 is drawn already. */
void boss_begin(const struct options *opt);
/* Hears and restarts; to be called after each turn of a process. */
void boss_turn(void);
/* When it has something to do by itself. */
int64_t boss_next_us(void);
bool boss_is_ready(void);

uint32_t boss_generation(void);
/* A new policy for all; drawn already. False: the last is still being
 * taken. */
bool boss_reload(void);
/* Other addresses are ours. */
void boss_new_own(void);
/* Somebody has grants revoked: of a client of the universe, or -1: of all. */
void boss_revoke(int client);
/* Everybody is told to stop; ended: all have. */
void boss_stop(void);
bool boss_has_ended(void);

const struct board *boss_board(void);
const void *boss_ledger(size_t *size_out);
const struct worker_stats *boss_stats(uint32_t worker);

#endif
