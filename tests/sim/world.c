/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sequence of chances is splitmix64's: short, and the same everywhere.
 * Events lie in a heap; those of one moment run in the order they were made.
 */
#include "world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
void __real_free(void *at);

enum { EVENTS = 1 << 16, START_S = 100000 };

struct event {
	int64_t when_us;
	uint64_t order;
	event_fn *fn;
	void *arg;
	uint64_t number;
};

static struct {
	uint64_t seed, chance, secret, steps, order;
	int64_t now_us, shift_us;
	bool verbose;
	unsigned count;
	struct event heap[EVENTS];
} world;

void
world_begin(uint64_t seed, bool verbose)
{
	world.seed = seed;
	world.chance = seed * 0x9e3779b97f4a7c15u + 1;
	world.secret = ~world.chance;
	world.now_us = (int64_t)START_S * SECOND;
	world.shift_us = 0;
	world.verbose = verbose;
	world.steps = world.order = 0;
	world.count = 0;
}

uint64_t
world_seed(void)
{
	return world.seed;
}

uint64_t
world_steps(void)
{
	return world.steps;
}

void
world_count_step(void)
{
	world.steps++;
}

int64_t
now_us(void)
{
	return world.now_us;
}

void
time_passes(int64_t us)
{
	world.now_us += us;
}

int64_t
date_shift_us(void)
{
	return world.shift_us;
}

void
date_jumps(int64_t us)
{
	world.shift_us += us;
}

/* ---- chance ------------------------------------------------------------- */

static uint64_t
next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t
draw(void)
{
	return next(&world.chance);
}

uint32_t
below(uint32_t limit)
{
	return (uint32_t)(((draw() >> 32) * limit) >> 32);
}

int64_t
between(int64_t low, int64_t high)
{
	return low + (int64_t)(draw() % (uint64_t)(high - low + 1));
}

bool
per_mille(uint32_t rate)
{
	return below(1000) < rate;
}

void
draw_secret(void *bytes, uint32_t len)
{
	uint8_t *to = bytes;

	for (uint32_t i = 0; i < len; i++)
		to[i] = (uint8_t)(next(&world.secret) >> 56);
}

/* ---- events ------------------------------------------------------------- */

static bool
is_before(const struct event *a, const struct event *b)
{
	if (a->when_us != b->when_us)
		return a->when_us < b->when_us;
	return a->order < b->order;
}

static void
swap(unsigned a, unsigned b)
{
	struct event e = world.heap[a];

	world.heap[a] = world.heap[b];
	world.heap[b] = e;
}

static void
rise(unsigned at)
{
	while (at > 0 &&
	       is_before(&world.heap[at], &world.heap[(at - 1) / 2])) {
		swap(at, (at - 1) / 2);
		at = (at - 1) / 2;
	}
}

static void
sink(unsigned at)
{
	for (;;) {
		unsigned least = at, child = 2 * at + 1;

		for (unsigned i = child; i < child + 2; i++) {
			if (i < world.count &&
			    is_before(&world.heap[i], &world.heap[least]))
				least = i;
		}
		if (least == at)
			return;
		swap(at, least);
		at = least;
	}
}

void
at_us(int64_t when_us, event_fn *fn, void *arg, uint64_t number)
{
	if (world.count == EVENTS)
		broken("too much is to come");
	world.heap[world.count] =
	    (struct event){ when_us, world.order++, fn, arg, number };
	rise(world.count++);
}

static void
nothing(void *arg, uint64_t number)
{
	(void)arg, (void)number;
}

void
look_at_us(int64_t when_us)
{
	at_us(when_us, nothing, NULL, 0);
}

int64_t
next_event_us(void)
{
	return world.count > 0 ? world.heap[0].when_us : INT64_MAX;
}

bool
run_event(void)
{
	struct event e;

	if (next_event_us() > world.now_us)
		return false;
	e = world.heap[0];
	world.heap[0] = world.heap[--world.count];
	sink(0);
	world.steps++;
	e.fn(e.arg, e.number);
	return true;
}

void
forget_events(void)
{
	world.count = 0;
}

/* ---- memory ------------------------------------------------------------- */

void *
world_take(size_t size)
{
	void *at = __real_calloc(1, size);

	if (at == NULL)
		broken("no memory");
	return at;
}

void *
world_more(void *at, size_t size)
{
	at = __real_realloc(at, size);
	if (at == NULL)
		broken("no memory");
	return at;
}

void
world_give(void *at)
{
	__real_free(at);
}

/* ---- what is said ------------------------------------------------------- */

static void
stamp(void)
{
	int64_t us = world.now_us - (int64_t)START_S * SECOND;

	printf("%9" PRIu64 " %5" PRId64 ".%06" PRId64 " ", world.steps,
	       us / SECOND, us % SECOND);
}

void
say(const char *format, ...)
{
	va_list list;

	if (!world.verbose)
		return;
	stamp();
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	putchar('\n');
}

bool
is_verbose(void)
{
	return world.verbose;
}

void
broken(const char *format, ...)
{
	va_list list;

	stamp();
	printf("BROKEN: ");
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	printf("\n");
	fflush(stdout);
	_Exit(1);
}
