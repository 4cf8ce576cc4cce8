/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The OPT pseudo-record (RFC 6891), Extended DNS Errors (RFC 8914). OPT is
 * hop by hop: it is read, and written anew, never copied. */
#ifndef WIRE_EDNS_H
#define WIRE_EDNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/writer.h"

enum {
	EDNS_UDP_SIZE = 1232, /* what we offer and the most we send by UDP */
	EDNS_DO = 0x8000,
	OPTION_EDE = 15,
	EDNS_OVERHEAD = 11, /* bytes of an OPT without options */
	EDE_OVERHEAD = 6    /* bytes of an error without text, with its head */
};

struct edns {
	bool present;
	uint8_t version;
	uint8_t rcode_high;
	uint16_t udp_size; /* as sent; below 512 counts as 512 */
	uint16_t flags;	   /* EDNS_DO */
	uint16_t ede_code; /* first EDE option, with ede_present */
	bool ede_present;
	uint8_t ede_text_len; /* cut to 200 */
	char ede_text[200];   /* bytes as sent */
};

struct ede {
	int code;	  /* EDE_*, or -1: none */
	const char *text; /* printable ASCII, or NULL */
};

/* Reads the RDATA of an OPT whose fixed part is given. ERR_TORN where an
 * option runs past the end. */
enum err edns_read(const uint8_t *rdata, size_t len, struct edns *out);
/* Writes an OPT record with our size, the DO bit as given and, where
 * ede->code >= 0, that error. rcode is the full twelve bits. */
void edns_write(struct writer *w, bool dnssec_ok, unsigned rcode,
		const struct ede *ede);

#endif
