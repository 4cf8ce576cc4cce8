/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: a path that only one living daemon may hold.
 *
 * A socket that nobody answers on is a dead daemon's and is replaced; one
 * that answers belongs to another, and is left alone.
 */
#include "proc/doors.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { CONTROL_BACKLOG = 8 };

static void
make_directory(const char *path, uint32_t gid)
{
	char copy[sizeof(((struct sockaddr_un *)0)->sun_path)];
	const char *dir;

	snprintf(copy, sizeof(copy), "%s", path);
	dir = dirname(copy);
	if (mkdir(dir, 0750) == 0 && chown(dir, (uid_t)-1, gid) == -1)
		errno = 0; /* not ours to give: the owner alone gets in */
}

static bool
somebody_answers(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool answers;

	if (fd == -1)
		return true;
	answers = connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 ||
		  errno == EAGAIN;
	close(fd);
	return answers;
}

static enum err
refuse(struct text *complaint, const char *path, const char *why)
{
	text_escaped(complaint, path, strlen(path));
	text_printf(complaint, " %s", why);
	return ERR_DENIED;
}

/* Makes way for us, or says why not. */
static enum err
clear_path(const struct sockaddr_un *at, struct text *complaint)
{
	struct stat st;

	if (lstat(at->sun_path, &st) == -1)
		return ERR_NONE;
	if (!S_ISSOCK(st.st_mode))
		return refuse(complaint, at->sun_path, "is not a socket");
	if (somebody_answers(at))
		return refuse(complaint, at->sun_path,
			      "is held by another dns-firewall");
	if (unlink(at->sun_path) == -1)
		return refuse(complaint, at->sun_path, strerror(errno));
	return ERR_NONE;
}

static enum err
listen_at(int fd, const struct sockaddr_un *at, uint32_t gid)
{
	/* Nobody may connect between bind() and chmod(). */
	mode_t before = umask(0177);
	int bound = bind(fd, (const struct sockaddr *)at, sizeof(*at));

	umask(before);
	if (bound == -1)
		return ERR_SYSTEM;
	if (chown(at->sun_path, (uid_t)-1, gid) == -1 && errno != EPERM)
		return ERR_SYSTEM;
	if (chmod(at->sun_path, 0660) == -1)
		return ERR_SYSTEM;
	return listen(fd, CONTROL_BACKLOG) == 0 ? ERR_NONE : ERR_SYSTEM;
}

enum err
door_control(const char *path, uint32_t gid, int *fd_out,
	     struct text *complaint)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	enum err err;
	int fd;

	if (strlen(path) >= sizeof(at.sun_path))
		return refuse(complaint, path,
			      "is too long for a socket (107 bytes at most)");
	memcpy(at.sun_path, path, strlen(path));
	make_directory(path, gid);
	err = clear_path(&at, complaint);
	if (err != ERR_NONE)
		return err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return refuse(complaint, path, strerror(errno));
	if (listen_at(fd, &at, gid) != ERR_NONE) {
		refuse(complaint, path, strerror(errno));
		close(fd);
		return ERR_SYSTEM;
	}
	*fd_out = fd;
	return ERR_NONE;
}
