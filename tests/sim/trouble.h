/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes wrong at present, and how often of a thousand times. */
#ifndef TESTS_SIM_TROUBLE_H
#define TESTS_SIM_TROUBLE_H

#include <stdint.h>

struct trouble {
	uint32_t socket, bind, send; /* calls of the network that fail */
	/* upstreams */
	uint32_t loss, twice, late, forged, torn, cut, fails, reset;
	/* the kernel's sets */
	uint32_t set_refuses, set_silent, set_slow, set_blind;
};

extern struct trouble trouble;

#endif
