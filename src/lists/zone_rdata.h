/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RDATA as text (RFC 1035 5.1, and that of each type), to bytes. */
#ifndef LISTS_ZONE_RDATA_H
#define LISTS_ZONE_RDATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/name.h"

/* A name as it stands in a zone: '@', or below the origin unless a dot ends
 * it. */
bool zone_name_read(const char *text, size_t len, const struct name *origin,
		    struct name *out);

struct zone_rdata {
	uint16_t len;
	uint8_t bytes[65535];
};

/* The word of a type that zones may hold; false: it is none, or one that only
 * questions and messages have. */
bool zone_type_read(const char *text, size_t len, uint16_t *out);

/* What stands behind the type, to the end of `text`, which ends in NUL and is
 * shorter than ZONE_LINE_MAX. False: it is not that of the type. */
bool zone_rdata_read(uint16_t type, const char *text, const struct name *origin,
		     struct zone_rdata *out);

#endif
