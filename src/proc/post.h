/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Letters and descriptors between our processes: SEQPACKET sockets, so that
 * one send is one letter and the end of a process is seen at once.
 *
 * What arrives is checked against its row in post.def (kind, sender,
 * receiver, exact size, zero padding in the head) before any handler sees it.
 */
#ifndef PROC_POST_H
#define PROC_POST_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "proc/letter.h"

enum role {
	ROLE_SUPERVISOR,
	ROLE_WORKER,
	ROLE_WARDEN,
	ROLE_RECORDER,
	ROLE_CONTROL,
	ROLE_COMPILER,
	ROLE_WITNESS,
	ROLE_LISTS,
	ROLE_ANY,
	ROLE_COUNT
};

enum letter_kind {
	POST_NONE,
#define LETTER(kind, from, to, head, item, most) POST_##kind,
#include "proc/post.def"
#undef LETTER
	POST_COUNT
};

enum { POST_MAX_SIZE = 8192, POST_MAX_FDS = 1 };

const char *role_name(enum role role);

/* The whole table as one check. from, to: who wrote it, who reads it. */
enum err post_check(enum role from, enum role to, const void *letter,
		    size_t size);
/* Size of a letter with that many items. */
size_t post_size(enum letter_kind kind, unsigned count);
/* Fills magic, version, kind and count; the rest of the letter is yours. */
void post_head(struct letter_head *head, enum letter_kind kind, unsigned count);

/* A pair of connected ends, both close-on-exec and non-blocking. */
enum err post_pair(int end_out[2]);

/* Room for so many bytes that leave by this end and wait to be read; as much
 * as the system gives everybody, where we have no power to ask for more. */
void post_widen(int end, int bytes);

/* One letter, whole or not at all: ERR_AGAIN where the other end is full,
 * ERR_CLOSED where it is gone. fd: passed along, or -1. */
enum err post_send(int channel, const void *letter, size_t size, int fd);

/* fd: a passed descriptor, now the handler's, or -1. */
typedef void post_fn(void *self, const void *letter, size_t size, int fd);

struct post {
	int channel;
	enum role self, peer;
	void *arg;			/* first argument of the handlers */
	post_fn *handler[POST_COUNT];	/* NULL: letter is refused */
};

/* Reads at most `most` letters that have arrived and calls their handlers.
 * ERR_NONE: drained or most reached; ERR_CLOSED; ERR_BROKEN: the peer broke
 * the table (say so and part from it); ERR_SYSTEM. */
enum err post_pump(struct post *p, unsigned most);

#endif
