/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way to the systemd journal: its socket for entries with fields
 * (systemd.io/JOURNAL_NATIVE_PROTOCOL). The recorder may neither make nor
 * connect a socket, so it is handed this one, and another when the journal
 * was started anew.
 */
#include "proc/doors.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum err
door_journal(int *fd_out, struct text *complaint)
{
	const struct sockaddr_un at = {
		.sun_family = AF_UNIX,
		.sun_path = "/run/systemd/journal/socket",
	};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		goto undo;
	if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) == -1)
		goto undo;
	*fd_out = fd;
	return ERR_NONE;
undo:
	text_printf(complaint,
		    "no systemd journal is at %s: %s; accepted is a system "
		    "where it runs",
		    at.sun_path, strerror(errno));
	if (fd != -1)
		close(fd);
	return ERR_DENIED;
}
