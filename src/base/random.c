/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers that nobody outside can foresee.
 *
 * Ids, ports and the case of names are what keeps a forged answer out, so
 * every byte is the kernel's own and is handed out once: there is no
 * generator of ours whose state could leak. getrandom(2) is asked for 256
 * bytes at a time; up to that size it is never cut short by a signal.
 */
#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void
refill(struct random *r)
{
	ssize_t n;

	do {
		n = getrandom(r->block, sizeof(r->block), 0);
	} while (n == -1 && errno == EINTR);
	/* Going on with numbers that can be guessed would open the door
	 * that this daemon exists to keep shut. */
	if (n != (ssize_t)sizeof(r->block))
		abort();
	r->used = 0;
}

static void
take(struct random *r, void *out, size_t n)
{
	if (n > sizeof(r->block) - r->used)
		refill(r);
	memcpy(out, r->block + r->used, n);
	/* A number that was given out must not be read again later. */
	memset(r->block + r->used, 0, n);
	r->used += n;
}

void
random_init(struct random *r)
{
	memset(r->block, 0, sizeof(r->block));
	r->used = sizeof(r->block);
}

uint16_t
random_u16(struct random *r)
{
	uint16_t v;

	take(r, &v, sizeof(v));
	return v;
}

uint32_t
random_u32(struct random *r)
{
	uint32_t v;

	take(r, &v, sizeof(v));
	return v;
}

uint64_t
random_u64(struct random *r)
{
	uint64_t v;

	take(r, &v, sizeof(v));
	return v;
}

uint32_t
random_below(struct random *r, uint32_t limit)
{
	/* The lowest (2^32 mod limit) values would make some results more
	 * likely than others: they are drawn again. */
	uint32_t skip = (0U - limit) % limit;
	uint32_t v;

	do {
		v = random_u32(r);
	} while (v < skip);
	return v % limit;
}
