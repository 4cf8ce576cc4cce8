/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose socket stands in our way: the kernel's tables of sockets (proc(5),
 * /proc/net/udp and its kin) name an inode, and the descriptors of some
 * process lead to it. Whoever may not look there is told so.
 *
 * It runs once, at a start that has failed anyway.
 */
#include "proc/holder.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 288, LINE_SIZE = 512, COMM_SIZE = 64, UNIT_SIZE = 128 };

static const struct {
	const char *comm, *remedy;
} remedies[] = {
#define HOLDER(comm, remedy) { comm, remedy },
#include "proc/holder.def"
#undef HOLDER
};

struct holder {
	uint64_t inode;
	long pid;
	char comm[COMM_SIZE], unit[UNIT_SIZE];
};

/* Addresses stand there as words of the host's order, in hexadecimal. */
static bool
address_read(const char *hex, struct addr *out)
{
	uint8_t bytes[16];
	size_t words = strcspn(hex, ":") / 8;

	if (words != 1 && words != 4)
		return false;
	for (size_t i = 0; i < words; i++) {
		uint32_t word;

		if (sscanf(hex + i * 8, "%8" SCNx32, &word) != 1)
			return false;
		memcpy(bytes + i * 4, &word, 4);
	}
	if (words == 1)
		addr_from_v4(bytes, out);
	else
		addr_from_v6(bytes, out);
	return true;
}

static bool
is_in_the_way(const struct addr *theirs, const struct addr *ours)
{
	return addr_is_wildcard(theirs) || addr_is_wildcard(ours) ||
	       addr_equal(theirs, ours);
}

/* "  12: 0100007F:0035 00000000:0000 07 ... inode ..."; true where it is a
 * socket that we collide with. */
static bool
socket_read(const char *line, const struct endpoint *at, uint64_t *inode_out)
{
	char local[64];
	struct addr theirs;
	unsigned port, state;

	if (sscanf(line, " %*u: %63[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*s %*s "
			 "%" SCNu64,
		   local, &port, &state, inode_out) != 4)
		return false;
	if (port != at->port || !address_read(local, &theirs))
		return false;
	/* LISTEN, or what UDP is in; not a connection. */
	return (state == 10 || state == 7) && is_in_the_way(&theirs, &at->addr);
}

static uint64_t
inode_in(const char *path, const struct endpoint *at)
{
	FILE *file = fopen(path, "re");
	char line[LINE_SIZE];
	uint64_t inode = 0;

	if (!file)
		return 0;
	while (inode == 0 && fgets(line, sizeof(line), file))
		if (!socket_read(line, at, &inode))
			inode = 0;
	fclose(file);
	return inode;
}

static uint64_t
inode_of(const struct endpoint *at, int type)
{
	static const char *const paths[2][2] = {
		{ "/proc/net/udp", "/proc/net/udp6" },
		{ "/proc/net/tcp", "/proc/net/tcp6" },
	};
	const char *const *path = paths[type == SOCK_STREAM];
	uint64_t inode = inode_in(path[0], at);

	return inode ? inode : inode_in(path[1], at);
}

static bool
holds(long pid, uint64_t inode)
{
	char dir[PATH_SIZE], want[64], path[PATH_SIZE], got[64];
	const struct dirent *e;
	bool found = false;
	DIR *d;

	snprintf(dir, sizeof(dir), "/proc/%ld/fd", pid);
	snprintf(want, sizeof(want), "socket:[%" PRIu64 "]", inode);
	d = opendir(dir);
	while (d && !found && (e = readdir(d)) != NULL) {
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/%ld/fd/%.20s", pid,
			 e->d_name);
		len = readlink(path, got, sizeof(got) - 1);
		if (len < 0)
			continue;
		got[len] = '\0';
		found = strcmp(got, want) == 0;
	}
	if (d)
		closedir(d);
	return found;
}

static void
read_first_line(long pid, const char *name, char *out, size_t size)
{
	char path[PATH_SIZE];
	FILE *file;

	out[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%ld/%s", pid, name);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(out, (int)size, file))
		out[strcspn(out, "\n")] = '\0';
	fclose(file);
}

/* The last part of the control group's path that is a unit. */
static void
read_unit(struct holder *h)
{
	char line[LINE_SIZE];
	char *slash;

	read_first_line(h->pid, "cgroup", line, sizeof(line));
	slash = strrchr(line, '/');
	if (slash && strstr(slash, ".service"))
		snprintf(h->unit, sizeof(h->unit), "%.100s", slash + 1);
}

static bool
find_process(struct holder *h)
{
	DIR *d = opendir("/proc");
	const struct dirent *e;

	h->pid = 0;
	while (d && h->pid == 0 && (e = readdir(d)) != NULL) {
		long pid = isdigit((unsigned char)e->d_name[0])
			       ? strtol(e->d_name, NULL, 10)
			       : 0;

		if (pid > 0 && pid != getpid() && holds(pid, h->inode))
			h->pid = pid;
	}
	if (d)
		closedir(d);
	if (h->pid == 0)
		return false;
	read_first_line(h->pid, "comm", h->comm, sizeof(h->comm));
	read_unit(h);
	return true;
}

static const char *
remedy_for(const char *comm)
{
	size_t i = 0;

	while (remedies[i].comm[0] != '\0' &&
	       strcmp(remedies[i].comm, comm) != 0)
		i++;
	return remedies[i].remedy;
}

void
holder_tell(const struct endpoint *at, int type, struct text *out)
{
	struct holder h = { .inode = inode_of(at, type) };

	if (h.inode == 0)
		return;
	if (!find_process(&h)) {
		text_str(out, "; a process that we may not look at holds it "
			      "(ss -lnup and ss -lntp name it to root): ");
		text_str(out, remedy_for(""));
		return;
	}
	text_str(out, "; it is held by ");
	text_escaped(out, h.comm, strlen(h.comm));
	text_printf(out, " (pid %ld", h.pid);
	if (h.unit[0] != '\0') {
		text_str(out, ", ");
		text_escaped(out, h.unit, strlen(h.unit));
	}
	text_str(out, "): ");
	text_str(out, remedy_for(h.comm));
}
