/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A loop that turns for so long, and what a test leaves open. */
#ifndef TESTS_NET_TURNS_H
#define TESTS_NET_TURNS_H

#include <dirent.h>

#include "net/loop.h"

static inline void
turns_are_over(void *owner)
{
	loop_stop(owner);
}

/* Or until something else stops it. */
static inline void
loop_turns(struct loop *l, int64_t ms)
{
	struct due end;

	due_init(&end, turns_are_over, l);
	due_in(l, &end, ms);
	loop_run(l);
	due_stop(l, &end);
}

/* Of this process; one more is open while it looks. */
static inline unsigned
count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

#endif
