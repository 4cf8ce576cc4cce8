/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records of a policy zone: gathered in any order, then sorted.
 *
 * Records are kept in one form, so that what a primary sends, what stands in
 * a file and what a journal says are compared as bytes: owners without the
 * zone's name, names in lower case. Two records with the same owner, type and
 * RDATA are one, whatever their TTL. The SOA stands apart.
 */
#ifndef LISTS_CONTENT_H
#define LISTS_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/name.h"
#include "wire/reader.h"

enum {
	/* MNAME, RNAME and five numbers (RFC 1035 3.3.13) */
	SOA_RDATA_MAX = 2 * NAME_MAX_WIRE + 20,
	/* of one record as record_write() has it, but for its RDATA */
	RECORD_HEAD_MAX = 1 + NAME_MAX_WIRE + 8,
	RECORD_MAX = RECORD_HEAD_MAX + 65535
};

/* As it comes, class IN; names in the RDATA are not compressed. */
struct zone_rr {
	struct name owner;
	uint16_t type;
	uint32_t ttl;
	uint16_t rdata_len;
	const uint8_t *rdata; /* the caller's */
};

/* As it is kept; what it points to is borrowed. */
struct zone_record {
	const uint8_t *owner; /* labels left of the zone's name, no root */
	uint8_t owner_len;    /* 0: the zone's own */
	uint16_t type;
	uint32_t ttl;
	uint16_t rdata_len;
	const uint8_t *rdata;
};

struct zone_soa {
	uint32_t ttl;
	uint16_t len; /* 0: there is none */
	uint8_t rdata[SOA_RDATA_MAX];
};

/* The numbers of one. */
struct soa_numbers {
	uint32_t serial, refresh, retry, expire, minimum;
};

/* Who is given records; an error of his ends it. */
struct record_sink {
	enum err (*each)(void *arg, const struct zone_record *r);
	void *arg;
};

/* Brings a record to the kept form; out points into buf, which has room for
 * RECORD_MAX. ERR_RANGE: it lies outside the zone. ERR_TORN: its RDATA is not
 * that of its type. */
enum err record_from(const struct zone_rr *rr, const struct name *zone,
		     uint8_t *buf, struct zone_record *out);
/* The next record as record_write() wrote it; false (and torn) where there is
 * no whole one in which owner and RDATA are of the kept form's shape. */
bool record_read(struct reader *r, struct zone_record *out);
/* The same of bytes that are known to be good, as those in memory are. */
void record_borrow(struct reader *r, struct zone_record *out);
/* Bytes that record_write() takes. */
size_t record_size(const struct zone_record *r);
void record_write(const struct zone_record *r, uint8_t *to);
/* <0, 0, >0: by owner, type and RDATA. All that has one owner is together. */
int record_compare(const struct zone_record *a, const struct zone_record *b);
/* The owner as an absolute name below the root, without the zone's. False:
 * it is longer than names are. */
bool record_owner(const struct zone_record *r, struct name *out);

/* False: not the RDATA of an SOA. */
bool soa_read(const struct zone_soa *soa, struct soa_numbers *out);
/* RFC 1982: a is later than b. */
bool serial_is_later(uint32_t a, uint32_t b);

/* ---- all of a zone ------------------------------------------------------ */

struct content_key; /* content.c's */

struct content {
	struct name zone; /* lower-cased */
	struct zone_soa soa;
	uint64_t max_bytes; /* of memory, at most */
	uint8_t *bytes;
	size_t len, room;
	struct content_key *key;
	size_t count, keys;
	uint64_t outside; /* records that lay outside the zone */
	/* The first of several CNAMEs at one owner sorts first, not the
	 * smallest: for those whom somebody wrote by hand. */
	bool first_counts;
};

void content_init(struct content *c, const struct name *zone,
		  uint64_t max_bytes);
void content_fini(struct content *c);
/* ERR_RANGE: larger than max_bytes. ERR_TORN as record_from(). ERR_FULL. What
 * lies outside the zone is counted and passed over. The zone's SOA becomes
 * `soa`; a second one that differs is ERR_TORN. */
enum err content_add(struct content *c, const struct zone_rr *rr);
/* What its records take. */
uint64_t content_bytes(const struct content *c);
/* Sorts, and keeps one of each (the one of the lowest TTL). */
void content_sort(struct content *c);
/* All but the SOA, in order where they were sorted. */
enum err content_each(const struct content *c, const struct record_sink *to);

#endif
