/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The upstreams, and the network between: what they offer is written down,
 * so that whatever the daemon opens can be explained by it.
 */
#ifndef TESTS_SIM_RESOLVERS_H
#define TESTS_SIM_RESOLVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wires.h"

void resolvers_begin(void);
/* One says nothing until then. */
void resolvers_silence(unsigned upstream, int64_t until_us);
void resolvers_speak(void);

/* The worker's side, for the calls. */
void resolvers_hear(struct thing *asker, const uint8_t *bytes, size_t len);
void resolvers_connect(struct thing *stream);

/* Until when that name was last said to have that address; 0: never. */
int64_t offered_until_us(int name, int address);
/* An answer for origin led to the name, or an answer for a name that did. */
bool leads_to(int origin, int name);

#endif
