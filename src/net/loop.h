/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thin skin over libev: watchers that carry their owner, and nothing that
 * decides. Callbacks move bytes and resume queries.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

struct loop; /* wraps struct ev_loop; epoll */

struct loop *loop_new(void);
void loop_free(struct loop *l);
void loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* clock_ms() as of the last wake-up; costs no system call. */
int64_t loop_now_ms(const struct loop *l);

typedef void ready_fn(void *owner, bool readable, bool writable);
struct ready {
	ev_io io; /* first */
	ready_fn *fn;
	void *owner;
};
void ready_init(struct ready *r, int fd, ready_fn *fn, void *owner);
/* Watches for reading and/or writing; neither: stops. */
void ready_want(struct loop *l, struct ready *r, bool read, bool write);

typedef void due_fn(void *owner);
struct due {
	ev_timer timer; /* first */
	due_fn *fn;
	void *owner;
};
void due_init(struct due *d, due_fn *fn, void *owner);
void due_in(struct loop *l, struct due *d, int64_t wait_ms);
void due_stop(struct loop *l, struct due *d);

/* Runs before each wait: where batches are sent. */
struct before_wait {
	ev_prepare prepare; /* first */
	due_fn *fn;
	void *owner;
};
void before_wait_init(struct loop *l, struct before_wait *b, due_fn *fn,
		      void *owner);
void before_wait_stop(struct loop *l, struct before_wait *b);

#endif
