/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing to whatever standard output and error lead to, without waiting.
 *
 * O_NONBLOCK belongs to the open file, which we share with the shell, with
 * systemd and with every other writer: set there it would break them. A pipe
 * or terminal is therefore opened anew, which makes an open file of our own;
 * a socket cannot be opened anew but takes MSG_DONTWAIT with each write.
 */
#include "base/sink.h"

#include <errno.h>
#include <fcntl.h>
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

int
sink_open(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return -1;
	if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))
		return open_anew(fd);
	return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

ssize_t
sink_write(int fd, const void *bytes, size_t len)
{
	ssize_t n = send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n == -1 && errno == ENOTSOCK)
		return write(fd, bytes, len);
	return n;
}
