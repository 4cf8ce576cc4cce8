/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon itself, on ground that shakes: memory that is not to be had, and
 * a clock on the wall that somebody sets.
 *
 * The file beside the binary, with ".plan" behind its name, holds five
 * numbers of eight bytes: the number of the allocation that fails (0: none;
 * those of the C library and libseccomp do not count, they fall over by
 * themselves),
 * the role it fails in (0 the supervisor, as enum role), how many allocations
 * of that role there have been (written by it), by how many seconds the date
 * is wrong, and how many times the date was asked for. It is mapped, so that
 * the tester may change it at any time.
 */
#include "config.h"

#ifndef WITH_SANITIZERS /* they have a malloc() of their own */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "proc/role.h"

struct plan {
	int64_t fail_at, role, allocations, skew_s, dates;
};

static struct plan *plan;
static bool concerned; /* allocations are counted here */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);

static bool
is_exempt(const void *caller)
{
	static const char *const exempt[] = { "libseccomp", "libc.so",
					      "ld-linux" };
	Dl_info from;

	if (dladdr(caller, &from) == 0 || !from.dli_fname)
		return false;
	for (size_t i = 0; i < sizeof(exempt) / sizeof(exempt[0]); i++)
		if (strstr(from.dli_fname, exempt[i]))
			return true;
	return false;
}

static bool
is_to_fail(const void *caller)
{
	if (!concerned || is_exempt(caller) ||
	    ++plan->allocations != plan->fail_at)
		return false;
	errno = ENOMEM;
	return true;
}

#define CALLER __builtin_return_address(0)

void *
malloc(size_t size)
{
	return is_to_fail(CALLER) ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return is_to_fail(CALLER) ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *p, size_t size)
{
	return is_to_fail(CALLER) ? NULL : __libc_realloc(p, size);
}

int
clock_gettime(clockid_t id, struct timespec *out)
{
	int done = (int)syscall(SYS_clock_gettime, id, out);

	if (plan && id == CLOCK_REALTIME && done == 0) {
		plan->dates++;
		out->tv_sec += plan->skew_s;
	}
	return done;
}

static void __attribute__((constructor))
begin(int argc, char **argv)
{
	char path[PATH_MAX + 8];
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX);
	uint32_t index;
	enum role role;
	int fd;

	if (len <= 0)
		return;
	strcpy(path + len, ".plan");
	fd = open(path, O_RDWR | O_CLOEXEC);
	plan = fd == -1 ? MAP_FAILED
			: mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE,
			       MAP_SHARED, fd, 0);
	if (plan == MAP_FAILED) {
		fputs("there is no plan\n", stderr);
		_exit(99);
	}
	close(fd);
	if (argc < 1 || !role_from_name(argv[0], &role, &index))
		role = ROLE_SUPERVISOR;
	concerned = plan->role == role && plan->fail_at != 0;
}

#endif

#include "main/dns-firewall.c"
