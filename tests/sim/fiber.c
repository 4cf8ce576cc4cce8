/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fibers by ucontext(3). AddressSanitizer is told of each change of stack
 * (sanitizer/common_interface_defs.h), for it would take it for an overrun.
 */
#include "fiber.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "config.h"
#include "world.h"

enum { STACK = 1 << 20 };

struct fiber {
	ucontext_t here, outside;
	fiber_fn *fn;
	void *arg;
	void *stack;
	void *fake; /* AddressSanitizer's, while it is away */
	const void *outside_stack;
	size_t outside_size;
};

#ifdef WITH_SANITIZERS
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

static void
begin_switch(void **fake, const void *stack, size_t size)
{
	__sanitizer_start_switch_fiber(fake, stack, size);
}

static void
end_switch(void *fake, const void **stack, size_t *size)
{
	__sanitizer_finish_switch_fiber(fake, stack, size);
}

static void
unpoison(void *stack)
{
	__asan_unpoison_memory_region(stack, STACK);
}
#else
static void
begin_switch(void **fake, const void *stack, size_t size)
{
	(void)fake, (void)stack, (void)size;
}

static void
end_switch(void *fake, const void **stack, size_t *size)
{
	(void)fake, (void)stack, (void)size;
}

static void
unpoison(void *stack)
{
	(void)stack;
}
#endif

/* makecontext(3) passes ints only. */
static void
begin(unsigned high, unsigned low)
{
	struct fiber *f =
	    (struct fiber *)(((uintptr_t)high << 32) | (uintptr_t)low);

	end_switch(NULL, &f->outside_stack, &f->outside_size);
	f->fn(f->arg);
	abort();
}

struct fiber *
fiber_new(fiber_fn *fn, void *arg)
{
	struct fiber *f = world_take(sizeof(*f));
	uintptr_t at = (uintptr_t)f;

	f->fn = fn;
	f->arg = arg;
	f->stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert(f->stack != MAP_FAILED);
	getcontext(&f->here);
	f->here.uc_stack.ss_sp = f->stack;
	f->here.uc_stack.ss_size = STACK;
	makecontext(&f->here, (void (*)(void))begin, 2, (unsigned)(at >> 32),
		    (unsigned)at);
	return f;
}

void
fiber_free(struct fiber *f)
{
	unpoison(f->stack);
	munmap(f->stack, STACK);
	world_give(f);
}

void
fiber_enter(struct fiber *f)
{
	void *fake = NULL;

	begin_switch(&fake, f->stack, STACK);
	swapcontext(&f->outside, &f->here);
	end_switch(fake, NULL, NULL);
}

void
fiber_leave(struct fiber *f)
{
	begin_switch(&f->fake, f->outside_stack, f->outside_size);
	swapcontext(&f->here, &f->outside);
	end_switch(f->fake, &f->outside_stack, &f->outside_size);
}
