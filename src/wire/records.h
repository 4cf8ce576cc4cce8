/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records of a message one after the other (RFC 1035 4.1.3), however
 * many there are. Nothing is copied: a record is where it lies in the bytes
 * the caller keeps.
 */
#ifndef WIRE_RECORDS_H
#define WIRE_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/reader.h"

struct rr {
	uint32_t ttl;	   /* as sent; see rr_ttl() */
	uint16_t owner_at; /* where the (compressed) owner begins */
	uint16_t type, class;
	uint16_t rdata_at, rdata_len;
	uint8_t section; /* enum section; the caller's to set */
	uint8_t pad;
};

/* Where the reading is, and what its names have cost so far. */
struct records {
	struct reader r; /* at the first record */
	size_t steps;
	size_t known_name; /* where a name was read before; or 0 */
};

/* The next record; how many there are the header says. ERR_TORN: it is
 * malformed, or all together cost more than 4 steps a byte. */
enum err records_next(struct records *p, struct rr *out);

/* A of class IN with 4 bytes, AAAA of class IN with 16; else false. */
struct addr;
bool rr_read_address(const uint8_t *message, const struct rr *rr,
		     struct addr *out);

#endif
