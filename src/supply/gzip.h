/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of gzip (RFC 1952) that come in pieces, unpacked. The library is
 * loaded, and costs 40 KB of memory for each file that is being unpacked.
 */
#ifndef SUPPLY_GZIP_H
#define SUPPLY_GZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <zlib.h>

#include "base/err.h"

struct gzip {
	z_stream z;
	bool whole; /* up to its end, which may not be that of the file */
};

/* The text in pieces; false: no more. */
typedef bool gzip_text_fn(void *owner, const char *bytes, size_t len);

/* Loads libz, once, before power is given up. Without it gzip_begin() says
 * ERR_MISSING. */
void gzip_prepare(void);
bool gzip_is_there(void);
/* So begins a file of gzip, and no text. */
bool gzip_begins(const char *bytes, size_t len);
/* ERR_MISSING, ERR_FULL. */
enum err gzip_begin(struct gzip *g);
/* ERR_TORN: it is damaged; ERR_CLOSED: no more is wanted. Nothing may follow
 * then. What stands behind the end and is no gzip is passed over. */
enum err gzip_feed(struct gzip *g, const char *bytes, size_t len,
		   gzip_text_fn *text, void *owner);
bool gzip_is_whole(const struct gzip *g);
void gzip_end(struct gzip *g);

#endif
