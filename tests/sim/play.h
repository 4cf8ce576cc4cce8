/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run from its beginning to its end. */
#ifndef TESTS_SIM_PLAY_H
#define TESTS_SIM_PLAY_H

#include <stdbool.h>
#include <stdint.h>

/* Returns where all held; else the process has ended with status 1. */
void play(uint64_t seed, bool verbose);

#endif
