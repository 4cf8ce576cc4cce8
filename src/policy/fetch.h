/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the compiler process comes to texts: it can open nothing itself. */
#ifndef POLICY_FETCH_H
#define POLICY_FETCH_H

#include "policy/compile.h"

struct role_kit;

/* Reads a descriptor to its end, and one byte more than an ACL may have so
 * that policy_compile() can tell. *owned_out is malloc()ed and begins with
 * `room` bytes that are the caller's; the text stands behind them. */
enum err fetch_bytes(int fd, size_t room, char **owned_out, size_t *len_out);

struct policy_file fetch_identity(int fd);

/* A policy_include_fn; arg is the role's kit. The supervisor is asked for one
 * file after the other. */
policy_include_fn fetch_included;

/* The same of one that is not read here: its descriptor, or -1 where there is
 * none. */
enum err fetch_opened(void *arg, const char *what, struct text *why,
		      int *fd_out);

#endif
