/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One process runs at a time, until it waits or is made to stand aside at a
 * point. Who is next is a matter of chance.
 */
#include "process.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fiber.h"
#include "firewall/warden.h"
#include "idle.h"
#include "listen/worker.h"
#include "proc/role.h"
#include "wires.h"
#include "world.h"

void __real_free(void *at);
int __real_munmap(void *at, size_t size);

enum { PID_FIRST = 100, SLICE_MOST_US = 20, ASIDE_MOST_US = 3 * MS };

struct memory_taken {
	enum taken_kind kind;
	void *at;
	size_t size;
};

static struct {
	struct process place[PROCESS_MOST];
	struct process *current;
	pid_t last_pid;
	enum role next_role;
	uint32_t next_index;
	uint32_t unrest;
} table = { .last_pid = PID_FIRST };

struct process *
process_current(void)
{
	return table.current;
}

struct process *
process_at(unsigned at)
{
	return table.place[at].pid != 0 ? &table.place[at] : NULL;
}

struct process *
process_find(pid_t pid)
{
	for (unsigned i = 0; i < PROCESS_MOST; i++) {
		if (pid != 0 && table.place[i].pid == pid)
			return &table.place[i];
	}
	return NULL;
}

struct process *
process_of(enum role role, uint32_t index)
{
	for (unsigned i = 0; i < PROCESS_MOST; i++) {
		struct process *p = &table.place[i];

		if (p->pid != 0 && !p->ended && p->role == role &&
		    p->index == index)
			return p;
	}
	return NULL;
}

void
process_unrest(uint32_t rate)
{
	table.unrest = rate;
}

/* ---- what it has taken -------------------------------------------------- */

void
process_took(enum taken_kind kind, void *at, size_t size)
{
	struct process *p = table.current;

	if (p == NULL || at == NULL)
		return;
	if (p->taken_count == p->taken_room) {
		p->taken_room += 64;
		p->taken =
		    world_more(p->taken, p->taken_room * sizeof(*p->taken));
	}
	p->taken[p->taken_count++] = (struct memory_taken){ kind, at, size };
}

static bool
gave(struct process *p, enum taken_kind kind, const void *at)
{
	for (unsigned i = p->taken_count; i-- > 0;) {
		if (p->taken[i].at != at || p->taken[i].kind != kind)
			continue;
		p->taken[i] = p->taken[--p->taken_count];
		return true;
	}
	return false;
}

bool
process_gave(enum taken_kind kind, void *at)
{
	struct process *p = table.current;

	return p != NULL && at != NULL && gave(p, kind, at);
}

static void
take_everything(struct process *p)
{
	for (unsigned i = 0; i < p->taken_count; i++) {
		if (p->taken[i].kind == TAKEN_HEAP)
			__real_free(p->taken[i].at);
		else
			__real_munmap(p->taken[i].at, p->taken[i].size);
	}
	world_give(p->taken);
	p->taken = NULL;
	p->taken_count = p->taken_room = 0;
	wires_close_all(p);
}

/* ---- life --------------------------------------------------------------- */

static void
end(struct process *p, int status)
{
	take_everything(p);
	p->ended = true;
	p->status = status;
	say("%s %u (%d) is gone, status %d", role_name(p->role), p->index,
	    (int)p->pid, status);
}

/* A worker that is told to stop gives everything back; a warden's memory
 * ends with it. */
static void
look_for_leaks(const struct process *p)
{
	unsigned heap = 0;

	for (unsigned i = 0; i < p->taken_count; i++)
		heap += p->taken[i].kind == TAKEN_HEAP;
	if (heap > 0)
		broken("worker %u ended and left %u pieces of memory", p->index,
		       heap);
}

static void
live(void *arg)
{
	static char *argv[] = { NULL, NULL };
	struct process *p = arg;
	struct role_kit *kit = calloc(1, sizeof(*kit));
	int status = 1;

	enum err err = role_begin(p->role, p->index, argv, kit);

	if (err != ERR_NONE)
		say("it cannot begin: %s", err_text(err));
	if (err == ERR_NONE) {
		p->generation = kit->generation;
		if (p->role == ROLE_WORKER)
			status = worker_main(kit);
		else if (p->role == ROLE_WARDEN)
			status = warden_main(kit);
		else
			status = idle_main(kit);
	}
	free(kit);
	if (p->role == ROLE_WORKER && status == 0)
		look_for_leaks(p);
	end(p, status);
	for (;;)
		fiber_leave(p->fiber);
}

void
process_next(enum role role, uint32_t index)
{
	table.next_role = role;
	table.next_index = index;
}

pid_t
process_fork(int channel)
{
	unsigned at = 0;
	struct process *p;

	while (at < PROCESS_MOST && table.place[at].pid != 0)
		at++;
	if (at == PROCESS_MOST)
		broken("too many processes");
	p = &table.place[at];
	*p = (struct process){ .pid = ++table.last_pid,
			       .role = table.next_role,
			       .index = table.next_index,
			       .wake_us = now_us() + between(100, 20 * MS) };
	p->channel = wires_give(channel, p);
	p->fiber = fiber_new(live, p);
	say("%s %u (%d) is started", role_name(p->role), p->index, (int)p->pid);
	return p->pid;
}

void
process_kill(struct process *p)
{
	if (p->ended)
		return;
	end(p, 9);
	if (table.current == p)
		fiber_leave(p->fiber);
}

void
process_reap(struct process *p)
{
	fiber_free(p->fiber);
	p->pid = 0;
}

/* ---- turns -------------------------------------------------------------- */

void
process_wait(int64_t until_us, bool (*ready)(void *arg), void *arg)
{
	struct process *p = table.current;

	p->wake_us = until_us;
	p->ready = ready;
	p->arg = arg;
	fiber_leave(p->fiber);
}

void
process_point(void)
{
	struct process *p = table.current;

	if (p == NULL)
		return;
	time_passes(below(3));
	if (p->dies_in > 0 && --p->dies_in == 0) {
		say("%s %u dies here", role_name(p->role), p->index);
		process_kill(p);
	}
	if (per_mille(table.unrest))
		process_wait(now_us() + between(1, ASIDE_MOST_US), NULL, NULL);
}

static bool
wants_to_run(struct process *p)
{
	bool ready = false;

	if (p->pid == 0 || p->ended || p->stopped_us > now_us())
		return false;
	if (p->wake_us <= now_us())
		return true;
	/* Descriptors are those that it means. */
	table.current = p;
	if (p->ready != NULL)
		ready = p->ready(p->arg);
	table.current = NULL;
	return ready;
}

bool
process_turn(void)
{
	struct process *ready[PROCESS_MOST], *p;
	unsigned count = 0;

	for (unsigned i = 0; i < PROCESS_MOST; i++) {
		if (wants_to_run(&table.place[i]))
			ready[count++] = &table.place[i];
	}
	if (count == 0)
		return false;
	p = ready[below(count)];
	time_passes(1 + below(SLICE_MOST_US));
	world_count_step();
	table.current = p;
	fiber_enter(p->fiber);
	table.current = NULL;
	return true;
}

int64_t
process_next_us(void)
{
	int64_t first = INT64_MAX;

	for (unsigned i = 0; i < PROCESS_MOST; i++) {
		const struct process *p = &table.place[i];
		int64_t us = p->wake_us;

		if (p->pid == 0 || p->ended)
			continue;
		/* What it waits for may have come while it stood still. */
		if (p->stopped_us > now_us())
			us = p->stopped_us;
		if (us < first)
			first = us;
	}
	return first;
}
