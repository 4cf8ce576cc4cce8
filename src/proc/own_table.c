/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The own-address table as its readers see it: mapped, and looked up. Who
 * writes it is own.c.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/sorted.h"
#include "proc/role.h"

enum err
own_open(int fd, const struct own_addresses **out)
{
	struct stat st;
	struct own_addresses *t;

	if (fstat(fd, &st) == -1)
		return ERR_SYSTEM;
	if (st.st_size != (off_t)sizeof(*t))
		return ERR_IMAGE;
	t = mmap(NULL, sizeof(*t), PROT_READ, MAP_SHARED, fd, 0);
	if (t == MAP_FAILED)
		return ERR_SYSTEM;
	if (t->count > OWN_MAX || t->net_count > OWN_MAX ||
	    t->home_count > OWN_MAX ||
	    t->interface_count > OWN_MAX_INTERFACES) {
		munmap(t, sizeof(*t));
		return ERR_IMAGE;
	}
	*out = t;
	return ERR_NONE;
}

void
own_close(const struct own_addresses *own)
{
	if (own)
		munmap((void *)(uintptr_t)own, sizeof(*own));
}

enum { NOT_FOUND = OWN_MAX };

static int
by_address(const void *element, const void *wanted)
{
	return memcmp(element, wanted, sizeof(struct addr));
}

static uint32_t
find(const struct own_addresses *own, const struct addr *a)
{
	const struct sorted all = { own->addr, own->count, sizeof(*a),
				    by_address };
	uint32_t at = (uint32_t)sorted_place(&all, a);

	return at < own->count && by_address(&own->addr[at], a) == 0
		   ? at
		   : NOT_FOUND;
}

bool
own_has(const struct own_addresses *own, const struct addr *a)
{
	struct addr inner;

	if (find(own, a) != NOT_FOUND)
		return true;
	return addr_embedded(a, &inner) && find(own, &inner) != NOT_FOUND;
}

uint32_t
own_ifindex(const struct own_addresses *own, const char *name)
{
	for (uint32_t i = 0; i < own->interface_count; i++)
		if (strncmp(own->interface[i].name, name, OWN_NAME_SIZE) == 0)
			return own->interface[i].index;
	return 0;
}

bool
own_is_local(const struct own_addresses *own, const struct addr *a)
{
	uint32_t at = find(own, a);

	return addr_is_loopback(a) || (at != NOT_FOUND && !own->broadcast[at]);
}
