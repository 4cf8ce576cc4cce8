/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of children: read by the supervisor from /proc, and held to what
 * it was by the kernel (RLIMIT_DATA). What strangers send can then fill the
 * tables that were made for it, and nothing else.
 */
#include "config.h"

#include "proc/measure.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LOOK_MS = 1000 };

static uint32_t
kib(unsigned long pages)
{
	return (uint32_t)(pages * ((unsigned long)sysconf(_SC_PAGESIZE) /
				   1024));
}

bool
measure_process(pid_t pid, struct measure *out)
{
	unsigned long size, resident, data;
	char path[32];
	FILE *file;
	int got;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	got = fscanf(file, "%lu %lu %*u %*u %*u %lu", &size, &resident, &data);
	fclose(file);
	if (got != 3)
		return false;
	*out = (struct measure){ kib(size), kib(data), kib(resident) };
	return true;
}

#ifdef WITH_SANITIZERS

void
measure_bind(void)
{
	/* Their runtime takes what it needs. */
}

#else

void
measure_bind(void)
{
	struct measure now;
	struct rlimit most;

	if (!measure_process(getpid(), &now))
		return;
	most.rlim_cur = most.rlim_max =
	    ((rlim_t)now.data_kib + MEASURE_SLACK_KIB) * 1024;
	setrlimit(RLIMIT_DATA, &most);
}

#endif

void
measure_crew(struct supervisor_state *state, int64_t now_ms)
{
	if (now_ms - state->measured_ms < LOOK_MS)
		return;
	state->measured_ms = now_ms;
	for (uint32_t i = 0; i < state->children; i++) {
		uint32_t pid = state->child[i].pid;
		struct measure now;

		if (pid == 0 || state->child[i].ready == 0 ||
		    !measure_process((pid_t)pid, &now))
			continue;
		state->child[i].resident_kib = now.resident_kib;
		if (state->child[i].measured_pid == pid)
			continue;
		state->child[i].measured_pid = pid;
		state->child[i].most_kib = now.size_kib + MEASURE_SLACK_KIB;
	}
}
