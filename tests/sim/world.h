/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time, chance and what happens next: all of a run follows from its seed.
 */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MS = 1000, SECOND = 1000000 };

void world_begin(uint64_t seed, bool verbose);
uint64_t world_seed(void);
/* Steps taken so far: events and turns of processes. */
uint64_t world_steps(void);
void world_count_step(void);

/* Microseconds since the machine was started. */
int64_t now_us(void);
void time_passes(int64_t us);
/* How far the date is from where it was: it may jump, the clock never. */
int64_t date_shift_us(void);
void date_jumps(int64_t us);

/* ---- chance ------------------------------------------------------------- */

uint64_t draw(void);
/* 0..limit-1 */
uint32_t below(uint32_t limit);
/* low..high */
int64_t between(int64_t low, int64_t high);
/* true that many times of a thousand */
bool per_mille(uint32_t rate);
/* What the daemon draws: its own sequence, so that what happens does not
 * follow from how much of it it takes. */
void draw_secret(void *bytes, uint32_t len);

/* ---- events ------------------------------------------------------------- */

typedef void event_fn(void *arg, uint64_t number);

void at_us(int64_t when_us, event_fn *fn, void *arg, uint64_t number);
/* Only that time is looked at. */
void look_at_us(int64_t when_us);
/* When the next one is due; INT64_MAX: there is none. */
int64_t next_event_us(void);
/* Runs one that is due; false: there is none. */
bool run_event(void);
/* Nothing of what was to come comes. */
void forget_events(void);

/* ---- memory of the world's, which no process has taken ------------------ */

void *world_take(size_t size); /* all zero */
void *world_more(void *at, size_t size);
void world_give(void *at);

/* ---- what is said ------------------------------------------------------- */

/* One line of the trace, where it is wanted. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool is_verbose(void);
/* An invariant does not hold: says which and where, and ends the run. */
void broken(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

#endif
