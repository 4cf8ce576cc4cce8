/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that are written without end. Whoever may write in the directory can
 * put a link or a device in the place of one; neither is opened.
 */
#include "proc/doors.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum err
door_log_file(const char *path, int *fd_out, struct text *complaint)
{
	int fd = open(path,
		      O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
			  O_NONBLOCK | O_NOCTTY,
		      0640);
	struct stat st;

	text_escaped(complaint, path, strlen(path));
	if (fd == -1 || fstat(fd, &st) == -1) {
		text_printf(complaint, " cannot be written: %s",
			    strerror(errno));
		goto undo;
	}
	if (!S_ISREG(st.st_mode)) {
		text_str(complaint, " is not a regular file");
		goto undo;
	}
	*fd_out = fd;
	return ERR_NONE;
undo:
	if (fd != -1)
		close(fd);
	return ERR_DENIED;
}
