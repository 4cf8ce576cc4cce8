/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stack of its own for each process of the simulation: it runs until it
 * waits, and can be forgotten in the middle of a line, as kill -9 does.
 */
#ifndef TESTS_SIM_FIBER_H
#define TESTS_SIM_FIBER_H

struct fiber;

typedef void fiber_fn(void *arg);

/* fn runs at the first fiber_enter(); it must not return. */
struct fiber *fiber_new(fiber_fn *fn, void *arg);
/* Not from the fiber itself. */
void fiber_free(struct fiber *f);
/* From outside: runs it until it leaves. */
void fiber_enter(struct fiber *f);
/* From inside: goes on behind fiber_enter(). */
void fiber_leave(struct fiber *f);

#endif
