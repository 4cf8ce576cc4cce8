/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of kept copies, written.
 *
 * A body goes out block by block and its checksum with it, so that a zone of
 * any size costs one block of memory and its index. The head is written last:
 * a file without it is no copy.
 */
#include "lists/keep_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum err
write_at(int fd, const uint8_t *bytes, size_t len, uint64_t at)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, bytes, len, (off_t)at);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return ERR_SYSTEM;
		bytes += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return ERR_NONE;
}

static void
fail(struct keep_file *f, enum err err)
{
	if (f->err == ERR_NONE) {
		f->err = err;
		f->cause = errno;
	}
}

enum err
keep_file_begin(struct keep_file *f, int dir, const char *file)
{
	*f = (struct keep_file){ .dir = dir, .file = file };
	snprintf(f->temporary, sizeof(f->temporary), "%s.new", file);
	f->block = malloc(KEPT_BLOCK);
	if (f->block == NULL)
		return ERR_FULL;
	f->fd =
	    openat(dir, f->temporary,
		   O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (f->fd != -1)
		return ERR_NONE;
	free(f->block);
	return ERR_SYSTEM;
}

static void
put_block(struct keep_file *f)
{
	uint64_t at = KEPT_HEAD + f->body - f->filled;

	if (f->err != ERR_NONE || f->filled == 0)
		return;
	f->check = kept_check(f->check, f->block, f->filled);
	if (write_at(f->fd, f->block, f->filled, at) != ERR_NONE)
		fail(f, ERR_SYSTEM);
	f->filled = 0;
}

void
keep_file_bytes(struct keep_file *f, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;

	while (len > 0 && f->err == ERR_NONE) {
		size_t room = KEPT_BLOCK - f->filled;
		size_t part = len < room ? len : room;

		memcpy(f->block + f->filled, from, part);
		f->filled += part;
		f->body += part;
		from += part;
		len -= part;
		if (f->filled == KEPT_BLOCK)
			put_block(f);
	}
}

/* ---- records ------------------------------------------------------------ */

static enum err
note_place(struct keep_file *f)
{
	size_t room = f->index_room > 0 ? f->index_room * 2 : 4096;
	uint8_t *index = f->index;

	if (8 * f->indexed == f->index_room) {
		index = realloc(f->index, room);
		if (index == NULL)
			return ERR_FULL;
		f->index = index;
		f->index_room = room;
	}
	index += 8 * f->indexed++;
	for (unsigned i = 0; i < 8; i++)
		index[i] = (uint8_t)(f->body >> (56 - 8 * i));
	return ERR_NONE;
}

static enum err
take_record(void *arg, const struct zone_record *r)
{
	struct keep_file *f = arg;
	uint8_t bytes[RECORD_MAX];

	if (f->records++ % KEPT_STRIDE == 0 && note_place(f) != ERR_NONE)
		return ERR_FULL;
	record_write(r, bytes);
	keep_file_bytes(f, bytes, record_size(r));
	return f->err;
}

enum err
keep_file_records(struct keep_file *f, const struct keep_records *from,
		  uint64_t *count_out)
{
	const struct record_sink sink = { take_record, f };
	enum err err = from->each(from->from, &sink);

	*count_out = f->records;
	return err;
}

/* ---- the end ------------------------------------------------------------ */

static void
release(struct keep_file *f)
{
	close(f->fd);
	free(f->block);
	free(f->index);
}

void
keep_file_drop(struct keep_file *f)
{
	int cause = errno;

	unlinkat(f->dir, f->temporary, 0);
	release(f);
	errno = cause;
}

static enum err
put_head(struct keep_file *f, const struct kept_about *about, uint64_t body)
{
	const struct kept_size size = { .body = body,
					.indexed = f->indexed,
					.check = f->check };
	uint8_t head[KEPT_HEAD];

	kept_write_head(about, &size, head);
	return write_at(f->fd, head, sizeof(head), 0);
}

static enum err
settle(struct keep_file *f)
{
	if (fsync(f->fd) == -1 ||
	    renameat(f->dir, f->temporary, f->dir, f->file) == -1)
		return ERR_SYSTEM;
	/* The new name counts already; not every file system can do this. */
	fsync(f->dir);
	return ERR_NONE;
}

enum err
keep_file_end(struct keep_file *f, const struct kept_about *about)
{
	uint64_t body = f->body;

	keep_file_bytes(f, f->index, 8 * f->indexed);
	put_block(f);
	if (f->err == ERR_NONE && put_head(f, about, body) != ERR_NONE)
		fail(f, ERR_SYSTEM);
	if (f->err == ERR_NONE && settle(f) != ERR_NONE)
		fail(f, ERR_SYSTEM);
	if (f->err == ERR_NONE) {
		release(f);
		return ERR_NONE;
	}
	keep_file_drop(f);
	errno = f->cause;
	return f->err;
}

/* ---- the journal -------------------------------------------------------- */

enum err
keep_file_append(int dir, const char *file, const uint8_t *bytes, size_t len,
		 size_t at)
{
	int fd = openat(dir, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	enum err err;
	int cause;

	if (fd == -1)
		return ERR_SYSTEM;
	err = write_at(fd, bytes, len, at);
	if (err == ERR_NONE && fdatasync(fd) == -1)
		err = ERR_SYSTEM;
	cause = errno;
	if (err != ERR_NONE && ftruncate(fd, (off_t)at) == -1)
		cause = errno;
	close(fd);
	errno = cause;
	return err;
}
