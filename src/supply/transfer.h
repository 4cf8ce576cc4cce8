/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A zone, or what has changed in it, out of the messages of a primary (AXFR,
 * RFC 5936; IXFR, RFC 1995).
 *
 * Messages go in, records come out as they are read; they count only when
 * all of it was right. Whoever takes them throws them away otherwise. Memory
 * does not grow with the zone.
 */
#ifndef SUPPLY_TRANSFER_H
#define SUPPLY_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lists/content.h"
#include "supply/tsig.h"
#include "wire/walk.h"

enum transfer_flaw {
#define FLAW(name, whole, text) TRANSFER_##name,
#include "supply/transfer.def"
#undef FLAW
	TRANSFER_FLAWS
};

enum transfer_news {
	TRANSFER_MORE,	  /* messages have to come */
	TRANSFER_DONE,	  /* everything came: what the sink has counts */
	TRANSFER_CURRENT, /* we have what the primary has; no record came */
	TRANSFER_ASK_ALL, /* a flaw: but the whole zone may be asked for */
	TRANSFER_FAILED	  /* a flaw: another primary, another time */
};

/* Who is given the records. An error ends the transfer: ERR_MISSING and
 * ERR_BUSY where a change contradicts what he has (it is not there, it is),
 * ERR_TORN, ERR_RANGE where it is too large; any other: no room. */
struct transfer_sink {
	/* Once, before the first record: the whole zone follows, or changes
	 * to the one of our serial number. */
	enum err (*begin)(void *arg, bool whole);
	/* In the order they came. Of changes: the SOA before, all that goes,
	 * the SOA after, all that comes; as often as there are steps. Of a
	 * whole zone: the SOA once, then the others. Also what lies outside
	 * the zone. */
	enum err (*take)(void *arg, bool add, const struct zone_rr *rr);
	void *arg;
};

struct transfer_limits {
	uint64_t bytes, records;
	/* for the first message, for each further one, for all */
	int64_t first_ms, next_ms, all_ms;
};

struct transfer_setup {
	const struct name *zone;
	bool whole;	 /* AXFR; else IXFR */
	uint32_t serial; /* IXFR: what we have */
	uint16_t id;
	struct tsig *tsig; /* that signed the question; NULL: none */
	const struct transfer_sink *to;
	struct transfer_limits limits;
	int64_t now_ms;
};

/* Written by transfer.c alone. */
struct transfer {
	struct transfer_setup setup;
	unsigned state;
	enum transfer_flaw flaw;
	enum tsig_verdict verdict; /* of TRANSFER_SIGNATURE */
	unsigned rcode;		   /* of the last message */
	uint32_t serial;	   /* of the zone as it will be */
	uint32_t at;		   /* serial that the changes have come to */
	uint64_t bytes, records, messages;
	uint64_t added, removed;
	int64_t heard_ms;
	uint16_t soa_len;
	uint8_t soa[SOA_RDATA_MAX]; /* of the first record */
	uint32_t soa_ttl;
	struct walk walk;
	uint8_t rdata[MESSAGE_MAX];
};

/* The question: for IXFR with the SOA that we have, of which only the serial
 * number counts. Not signed; size >= 600 suffices. */
size_t transfer_ask(const struct transfer_setup *setup, uint8_t *bytes,
		    size_t size);

void transfer_begin(struct transfer *t, const struct transfer_setup *setup);
/* One message; date in seconds since 1970, for signatures. After anything but
 * MORE no more must be fed. */
enum transfer_news transfer_feed(struct transfer *t, const uint8_t *bytes,
				 size_t len, int64_t now_ms, uint64_t date_s);
/* The connection has ended, or the time (below) is over. */
enum transfer_news transfer_broken(struct transfer *t, enum transfer_flaw flaw);
/* When it takes too long, if nothing comes. */
int64_t transfer_ends_ms(const struct transfer *t);
/* What is wrong, as a sentence. */
void transfer_print_flaw(const struct transfer *t, struct text *out);

/* Usual limits. */
extern const struct transfer_limits transfer_usual;

#endif
