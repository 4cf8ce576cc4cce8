/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of descriptors that somebody else has opened. */
#ifndef LISTS_FILE_H
#define LISTS_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Up to `size` bytes, fewer only at the end or where it cannot be read. */
size_t file_begin(int fd, void *to, size_t size);
/* All from here to the end; malloc()ed, aligned as any, also on error.
 * ERR_RANGE: more than max. ERR_FULL, ERR_SYSTEM. */
enum err file_read(int fd, size_t max, void **bytes_out, size_t *len_out);

#endif
