/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zones as text (RFC 1035 5.1), to records.
 *
 * Text comes from the owner or from those he trusts to fill a file: a line
 * that is not understood is told and left out, a file that is not a zone is
 * refused whole. It needs neither an SOA nor name servers. Nothing is opened:
 * $INCLUDE is refused.
 */
#ifndef LISTS_ZONE_H
#define LISTS_ZONE_H

#include "lists/content.h"

enum {
	/* of one record, over all the lines that it takes */
	ZONE_LINE_MAX = 65536,
	ZONE_TTL_S = 300 /* where nothing says another */
};

struct zone_text {
	const char *text; /* need not end in NUL */
	size_t len;
	/* What names without a dot at their end are below, until $ORIGIN says
	 * another; the zone. NULL: the root, and the zone is the owner of the
	 * SOA where there is one. */
	const struct name *zone;
	/* What is wrong in a line, counted from 1, as the end of a sentence. */
	void (*bad)(void *arg, uint32_t line, const char *what);
	void *arg;
};

/* content is ready for content_init() and given a zone. ERR_SYNTAX: refused,
 * and told. ERR_RANGE: larger than max_bytes. ERR_FULL. *bad_out counts the
 * lines that were left out. The content is the caller's, also then. */
enum err zone_read(const struct zone_text *from, uint64_t max_bytes,
		   struct content *out, uint32_t *bad_out);

#endif
