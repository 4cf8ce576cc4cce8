/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A descriptor for writing that never stalls its writer, whatever reads it.
 *
 * sink_open() opens a pipe or terminal anew through /proc/self/fd, so that
 * O_NONBLOCK is ours alone; a socket (journald) is written with MSG_DONTWAIT;
 * a file cannot stall. Call it before the sandbox closes.
 */
#ifndef BASE_SINK_H
#define BASE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Opens /dev/null in place of each of the standard descriptors that is not
 * open. Call it first: otherwise what is opened next would be taken for
 * standard output, and a log line written into it. */
bool sink_hold_standard(void);
/* A new descriptor (close-on-exec) for what `fd` leads to, or -1. */
int sink_open(int fd);
/* Like write(2), but never blocks: -1 with EAGAIN where it would. */
ssize_t sink_write(int fd, const void *bytes, size_t len);

#endif
