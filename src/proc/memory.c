/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that is handed from process to process: memfd_create(2). */
#include "proc/doors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum err
door_memory(const char *name, uint64_t size, int *fd_out)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd == -1)
		return ERR_SYSTEM;
	if (ftruncate(fd, (off_t)size) == -1 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		goto undo;
	*fd_out = fd;
	return ERR_NONE;
undo:;
	int cause = errno;
	close(fd);
	errno = cause;
	return ERR_SYSTEM;
}

static bool
write_all(int fd, const char *bytes, uint64_t size)
{
	for (uint64_t done = 0; done < size;) {
		ssize_t n = write(fd, bytes + done, size - done);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (uint64_t)n;
	}
	return true;
}

enum err
door_seal(int fd)
{
	return fcntl(fd, F_ADD_SEALS,
		     F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW |
			 F_SEAL_SEAL) == 0 ? ERR_NONE : ERR_SYSTEM;
}

enum err
door_sealed_copy(const char *name, const void *bytes, uint64_t size,
		 int *fd_out)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd == -1)
		return ERR_SYSTEM;
	if (!write_all(fd, bytes, size) || door_seal(fd) != ERR_NONE)
		goto undo;
	*fd_out = fd;
	return ERR_NONE;
undo:;
	int cause = errno;
	close(fd);
	errno = cause;
	return ERR_SYSTEM;
}

enum err
door_read_only(int fd, int *fd_out)
{
	char path[32];
	int only;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	only = open(path, O_RDONLY | O_CLOEXEC);
	if (only == -1)
		return ERR_SYSTEM;
	*fd_out = only;
	return ERR_NONE;
}
