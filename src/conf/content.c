/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that hold settings. They are opened with whatever power the
 * daemon was started with, so only regular files are read (a fifo could
 * stall the start, a device could do anything) and of those that decide
 * by themselves, only such as nobody but the owner can change.
 */
#include "conf/content.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *
fault_of(int fd, enum content_trust trust)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "it is not a regular file";
	if (trust == CONTENT_FROM_OWNER && (st.st_mode & 022) != 0)
		return "its group or everybody may write it";
	if (st.st_size > CONTENT_MAX_BYTES)
		return "it is larger than 65536 bytes";
	return NULL;
}

static const char *
read_all(int fd, struct content *out)
{
	out->len = 0;
	for (;;) {
		ssize_t n = read(fd, out->bytes + out->len,
				 sizeof(out->bytes) - out->len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return strerror(errno);
		if (n == 0)
			break;
		out->len += (size_t)n;
		if (out->len > CONTENT_MAX_BYTES)
			return "it is larger than 65536 bytes";
	}
	out->bytes[out->len] = '\0';
	return NULL;
}

const char *
content_read(const char *path, enum content_trust trust, struct content *out)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *fault;

	if (fd == -1)
		return strerror(errno);
	fault = fault_of(fd, trust);
	if (fault == NULL)
		fault = read_all(fd, out);
	close(fd);
	return fault;
}
