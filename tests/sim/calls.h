/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls as the daemon makes them: the linker leads them here
 * (--wrap), and those of libev find these before the C library's.
 */
#ifndef TESTS_SIM_CALLS_H
#define TESTS_SIM_CALLS_H

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "policy/image.h"
#include "base/log.h"
#include "base/pool.h"

int __wrap_socket(int domain, int type, int protocol);
int __wrap_bind(int fd, const struct sockaddr *at, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *at, socklen_t len);
int __wrap_accept4(int fd, struct sockaddr *from, socklen_t *len, int flags);
int __wrap_shutdown(int fd, int how);
int __wrap_close(int fd);
int __wrap_getsockopt(int fd, int level, int name, void *to, socklen_t *len);
int __wrap_setsockopt(int fd, int level, int name, const void *from,
		      socklen_t len);
int __wrap_getsockname(int fd, struct sockaddr *at, socklen_t *len);
int __wrap_socketpair(int domain, int type, int protocol, int sv[2]);
ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t len, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *m, unsigned count, int flags);
int __wrap_recvmmsg(int fd, struct mmsghdr *m, unsigned count, int flags,
		    struct timespec *timeout);
int __wrap_poll(struct pollfd *at, nfds_t count, int timeout_ms);

pid_t __wrap_fork(void);
int __wrap_kill(pid_t pid, int number);
int __wrap_prctl(int what, ...);
int __wrap_setrlimit(int what, const struct rlimit *limit);
ssize_t __wrap_getrandom(void *bytes, size_t len, unsigned flags);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);
void __wrap_free(void *at);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd,
		  off_t offset);
int __wrap_munmap(void *at, size_t size);
void *__wrap_pool_take(struct pool *p);
void __wrap_pool_give(struct pool *p, void *slot);
enum err __wrap_policy_open(int fd, uint32_t generation, struct policy *out);
void __wrap_log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The second end of the channel that was made last. */
int calls_newest_end(void);
/* Before the first process: libev takes its memory from us. */
void calls_begin(void);

#endif
