/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A message record by record: for messages of zone transfers, which may have
 * thousands of them, and for signatures, which stand at the end.
 *
 * Nothing is kept but the record that was read last.
 */
#ifndef WIRE_WALK_H
#define WIRE_WALK_H

#include "wire/message.h"
#include "wire/records.h"

struct walk {
	struct records records;
	struct header header;
	struct question question; /* valid where header.qdcount == 1 */
	unsigned left[3];	  /* records to come, by section */
	struct rr rr;		  /* the last one; an OPT or TSIG too */
};

/* ERR_TORN: the header or question is malformed, or there are several
 * questions. */
enum err walk_begin(struct walk *w, const uint8_t *bytes, size_t len);
/* Reads the next record into w->rr. ERR_MISSING: there is none, and nothing
 * behind the last. ERR_TORN: malformed. */
enum err walk_next(struct walk *w);
enum err walk_owner(const struct walk *w, struct name *out);

#endif
