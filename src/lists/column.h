/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses out of a table with commas (RFC 4180). */
#ifndef LISTS_COLUMN_H
#define LISTS_COLUMN_H

#include "lists/item.h"

/* As item_read() of a line of the form `ips`, but only of what stands in that
 * column, counted from 1. */
enum err column_read(uint32_t column, const char *line, size_t len,
		     const struct item_sink *to);

#endif
