/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directory of copies, swept once at the start: a list that comes back
 * within weeks is in force from the first moment, one that does not leaves
 * nothing behind.
 */
#include "supply/leftover.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "lists/config.h"

/* What ends with one of these begins with the name of a list. */
static const char *const endings[] = { ".kept", ".held", ".new", ".kept.new",
				       ".held.new" };

/* The name of a list may end like that as well. */
static bool
is_unnamed(const struct leftover_sweep *s, const char *file)
{
	size_t len = strlen(file);
	bool ours = false;

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t tail = strlen(endings[i]);
		char list[CONFIG_NAME_MAX + 1] = "";

		if (len <= tail || len - tail > CONFIG_NAME_MAX ||
		    strcmp(file + len - tail, endings[i]) != 0)
			continue;
		memcpy(list, file, len - tail);
		if (s->is_named(s->owner, list))
			return false;
		ours = true;
	}
	return ours;
}

/* By its last change, or word that it is still so. */
static bool
is_old(const struct leftover_sweep *s, const char *file)
{
	struct stat st;

	return fstatat(s->dir, file, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode) &&
	       s->now_s - (int64_t)st.st_mtime > LEFTOVER_MAX_S;
}

unsigned
leftover_remove(const struct leftover_sweep *sweep)
{
	int fd = openat(sweep->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd != -1 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	unsigned removed = 0;

	if (d == NULL) {
		if (fd != -1)
			close(fd);
		return 0;
	}
	while ((e = readdir(d)) != NULL) {
		if (!is_unnamed(sweep, e->d_name) ||
		    !is_old(sweep, e->d_name) ||
		    unlinkat(sweep->dir, e->d_name, 0) == -1)
			continue;
		log_info("%s is removed: no list of that name has been "
			 "fetched for 30 days",
			 e->d_name);
		removed++;
	}
	closedir(d);
	return removed;
}
