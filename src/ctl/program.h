/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of another program, that tells of the system it runs on. */
#ifndef CTL_PROGRAM_H
#define CTL_PROGRAM_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct program {
	FILE *out; /* what it says */
	pid_t pid;
};

enum program_end {
	PROGRAM_DONE,
	PROGRAM_REFUSED, /* it ran, and its status was not 0 */
	PROGRAM_ABSENT	 /* it is not installed, or could not be run */
};

/* Runs argv[0] from the directories of the system's own programs, with an
 * empty environment and nothing of ours but standard output. */
bool program_open(struct program *p, const char *const argv[]);
/* Waits for it. */
enum program_end program_close(struct program *p);

#endif
