/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages put together: queries to upstreams, answers to clients.
 *
 * An answer is begun with the question, given its records in section order,
 * and ended with the OPT where the client sent one. It never grows past
 * `limit`: a record set that does not fit is left out whole, with every
 * record after it, and TC is set unless it was an additional one (RFC 2181
 * 9).
 */
#ifndef WIRE_REPLY_H
#define WIRE_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "wire/edns.h"
#include "wire/message.h"
#include "wire/pack.h"

/* Writes header, question and OPT (size 1232) of a query: RD 1, CD and DO
 * as given, no other option. Returns its length; size >= 300 suffices. */
size_t query_write(uint8_t *bytes, size_t size, uint16_t id,
		   const struct question *q, bool edns, bool dnssec_ok,
		   bool checking_disabled);
/* Puts a cookie into the OPT, which query_write() left without options at the
 * end of len bytes. Returns the new length; 0: there is no room. */
size_t query_add_cookie(uint8_t *bytes, size_t size, size_t len,
			const struct cookie *cookie);
/* Gives each letter a case at random (draft-vixie-dnsext-dns0x20). */
struct random;
void name_random_case(struct name *n, struct random *r);

enum { REPLY_LIMIT_MIN = 512 };

struct reply_spec {
	size_t limit; /* of the whole message; >= 512 */
	/* both stay where they are until reply_end() */
	const struct header *client; /* of the query we answer */
	const struct question *q;    /* NULL: could not be read */
	bool opt;		     /* the client sent an OPT: one goes back */
	bool dnssec_ok;		     /* its DO bit */
	bool keepalive;		     /* it asks how long it may be idle: */
	uint16_t idle_100ms;
};

struct reply {
	struct writer w;
	struct reply_spec spec;
	uint16_t count[3]; /* records in each section */
	bool truncated;
	bool closed; /* takes no more records */
	struct packer packer;
	/* where the record set now being written began */
	size_t set_start;
	uint16_t set_count;
	struct name set_owner;
	uint16_t set_type;
	uint8_t set_section;
};

/* bytes holds at least spec->limit bytes. From the client's header id, RD, CD
 * and opcode are kept, QR and RA set, all else clear. */
void reply_begin(struct reply *r, uint8_t *bytes,
		 const struct reply_spec *spec);
/* Copies a record of an upstream's answer; names in RDATA of the types in
 * types.def are unpacked (and packed again where that is allowed). The owner
 * is written in the question's case where it equals the question. ERR_TORN:
 * the record's RDATA is malformed, or its class is not IN; nothing of it was
 * written. */
enum err reply_copy(struct reply *r, const struct message *from,
		    const struct rr *rr, uint32_t ttl);
void reply_address(struct reply *r, enum section section,
		   const struct name *owner, const struct addr *a,
		   uint32_t ttl);
/* A CNAME in the answer section; an owner that equals its target, and comes
 * later, has the case of the target. */
void reply_alias(struct reply *r, const struct name *owner,
		 const struct name *target, uint32_t ttl);
/* One record with RDATA as given (uncompressed). */
void reply_record(struct reply *r, enum section section,
		  const struct name *owner, uint16_t type, uint32_t ttl,
		  const uint8_t *rdata, size_t len);
/* Marks the answer truncated (TC 1): records given after it are left out,
 * whether they would fit or not. */
void reply_truncate(struct reply *r);
/* Ends the message with the OPT, whose room was kept from the beginning (an
 * EDE text that does not fit is dropped before any record is). rcode: twelve
 * bits. Returns the message's length. */
size_t reply_end(struct reply *r, unsigned rcode, const struct ede *ede);

/* The largest answer a client takes by UDP: 512 without OPT, else its size
 * between 512 and EDNS_UDP_SIZE. */
size_t reply_udp_limit(const struct edns *edns);

#endif
