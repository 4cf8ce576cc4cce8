/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes of the simulation: real code of the daemon on fibers, with the
 * memory and the descriptors that each has taken, so that a killed one
 * leaves nothing behind and one that ends by itself is seen to leak.
 */
#ifndef TESTS_SIM_PROCESS_H
#define TESTS_SIM_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proc/post.h"

enum { PROCESS_MOST = 16 };

struct memory_taken;

struct process {
	pid_t pid; /* 0: the place is free */
	enum role role;
	uint32_t index;
	struct fiber *fiber;
	bool ended; /* and not yet waited for */
	int status;
	int channel;	     /* to the supervisor: what ROLE_CHANNEL is here */
	uint32_t generation; /* of the policy it works by; 0: none yet */
	/* waiting: runs again at wake_us, or when ready says so */
	int64_t wake_us;
	bool (*ready)(void *arg);
	void *arg;
	int64_t stopped_us;	/* SIGSTOP until then */
	int64_t stopped_all_us; /* so long all in all */
	int64_t woke_us;	/* when it last had something to do */
	int slots;		/* of pools that are in use */
	unsigned dies_in;	/* points from now; 0: it does not */
	struct memory_taken *taken;
	unsigned taken_count, taken_room;
};

/* NULL: the supervisor, or the world around. */
struct process *process_current(void);
struct process *process_find(pid_t pid);
/* The one that runs in that role, or NULL. */
struct process *process_of(enum role role, uint32_t index);
/* Number `at` of PROCESS_MOST; NULL: the place is free. */
struct process *process_at(unsigned at);

/* What the next fork() makes. */
void process_next(enum role role, uint32_t index);
pid_t process_fork(int channel);
void process_kill(struct process *p);
/* The place of one that has ended is free again. */
void process_reap(struct process *p);

/* From inside: waits until then, or until ready(arg). */
void process_wait(int64_t until_us, bool (*ready)(void *arg), void *arg);
/* A place where it may lose the processor, or its life. */
void process_point(void);
/* Whether one wants to run; then one of those takes its turn. */
bool process_turn(void);
/* When one that waits or is stopped goes on by itself. */
int64_t process_next_us(void);
/* How often of a thousand points another process gets its turn. */
void process_unrest(uint32_t rate);

/* ---- what it has taken -------------------------------------------------- */

enum taken_kind { TAKEN_HEAP, TAKEN_MAP };

void process_took(enum taken_kind kind, void *at, size_t size);
/* False: not by a process. */
bool process_gave(enum taken_kind kind, void *at);

#endif
