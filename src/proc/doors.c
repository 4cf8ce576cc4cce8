/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listening sockets and files, opened with power and parsed by nobody here.
 *
 * Every bind address gets one socket a worker in a SO_REUSEPORT group, and a
 * classic BPF program over the source address chooses among them, so that a
 * client always meets the same worker, by UDP and TCP alike (socket(7),
 * SO_ATTACH_REUSEPORT_CBPF).
 */
#include "proc/doors.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc/holder.h"
enum {
	LISTEN_BACKLOG = 256,
	UDP_BUFFER = 4 << 20,
	/* in headers of the C library only since 2.27, and not all of them */
	PMTUDISC_OMIT = 5,
	FREEBIND_V6 = 78
};

static void
set_flag(int fd, int level, int name)
{
	int on = 1;

	setsockopt(fd, level, name, &on, sizeof(on));
}

/* Room for a burst; and a reply is never fragmented. */
static void
prepare_udp(int fd, int family)
{
	int omit = PMTUDISC_OMIT, size = UDP_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &omit,
			   sizeof(omit));
	else
		setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &omit,
			   sizeof(omit));
}

/* One bound socket; `shared`: in a SO_REUSEPORT group. */
static enum err
bind_one(const struct door_bind *b, int type, bool shared, int *fd_out)
{
	union sockaddr_any sa;
	socklen_t len = endpoint_to_sockaddr(&b->at, &sa);
	int only_v6 = !b->dual_stack;
	int fd = socket(sa.sa.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0);

	if (fd == -1)
		return ERR_SYSTEM;
	/* A router starts before its addresses are all there. */
	if (sa.sa.sa_family == AF_INET) {
		set_flag(fd, IPPROTO_IP, IP_FREEBIND);
		set_flag(fd, IPPROTO_IP, IP_PKTINFO);
	} else {
		set_flag(fd, IPPROTO_IPV6, FREEBIND_V6);
		set_flag(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO);
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6,
			   sizeof(only_v6));
	}
	if (type == SOCK_STREAM)
		set_flag(fd, SOL_SOCKET, SO_REUSEADDR);
	else
		prepare_udp(fd, sa.sa.sa_family);
	if (shared)
		set_flag(fd, SOL_SOCKET, SO_REUSEPORT);
	if (bind(fd, &sa.sa, len) == -1)
		goto undo;
	if (type == SOCK_STREAM && listen(fd, LISTEN_BACKLOG) == -1)
		goto undo;
	*fd_out = fd;
	return ERR_NONE;
undo:;
	int cause = errno;
	close(fd);
	errno = cause;
	return ERR_SYSTEM;
}

#define LOAD(offset)   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
				(uint32_t)(SKF_NET_OFF + (offset)))
#define TO_X	       BPF_STMT(BPF_MISC | BPF_TAX, 0)
#define XOR_X	       BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0)

/* The version nibble first: a dual-stack socket sees both kinds. The product
 * spreads neighbours that differ only in their last bits. */
static int
steer_by_client(int fd, unsigned workers)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)SKF_NET_OFF),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 2, 0),
		LOAD(12),
		BPF_JUMP(BPF_JMP | BPF_JA, 10, 0, 0),
		LOAD(8),
		TO_X,
		LOAD(12),
		XOR_X,
		TO_X,
		LOAD(16),
		XOR_X,
		TO_X,
		LOAD(20),
		XOR_X,
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 0x9e3779b1),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 8),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, workers),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]),
				      .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
			  sizeof(program));
}

static void
close_all(int *fd, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (fd[i] != -1)
			close(fd[i]);
		fd[i] = -1;
	}
}

/* A whole group of one type; the first attempt is alone, so that an address
 * another program answers on is refused, even where it shares its port. */
static enum err
bind_group(const struct door_bind *b, int type, int *fd)
{
	int alone;

	if (bind_one(b, type, false, &alone) != ERR_NONE)
		return ERR_SYSTEM;
	close(alone);
	for (unsigned i = 0; i < b->workers; i++)
		if (bind_one(b, type, true, &fd[i]) != ERR_NONE)
			return ERR_SYSTEM;
	return steer_by_client(fd[0], b->workers) == 0 ? ERR_NONE :
							 ERR_SYSTEM;
}

enum err
door_bind(const struct door_bind *b, struct text *complaint)
{
	char at[ENDPOINT_TEXT_SIZE];
	const char *what = "UDP";
	int cause;

	for (unsigned i = 0; i < b->workers; i++)
		b->udp[i] = b->tcp[i] = -1;
	if (bind_group(b, SOCK_DGRAM, b->udp) != ERR_NONE)
		goto undo;
	what = "TCP";
	if (bind_group(b, SOCK_STREAM, b->tcp) != ERR_NONE)
		goto undo;
	return ERR_NONE;
undo:
	cause = errno;
	text_printf(complaint, "Failed to bind %s server socket at %s: %s",
		    what, endpoint_print(&b->at, at), strerror(cause));
	if (cause == EADDRINUSE)
		holder_tell(&b->at,
			    what[0] == 'U' ? SOCK_DGRAM : SOCK_STREAM,
			    complaint);
	if (cause == EACCES)
		text_str(complaint, "; ports below 1024 need "
				    "CAP_NET_BIND_SERVICE");
	close_all(b->udp, b->workers);
	close_all(b->tcp, b->workers);
	return ERR_SYSTEM;
}

/* What is wrong with the file, or NULL. */
static const char *
text_file_fault(const struct stat *st, uint64_t max)
{
	if (!S_ISREG(st->st_mode))
		return "is not a regular file";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "may be written by group or others: chmod go-w it";
	if ((uint64_t)st->st_size > max)
		return "is too large";
	return NULL;
}

enum err
door_text_file(const char *path, uint64_t max, int *fd_out,
	       struct text *complaint)
{
	/* O_NONBLOCK: a FIFO under that name must not stop us. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *fault;
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1) {
		text_str(complaint, "cannot read ");
		text_escaped(complaint, path, strlen(path));
		text_printf(complaint, ": %s", strerror(errno));
		goto undo;
	}
	fault = text_file_fault(&st, max);
	if (fault) {
		text_escaped(complaint, path, strlen(path));
		text_printf(complaint, " %s", fault);
		goto undo;
	}
	*fd_out = fd;
	return ERR_NONE;
undo:
	if (fd != -1)
		close(fd);
	return ERR_DENIED;
}
