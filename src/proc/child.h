/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor's children: started by executing ourselves anew, equipped
 * by letters, watched, and started again when they die.
 */
#ifndef PROC_CHILD_H
#define PROC_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "proc/post.h"

struct child {
	enum role role;
	uint32_t index;
	pid_t pid;	 /* 0: not running */
	int channel;	 /* -1: none */
	uint32_t starts; /* how often it was started */
	bool ready;	 /* it said POST_READY */
	bool stopping;	 /* it was told POST_STOP */
	uint32_t taken;	 /* generation of the policy it works by */
	unsigned failures;   /* deaths in a row, each soon after its start */
	int64_t started_ms;
	int64_t restart_ms;  /* when to start it again; 0: not due */
	struct post post;    /* arg is the owner's */
};

void child_init(struct child *c, enum role role, uint32_t index);
/* Forks and executes; standard input and output lead to /dev/null, standard
 * error to log_fd. argument: argv[1], or NULL. The child waits for its hands
 * on c->channel. */
enum err child_start(struct child *c, int log_fd, const char *argument);
/* One descriptor, kept open by us. */
enum err child_hand(struct child *c, enum hand what, uint32_t index,
		    uint32_t generation, int fd);
enum err child_tell(struct child *c, enum letter_kind kind, uint32_t seq,
		    uint32_t value);
/* Its process has ended: closes the channel and sets restart_ms, at once for
 * the first time, later and later (at most 5 s) where it keeps dying. */
void child_ended(struct child *c, int64_t now_ms);
void child_kill(struct child *c);

#endif
