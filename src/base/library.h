/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Libraries that one process needs and the others do without: loaded
 * (dlopen(3)) instead of linked. What is loaded is the process's for good.
 */
#ifndef BASE_LIBRARY_H
#define BASE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

/* Where the library of that file name ("libcurl.so.4") is installed and has
 * all functions of names[], their addresses are put one behind the other from
 * `calls` on, which has room for as many pointers to functions. Must be
 * called before power is given up, for files cannot be opened later. */
bool library_load(const char *file, const char *const names[], size_t count,
		  void *calls);

#endif
