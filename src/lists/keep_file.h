/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kept copy being written: beside the old one, until all of it is on disk. */
#ifndef LISTS_KEEP_FILE_H
#define LISTS_KEEP_FILE_H

#include "lists/kept.h"

struct keep_file {
	int dir, fd;
	const char *file; /* the caller's */
	char temporary[72];
	enum err err; /* the first that happened */
	int cause;    /* errno of it */
	uint8_t *block;
	size_t filled;
	uint64_t body; /* bytes so far */
	uint64_t check;
	uint8_t *index;
	size_t indexed, index_room;
	uint64_t records;
};

/* Where records come from, in order. */
struct keep_records {
	enum err (*each)(void *from, const struct record_sink *to);
	void *from;
};

enum err keep_file_begin(struct keep_file *f, int dir, const char *file);
/* The body, once one or the other. Errors of bytes are told by the end. */
enum err keep_file_records(struct keep_file *f, const struct keep_records *from,
			   uint64_t *count_out);
void keep_file_bytes(struct keep_file *f, const void *bytes, size_t len);
/* Index and head, everything forced to disk, and the new name. On error the
 * old file is as it was, and what was written is gone. Ends f. */
enum err keep_file_end(struct keep_file *f, const struct kept_about *about);
void keep_file_drop(struct keep_file *f);

/* Writes at the end of a file, and forces it to disk. On error what was
 * written is cut off again. */
enum err keep_file_append(int dir, const char *file, const uint8_t *bytes,
			  size_t len, size_t at);

#endif
