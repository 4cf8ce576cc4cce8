/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory for what grows with the owner's lists, apart from the heap: a
 * process whose heap is held to what it was at its beginning (RLIMIT_DATA)
 * can still have it, and what is given back is the system's again.
 */
#ifndef BASE_REGION_H
#define BASE_REGION_H

#include <stddef.h>

/* Zeroed; NULL: there is none. */
void *region_new(size_t size);
/* A larger one in the place of `old` (NULL with size 0: of none), with what
 * was in it. NULL: there is none, and the old one stays. */
void *region_grow(void *old, size_t old_size, size_t new_size);
void region_free(void *at, size_t size);

#endif
