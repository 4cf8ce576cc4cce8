/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A whole policy zone, as text or as a kept copy, to entries of a list. */
#ifndef LISTS_RPZ_ZONE_H
#define LISTS_RPZ_ZONE_H

#include "lists/kept.h"
#include "lists/rpz.h"
#include "lists/zone.h"

struct rpz_about {
	struct name zone;
	struct zone_soa soa; /* len 0: it has none */
	uint32_t bad;	     /* lines that were left out */
};

/* Errors of zone_read(), and those of the sink. */
enum err rpz_read_text(const struct zone_text *from, uint64_t max_bytes,
		       const struct rpz_sink *to, struct rpz_about *out);

/* The same of a kept copy (lists/kept.h). ERR_IMAGE: it is damaged. */
enum err rpz_read_kept(const uint8_t *bytes, size_t len,
		       const struct rpz_sink *to, struct rpz_about *out);

/* For a struct record_sink of whoever has records in order; arg is a struct
 * rpz. */
enum err rpz_take(void *arg, const struct zone_record *r);

#endif
