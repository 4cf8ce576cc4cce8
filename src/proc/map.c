/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a child maps the memory that it was handed. */
#include <sys/mman.h>
#include <sys/stat.h>

#include "proc/role.h"

void *
role_map(int fd, size_t size, bool writable)
{
	int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
	void *map = mmap(NULL, size, protection, MAP_SHARED, fd, 0);

	return map == MAP_FAILED ? NULL : map;
}

const void *
role_map_whole(int fd, size_t least, size_t *size_out)
{
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1 || st.st_size <= 0 ||
	    (size_t)st.st_size < least)
		return NULL;
	*size_out = (size_t)st.st_size;
	return role_map(fd, *size_out, false);
}
