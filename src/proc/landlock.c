/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Landlock by raw system calls (landlock(7), linux/landlock.h): no file may
 * be opened any more, but for the copies of the lists process; a worker may
 * connect by TCP to the upstreams' ports and nowhere else, the lists process
 * anywhere; no signal or abstract socket leaves the room. Headers
 * are often older than kernels, so the few constants stand here.
 */
#include "proc/sandbox.h"

#include <errno.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	ABI_REFER = 2,
	ABI_TRUNCATE = 3,
	ABI_TCP = 4,
	ABI_IOCTL = 5,
	ABI_SCOPE = 6,
	RULE_NET_PORT = 2
};

/* struct landlock_ruleset_attr of ABI 6, which older kernels take shorter */
struct ruleset {
	uint64_t fs, net, scoped;
};

struct beneath_rule {
	uint64_t allowed;
	int32_t dir;
} __attribute__((packed));

struct port_rule {
	uint64_t allowed, port;
};

static const uint64_t net_bind_tcp = 1, net_connect_tcp = 2;
static const uint64_t scope_abstract_unix = 1, scope_signal = 2;

static struct ruleset
ruleset_for(int abi)
{
	/* bits 0..12 are of ABI 1, then one more each */
	struct ruleset r = { .fs = (1u << 13) - 1 };

	if (abi >= ABI_REFER)
		r.fs |= 1u << 13;
	if (abi >= ABI_TRUNCATE)
		r.fs |= 1u << 14;
	if (abi >= ABI_TCP)
		r.net = net_bind_tcp | net_connect_tcp;
	if (abi >= ABI_IOCTL)
		r.fs |= 1u << 15;
	if (abi >= ABI_SCOPE)
		r.scoped = scope_abstract_unix | scope_signal;
	return r;
}

static size_t
ruleset_size(int abi)
{
	if (abi >= ABI_SCOPE)
		return sizeof(struct ruleset);
	return abi >= ABI_TCP ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

static int
allow_port(int ruleset, uint16_t port)
{
	struct port_rule rule = { .allowed = net_connect_tcp, .port = port };

	return (int)syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT,
			    &rule, 0);
}

static int
allow_upstreams(int ruleset, const struct options *opt)
{
	int done = 0;

	for (uint32_t i = 0; done == 0 && i < opt->upstream_count; i++)
		done = allow_port(ruleset, opt->upstream[i].port);
	for (uint32_t i = 0; done == 0 && i < opt->forward_count; i++)
		done = allow_port(ruleset, opt->forward[i].at.port);
	return done;
}

static int
allow_beneath(int ruleset, int dir, uint64_t allowed)
{
	struct beneath_rule rule = { .allowed = allowed, .dir = dir };

	return (int)syscall(SYS_landlock_add_rule, ruleset,
			    LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

/* Certificates are read before. */
static int
allow_copies(int ruleset, const struct role_kit *kit, int abi)
{
	uint64_t allowed = LANDLOCK_ACCESS_FS_READ_FILE |
			   LANDLOCK_ACCESS_FS_READ_DIR |
			   LANDLOCK_ACCESS_FS_WRITE_FILE |
			   LANDLOCK_ACCESS_FS_MAKE_REG |
			   LANDLOCK_ACCESS_FS_REMOVE_FILE;

	if (abi >= ABI_TRUNCATE)
		allowed |= 1u << 14;
	return kit->lists_dir != -1
		   ? allow_beneath(ruleset, kit->lists_dir, allowed)
		   : 0;
}

int
landlock_version(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
			   LANDLOCK_CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

enum err
landlock_enter(const struct role_kit *kit, int *abi_out)
{
	int abi = landlock_version(), fd;
	struct ruleset r;

	*abi_out = abi;
	if (abi == 0)
		return ERR_NONE;
	r = ruleset_for(abi);
	/* Feeds are anywhere. */
	if (kit->role == ROLE_LISTS)
		r.net &= ~net_connect_tcp;
	fd = (int)syscall(SYS_landlock_create_ruleset, &r, ruleset_size(abi),
			  0);
	if (fd == -1)
		return ERR_SYSTEM;
	if (kit->role == ROLE_WORKER && abi >= ABI_TCP &&
	    allow_upstreams(fd, kit->opt) == -1)
		goto undo;
	if (kit->role == ROLE_LISTS && allow_copies(fd, kit, abi) == -1)
		goto undo;
	if (syscall(SYS_landlock_restrict_self, fd, 0) == -1)
		goto undo;
	close(fd);
	return ERR_NONE;
undo:;
	int cause = errno;
	close(fd);
	errno = cause;
	return ERR_SYSTEM;
}
