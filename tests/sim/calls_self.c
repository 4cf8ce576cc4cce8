/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time, chance, memory and processes: the calls that move no bytes. */
#include "calls.h"

#include <errno.h>
#include <ev.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "oracle.h"
#include "proc/role.h"
#include "process.h"
#include "wires.h"
#include "world.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
void __real_free(void *at);
void *__real_mmap(void *at, size_t size, int protection, int flags, int fd,
		  off_t offset);
int __real_munmap(void *at, size_t size);
void *__real_pool_take(struct pool *p);
void __real_pool_give(struct pool *p, void *slot);
enum err __real_policy_open(int fd, uint32_t generation, struct policy *out);

enum { DATE_S = 1800000000 };

/* ---- time and chance ---------------------------------------------------- */

int
clock_gettime(clockid_t id, struct timespec *out)
{
	int64_t us = now_us();

	if (id == CLOCK_REALTIME)
		us += (int64_t)DATE_S * SECOND + date_shift_us();
	out->tv_sec = us / SECOND;
	out->tv_nsec = us % SECOND * 1000;
	return 0;
}

ssize_t
__wrap_getrandom(void *bytes, size_t len, unsigned flags)
{
	(void)flags;
	draw_secret(bytes, (uint32_t)len);
	return (ssize_t)len;
}

/* ---- processes ---------------------------------------------------------- */

pid_t
__wrap_fork(void)
{
	return process_fork(calls_newest_end());
}

int
__wrap_kill(pid_t pid, int number)
{
	struct process *p = process_find(pid);

	(void)number;
	if (p == NULL) {
		errno = ESRCH;
		return -1;
	}
	process_kill(p);
	return 0;
}

int
__wrap_prctl(int what, ...)
{
	(void)what;
	return 0;
}

int
__wrap_setrlimit(int what, const struct rlimit *limit)
{
	(void)what, (void)limit;
	return 0;
}

/* Stands where the sandbox is. */
enum err
role_enter_sandbox(const struct role_kit *kit)
{
	(void)kit;
	return ERR_NONE;
}

/* ---- memory ------------------------------------------------------------- */

void *
__wrap_malloc(size_t size)
{
	void *at = __real_malloc(size);

	process_took(TAKEN_HEAP, at, size);
	return at;
}

void *
__wrap_calloc(size_t count, size_t size)
{
	void *at = __real_calloc(count, size);

	process_took(TAKEN_HEAP, at, count * size);
	return at;
}

void *
__wrap_realloc(void *old, size_t size)
{
	bool ours = old == NULL || process_gave(TAKEN_HEAP, old);
	void *at = __real_realloc(old, size);

	if (ours)
		process_took(TAKEN_HEAP, at, size);
	return at;
}

void
__wrap_free(void *at)
{
	process_gave(TAKEN_HEAP, at);
	__real_free(at);
}

void *
__wrap_mmap(void *at, size_t size, int protection, int flags, int fd,
	    off_t offset)
{
	void *map = __real_mmap(at, size, protection, flags, fd, offset);

	if (map != MAP_FAILED)
		process_took(TAKEN_MAP, map, size);
	return map;
}

int
__wrap_munmap(void *at, size_t size)
{
	process_gave(TAKEN_MAP, at);
	return __real_munmap(at, size);
}

static void *
for_libev(void *at, long size)
{
	if (size != 0)
		return __wrap_realloc(at, (size_t)size);
	__wrap_free(at);
	return NULL;
}

void
calls_begin(void)
{
	ev_set_allocator(for_libev);
}

/* ---- slots, of which none is left over ---------------------------------- */

void *
__wrap_pool_take(struct pool *p)
{
	void *slot = __real_pool_take(p);

	if (slot != NULL && process_current() != NULL)
		process_current()->slots++;
	return slot;
}

void
__wrap_pool_give(struct pool *p, void *slot)
{
	if (slot != NULL && process_current() != NULL)
		process_current()->slots--;
	__real_pool_give(p, slot);
}

/* ---- what is worth knowing ---------------------------------------------- */

enum err
__wrap_policy_open(int fd, uint32_t generation, struct policy *out)
{
	enum err err = __real_policy_open(fd, generation, out);
	struct process *p = process_current();

	if (err != ERR_NONE || p == NULL)
		return err;
	p->generation = generation;
	if (p->role == ROLE_WORKER)
		oracle_on_policy(p->index, generation);
	say("%s %u takes policy %u", role_name(p->role), p->index, generation);
	return err;
}

void
__wrap_log_line(enum log_level level, const char *format, ...)
{
	static const char *const words[] = { "info", "warn", "error" };
	const struct process *p = process_current();
	char text[1024];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	say("%s %u %s: %s", p != NULL ? role_name(p->role) : "supervisor",
	    p != NULL ? p->index : 0, words[level], text);
}
