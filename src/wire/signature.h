/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TSIG record of a message (RFC 8945 4.2), read and written; what it
 * proves is not known here.
 */
#ifndef WIRE_SIGNATURE_H
#define WIRE_SIGNATURE_H

#include "wire/message.h"
#include "wire/writer.h"

enum { SIGNATURE_MAC_MAX = 64, SIGNATURE_OTHER_MAX = 6 };

/* What stands in its error field (RFC 8945 3). */
enum signature_error {
	SIGNATURE_BADSIG = 16,
	SIGNATURE_BADKEY = 17,
	SIGNATURE_BADTIME = 18,
	SIGNATURE_BADTRUNC = 22
};

struct signature {
	size_t at; /* where its record begins: what it signs ends here */
	struct name key, algorithm;
	uint64_t time_s; /* since 1970, 48 bits */
	uint16_t fudge_s;
	uint16_t original_id;
	uint16_t error; /* enum signature_error, or 0 */
	uint8_t mac[SIGNATURE_MAC_MAX];
	size_t mac_len;
	uint8_t other[SIGNATURE_OTHER_MAX];
	size_t other_len;
};

/* ERR_MISSING: the message has none. ERR_TORN: the message is malformed, or
 * its TSIG is: not the last record, not of class ANY and TTL 0, a MAC that is
 * longer than any algorithm's. */
enum err signature_read(const uint8_t *bytes, size_t len,
			struct signature *out);
/* Appends the record to the message in w, and counts it in the header. */
void signature_write(struct writer *w, const struct signature *s);
/* What is signed besides messages and MACs: all variables (RFC 8945 4.3.3),
 * or the timers alone. size >= 600 suffices. */
void signature_variables(struct writer *w, const struct signature *s);
void signature_timers(struct writer *w, const struct signature *s);
/* The header as it was signed: with the original id, and without the record
 * that is the signature. */
void signature_header(const uint8_t *bytes, const struct signature *s,
		      uint8_t header_out[HEADER_SIZE]);
/* other[] as a time: that of a server whose clock differs. */
uint64_t signature_other_time(const struct signature *s);

#endif
