/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run of the compiler process: ACL text goes in, an image and complaints
 * come out. The supervisor opens the file, and those that it includes, and
 * seals the result; it reads none of them.
 */
#ifndef PROC_COMPILATION_H
#define PROC_COMPILATION_H

#include <glob.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/text.h"
#include "proc/child.h"
#include "proc/role.h"

enum {
	COMPLAINTS_SIZE = 32768,
	COMPILATION_LIMIT_MS = 120000, /* ten million names, slow CPUs */
	COMPILATION_FDS = 2,
	/* The compiler's exit status where the policy depends on our own
	 * addresses: it is to run again when they change. */
	COMPILER_FOLLOWS = 3
};

struct compilation {
	struct child child;
	int image;	 /* memfd, -1: none yet */
	int complaints;	 /* our end of the pipe, -1: at its end */
	int64_t deadline_ms;
	bool follows_own; /* after its end, see COMPILER_FOLLOWS */
	uint64_t max_bytes;
	uid_t owner;			 /* of the access list */
	int kept;			 /* directory of copies, -1: none */
	int saved_dir, saved;		 /* of the image, and the next one */
	uid_t keeper;			 /* whose they are */
	int secret;			 /* "key:env:TSIG_KEY" */
	int key[ROLE_MAX_KEYS];		 /* opened for the lists process */
	unsigned keys;
	char pattern[INCLUDE_PATH_SIZE]; /* that was looked up last */
	glob_t found;			 /* by it */
	char buf[COMPLAINTS_SIZE];
	struct text text; /* complaints, over buf */
};

struct compilation_setup {
	const char *path; /* "": there is none */
	uint64_t max_bytes;
	int options; /* image of struct options */
	int own;     /* image of struct own_addresses */
	int policy;  /* only the lists of this image are built anew; or -1 */
	int kept;    /* directory of the copies of lists, or -1 */
	int saved;   /* directory of the image of last time, or -1 */
	uint32_t keeper; /* the user whose they are */
	int secret;	 /* file of the key of the options, or -1 */
	int log_fd;
	int print_fd; /* where the canonical form goes, or -1 */
};

/* ERR_DENIED: the file is refused (text says why), nothing runs. */
enum err compilation_start(struct compilation *c,
			   const struct compilation_setup *setup);
/* What to wait for, also where nothing runs. */
void compilation_watch(const struct compilation *c,
		       struct pollfd p[COMPILATION_FDS]);
/* Takes what the compiler says, and hands it what it wishes for; true while
 * there may be more. Past the deadline the compiler is killed. */
bool compilation_serve(struct compilation *c,
		       const struct pollfd p[COMPILATION_FDS], int64_t now_ms);
/* Serves it to its end, waiting. */
void compilation_run(struct compilation *c);
/* After the last read: waits for its end. ERR_NONE: *image_out is sealed and
 * the caller's, and so are the keys; ERR_SYNTAX: refused, text says why. */
enum err compilation_end(struct compilation *c, int *image_out);

#endif
