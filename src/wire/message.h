/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A DNS message taken apart (RFC 1035 4.1, RFC 6891): header, the one
 * question, and where each record lies. Nothing is copied but the question's
 * name; records are positions in the bytes the caller keeps.
 */
#ifndef WIRE_MESSAGE_H
#define WIRE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/edns.h"
#include "wire/name.h"
#include "wire/records.h"
#include "wire/types.h"
#include "wire/writer.h"

enum {
	HEADER_SIZE = 12,
	MESSAGE_MAX = 65535,
	MESSAGE_MAX_RRS = 512,
	/* header flags */
	FLAG_QR = 0x8000,
	FLAG_AA = 0x0400,
	FLAG_TC = 0x0200,
	FLAG_RD = 0x0100,
	FLAG_RA = 0x0080,
	FLAG_Z = 0x0040,
	FLAG_AD = 0x0020,
	FLAG_CD = 0x0010
};

enum section { SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL };

struct header {
	uint16_t id;
	uint16_t flags; /* whole second word: FLAG_*, opcode, low rcode */
	uint16_t qdcount, ancount, nscount, arcount;
};

struct question {
	struct name name; /* case as it came */
	uint16_t type, class;
};

struct message {
	const uint8_t *bytes;
	size_t len;
	struct header header;
	struct question question; /* valid where header.qdcount == 1 */
	struct edns edns;	  /* edns.present: there was an OPT */
	unsigned rr_count;
	struct rr rr[MESSAGE_MAX_RRS]; /* in wire order, without OPT */
};

unsigned header_opcode(const struct header *h);
/* Only the twelve bytes; ERR_TORN where there are fewer. */
enum err header_read(const uint8_t *bytes, size_t len, struct header *out);

/* What a client may send: QR 0, exactly one question, no answer or
 * authority records, at most one OPT, nothing behind the message.
 * ERR_TORN: to be answered FORMERR (out->header is valid where len >= 12).
 * out->question is valid, and question_ok says so, as soon as the question
 * itself could be read. Additional records other than OPT are refused
 * (a TSIG or SIG(0) belongs hop to hop; ERR_TORN). */
struct query_message {
	struct header header;
	struct question question;
	struct edns edns;
	bool question_ok;
};
enum err message_read_query(const uint8_t *bytes, size_t len,
			    struct query_message *out);

/* Reads a whole answer. ERR_TORN: malformed, over 512 records, two OPTs, an
 * OPT outside the additional section, QDCOUNT over 1, bytes behind the last
 * record. Work is bounded: at most 4 * len steps are spent on compressed
 * owners. */
enum err message_read(const uint8_t *bytes, size_t len, struct message *out);
/* Full twelve-bit response code, OPT included. */
unsigned message_rcode(const struct message *m);

/* TTL as it counts: with the top bit set it is 0 (RFC 2181 8). */
uint32_t rr_ttl(const struct rr *rr);
enum err rr_owner(const struct message *m, const struct rr *rr,
		  struct name *out);
/* The name that is the RDATA of a CNAME, DNAME, NS or PTR; ERR_MISSING for
 * any other type. */
enum err rr_target(const struct message *m, const struct rr *rr,
		   struct name *out);
/* A of class IN with 4 bytes, AAAA of class IN with 16; else false. */
struct addr;
bool rr_address(const struct message *m, const struct rr *rr,
		struct addr *out);

#endif
