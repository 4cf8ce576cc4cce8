/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared with nobody, and yet not private: so the kernel does not count it as
 * the data of the process (getrlimit(2)). */
#include "base/region.h"

#include <string.h>
#include <sys/mman.h>

void *
region_new(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return at != MAP_FAILED ? at : NULL;
}

void
region_free(void *at, size_t size)
{
	if (at != NULL)
		munmap(at, size);
}

void *
region_grow(void *old, size_t old_size, size_t new_size)
{
	void *at = region_new(new_size);

	if (at == NULL)
		return NULL;
	if (old != NULL)
		memcpy(at, old, old_size);
	region_free(old, old_size);
	return at;
}
