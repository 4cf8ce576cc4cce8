/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies of plain lists, as files of the lists' directory: the text as its
 * publisher sent it, behind a head of comments that says what it is.
 *
 * A copy comes to be beside the one it is to replace, and takes its place
 * when it is whole and on the disk.
 */
#ifndef SUPPLY_COPY_H
#define SUPPLY_COPY_H

#include "lists/config.h"
#include "supply/https.h"

enum {
	COPY_HEAD_SIZE = 2560, /* bytes, all of them lines of comments */
	COPY_SOURCE_SIZE = ACL_PATH_SIZE + 32,
	COPY_DIGEST_SIZE = 65, /* SHA-256 in hexadecimal, and NUL */
	COPY_NAME_SIZE = 64
};

struct copy_head {
	char source[COPY_SOURCE_SIZE]; /* what it is of; printable */
	struct https_known known;
	char digest[COPY_DIGEST_SIZE]; /* of the text */
	uint64_t entries, bytes;       /* of the text */
	int64_t changed_s, checked_s;  /* as struct source_state has them */
	uint32_t good_s; /* how long it is good for from then on */
};

/* A copy that is being written. */
struct copy {
	int dir, fd; /* fd -1: none is; dir is the caller's */
	char name[COPY_NAME_SIZE];
	void *digest;
	enum err err; /* of what was written so far, */
	int cause;    /* and its errno */
	uint64_t bytes;
	size_t len;
	char waiting[65536];
};

/* Of the copy of that name. ERR_MISSING: there is none. ERR_SYNTAX: that is
 * none of ours. ERR_SYSTEM. */
enum err copy_head_read(int dir, const char *name, struct copy_head *out);
/* Writes it anew, in its place; ERR_SYSTEM. */
enum err copy_head_write(int dir, const char *name,
			 const struct copy_head *head);

/* Whether the copy of that name is, to its last byte, what head says. */
bool copy_is_sound(int dir, const char *name, const struct copy_head *head);

/* Begins one for the list of that name. ERR_SYSTEM, ERR_FULL. */
enum err copy_begin(struct copy *c, int dir, const char *list);
/* An error lasts: copy_end() will say it. */
enum err copy_write(struct copy *c, const void *bytes, size_t len);
/* No more comes; head->digest and bytes are set. After an error (ERR_SYSTEM)
 * it is dropped. */
enum err copy_end(struct copy *c, struct copy_head *head);
/* What was ended takes the name, whole; or ERR_SYSTEM and is dropped. */
enum err copy_keep(struct copy *c, const struct copy_head *head,
		   const char *name);
/* Forgets what was written; harmless where nothing was begun. */
void copy_drop(struct copy *c);

#endif
