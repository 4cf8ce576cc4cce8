/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much memory a process has, and that it stays so. */
#ifndef PROC_MEASURE_H
#define PROC_MEASURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proc/board.h"

/* KiB that a child may still ask for when it has begun: for the event loop
 * and the C library, whose tables grow with the descriptors. */
enum { MEASURE_SLACK_KIB = 4096 };

struct measure {
	uint32_t size_kib;     /* all that is mapped */
	uint32_t data_kib;     /* of it: private and writable */
	uint32_t resident_kib; /* of all: in memory now */
};

/* proc(5), statm. False: it is not running, or there is no /proc. */
bool measure_process(pid_t pid, struct measure *out);
/* The kernel gives this process no more than the slack from here on. */
void measure_bind(void);
/* Writes what each child has to the page that status reads, once a second;
 * most_kib is what it had when it became ready, and the slack. */
void measure_crew(struct supervisor_state *state, int64_t now_ms);

#endif
