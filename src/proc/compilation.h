/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run of the compiler process: ACL text goes in, an image and complaints
 * come out. The supervisor opens the file and seals the result; it reads
 * neither.
 */
#ifndef PROC_COMPILATION_H
#define PROC_COMPILATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "proc/child.h"

enum {
	COMPLAINTS_SIZE = 32768,
	COMPILATION_LIMIT_MS = 30000
};

struct compilation {
	struct child child;
	int image;	 /* memfd, -1: none yet */
	int complaints;	 /* our end of the pipe, -1: at its end */
	int64_t deadline_ms;
	char buf[COMPLAINTS_SIZE];
	struct text text; /* complaints, over buf */
};

struct compilation_setup {
	const char *path;
	uint64_t max_bytes;
	int options; /* image of struct options */
	int log_fd;
	int print_fd; /* where the canonical form goes, or -1 */
};

/* ERR_DENIED: the file is refused (text says why), nothing runs. */
enum err compilation_start(struct compilation *c,
			   const struct compilation_setup *setup);
/* Reads what the compiler says; true while there may be more. Wait on
 * c->complaints for it. Past the deadline the compiler is killed. */
bool compilation_read(struct compilation *c, int64_t now_ms);
/* After the last read: waits for its end. ERR_NONE: *image_out is sealed and
 * the caller's; ERR_SYNTAX: refused, text says why. */
enum err compilation_end(struct compilation *c, int *image_out);

#endif
