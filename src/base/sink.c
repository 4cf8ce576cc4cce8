/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing to whatever standard output and error lead to, without waiting.
 *
 * O_NONBLOCK belongs to the open file, which we share with the shell, with
 * systemd and with every other writer: set there it would break them. A pipe
 * or terminal is therefore opened anew, which makes an open file of our own;
 * a socket cannot be opened anew but takes MSG_DONTWAIT with each write. What
 * belongs to another user (sudo's terminal) cannot be opened anew either:
 * there poll() says whether PIPE_BUF bytes have room (pipe(7)), and no more
 * is written at a time.
 */
#include "base/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int
open_anew(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

bool
sink_hold_standard(void)
{
	int fd;

	/* open() takes the lowest that is free. */
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	return fd != -1 && close(fd) == 0;
}

int
sink_open(int fd)
{
	struct stat st;
	int anew = -1;

	if (fstat(fd, &st) == -1)
		return -1;
	if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))
		anew = open_anew(fd);
	return anew != -1 ? anew : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static ssize_t
write_what_fits(int fd, const void *bytes, size_t len)
{
	struct pollfd at = { .fd = fd, .events = POLLOUT };

	if (poll(&at, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(fd, bytes, len < PIPE_BUF ? len : PIPE_BUF);
}

ssize_t
sink_write(int fd, const void *bytes, size_t len)
{
	ssize_t n = send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n == -1 && errno == ENOTSOCK)
		return write_what_fits(fd, bytes, len);
	return n;
}
