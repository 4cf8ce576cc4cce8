/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the lists process works with: the directory of its copies, and files
 * of keys. The directory is its own, so no link in it is followed: it might
 * lead to a file that is only ours to read.
 *
 * The image of last time has what is in force, the owner's own lists too. It
 * stands where that process cannot write, though it may be of the same user
 * (landlock.c), and never belongs to another user than us.
 */
#include "proc/doors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/secret.h"

enum {
	KEY_MAX_BYTES = 4096,
	/* Twice what the longest text of a feed may have. */
	KEPT_MAX_BYTES = 1 << 30
};

static enum err
refuse(struct text *complaint, const char *path, const char *why)
{
	text_escaped(complaint, path, strlen(path));
	text_printf(complaint, " %s", why);
	return ERR_DENIED;
}

static const char *
directory_fault(const struct stat *st, uint32_t uid)
{
	if (st->st_uid != uid)
		return "belongs to another user than the one that lists are "
		       "fetched as: chown it to that of --user";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "may be written by group or others: chmod go-w it";
	return NULL;
}

/* The owner made it for us, as root and with nothing in it for others. */
static bool
is_root_s(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid == 0 &&
	       (st.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

static enum err
open_dir(int at, const char *path, const uint32_t user[2], int *fd_out,
	 struct text *complaint)
{
	uint32_t uid = user[0], gid = user[1];
	bool made = mkdirat(at, path, 0700) == 0;
	const char *fault;
	struct stat st;
	int fd;

	fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return refuse(complaint, path, strerror(errno));
	if (geteuid() == 0 && (made || is_root_s(fd)) &&
	    fchown(fd, uid, gid) == -1)
		fault = strerror(errno);
	else if (fstat(fd, &st) == -1)
		fault = strerror(errno);
	else
		fault = directory_fault(&st, uid);
	if (fault == NULL) {
		*fd_out = fd;
		return ERR_NONE;
	}
	close(fd);
	return refuse(complaint, path, fault);
}

enum err
door_lists_dir(const char *path, uint32_t uid, uint32_t gid, int *fd_out,
	       struct text *complaint)
{
	const uint32_t user[] = { uid, gid };

	return open_dir(AT_FDCWD, path, user, fd_out, complaint);
}

enum err
door_copies_dir(int dir, uint32_t uid, uint32_t gid, int *fd_out,
		struct text *complaint)
{
	const uint32_t user[] = { uid, gid };

	return open_dir(dir, "copies", user, fd_out, complaint);
}

/* ---- the image of last time ---------------------------------------------- */

static const char saved[] = "lists.image", saved_new[] = "lists.image.new";

int
door_saved(int dir)
{
	int fd = dir == -1 ? -1
			   : openat(dir, saved,
				    O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
					O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid() &&
	    (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return fd;
	close(fd);
	return -1;
}

int
door_saved_new(int dir)
{
	if (dir == -1)
		return -1;
	unlinkat(dir, saved_new, 0);
	return openat(dir, saved_new,
		      O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		      0600);
}

void
door_saved_end(int dir, int fd, bool good)
{
	struct stat st;

	if (fd == -1)
		return;
	if (!good || fstat(fd, &st) == -1 || st.st_size == 0 ||
	    renameat(dir, saved_new, dir, saved) == -1)
		unlinkat(dir, saved_new, 0);
	close(fd);
}

/* ---- copies -------------------------------------------------------------- */

enum err
door_kept(int dir, const char *name, uint32_t uid, int *fd_out,
	  struct text *complaint)
{
	struct stat st;
	int fd;

	if (dir == -1 || name[0] == '\0' || name[0] == '.' ||
	    strchr(name, '/') != NULL)
		return ERR_MISSING;
	fd = openat(dir, name,
		    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return errno == ENOENT
			   ? ERR_MISSING
			   : refuse(complaint, name, strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == uid &&
	    st.st_size <= KEPT_MAX_BYTES) {
		*fd_out = fd;
		return ERR_NONE;
	}
	close(fd);
	return refuse(complaint, name, "is not a copy that we have kept");
}

static const char *
key_fault(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is not a regular file";
	if (st->st_mode & (S_IRWXG | S_IRWXO))
		return "is a key that others may read: chmod 600 it";
	if (st->st_size > KEY_MAX_BYTES)
		return "is too long for a key";
	return NULL;
}

enum err
door_key(const char *path, int *fd_out, struct text *complaint)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *fault;
	struct stat st;

	if (fd == -1)
		return refuse(complaint, path, strerror(errno));
	fault = fstat(fd, &st) == -1 ? strerror(errno) : key_fault(&st);
	if (fault == NULL) {
		*fd_out = fd;
		return ERR_NONE;
	}
	close(fd);
	return refuse(complaint, path, fault);
}

enum err
door_secret(int *fd_out)
{
	const char *secret = secret_text();
	enum err err = ERR_NONE;

	*fd_out = -1;
	if (secret[0] != '\0')
		err = door_sealed_copy("secret", secret, strlen(secret),
				       fd_out);
	secret_forget();
	return err;
}
