/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clients of --trusted: addresses, nets, and words, with blanks, commas
 * or semicolons between them.
 */
#ifndef CONF_TRUSTED_H
#define CONF_TRUSTED_H

#include <stdbool.h>
#include <stddef.h>

/* The next of them, and moves *at behind it; NULL: there is none. */
const char *trusted_next(const char **at, size_t *len_out);
/* "all" or "any": whoever it is. */
bool trusted_is_all(const char *word, size_t len);

#endif
