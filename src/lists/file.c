/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files are read, never mapped: whoever may write them may cut them short
 * under our eyes.
 */
#include "lists/file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 1 << 18 };

size_t
file_begin(int fd, void *to, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t got = read(fd, (char *)to + len, size - len);

		if (got == -1 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	return len;
}

/* What there is to come, as far as that is known. */
static size_t
room_for(int fd, size_t max)
{
	struct stat st;

	if (fstat(fd, &st) == -1 || st.st_size < 0)
		return PIECE;
	return (uint64_t)st.st_size < max ? (size_t)st.st_size + 1 : max + 1;
}

enum err
file_read(int fd, size_t max, void **bytes_out, size_t *len_out)
{
	size_t room = room_for(fd, max), len = 0;
	char *bytes = malloc(room);

	while (bytes != NULL && len <= max) {
		ssize_t got = read(fd, bytes + len, room - len);
		char *more;

		if (got == -1 && errno == EINTR)
			continue;
		if (got <= 0) {
			*bytes_out = bytes;
			*len_out = len;
			return got == 0 ? ERR_NONE : ERR_SYSTEM;
		}
		len += (size_t)got;
		if (len < room)
			continue;
		room += room / 2 + PIECE;
		more = realloc(bytes, room);
		if (more == NULL)
			free(bytes);
		bytes = more;
	}
	*bytes_out = bytes;
	*len_out = len;
	return bytes != NULL ? ERR_RANGE : ERR_FULL;
}
