/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The OPT pseudo-record (RFC 6891), Extended DNS Errors (RFC 8914), how long
 * a connection may be idle (RFC 7828). OPT is hop by hop: it is read, and
 * written anew, never copied. */
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
	OPTION_COOKIE = 10,
	OPTION_KEEPALIVE = 11,
	OPTION_EDE = 15,
	EDNS_OVERHEAD = 11, /* bytes of an OPT without options */
	KEEPALIVE_SIZE = 6, /* bytes of the option with its head */
	EDE_OVERHEAD = 6,   /* bytes of an error without text, with its head */
	COOKIE_CLIENT = 8,  /* bytes, RFC 7873 4 */
	COOKIE_MOST = 40    /* with what the server added */
};

/* What a query says of its connection (RFC 7828 3.2.1): a client asks, and
 * tells no time itself. */
enum edns_keepalive { KEEPALIVE_NONE, KEEPALIVE_ASKED, KEEPALIVE_BAD };

/* What a client made up, and what a server answered it with; len is 0 (none),
 * COOKIE_CLIENT, or 16 to COOKIE_MOST. */
struct cookie {
	uint8_t len;
	uint8_t bytes[COOKIE_MOST];
};

struct edns {
	bool present;
	uint8_t version;
	uint8_t rcode_high;
	uint16_t udp_size; /* as sent; below 512 counts as 512 */
	uint16_t flags;	   /* EDNS_DO */
	uint8_t keepalive; /* enum edns_keepalive */
	struct cookie cookie; /* of no sound length: none */
	uint16_t ede_code; /* first EDE option, with ede_present */
	bool ede_present;
	uint8_t ede_text_len; /* cut to 200 */
	char ede_text[200];   /* bytes as sent */
};

/* What goes into an OPT of ours. */
struct edns_reply {
	bool dnssec_ok;
	unsigned rcode;	       /* the full twelve bits */
	const struct ede *ede; /* NULL, or code -1: none */
	bool keepalive;	       /* say how long the connection may be idle: */
	uint16_t idle_100ms;
};

struct ede {
	int code;	  /* EDE_*, or -1: none */
	const char *text; /* printable ASCII, or NULL */
};

/* Reads the RDATA of an OPT whose fixed part is given. ERR_TORN where an
 * option runs past the end. */
enum err edns_read(const uint8_t *rdata, size_t len, struct edns *out);
/* Writes an OPT record with our size. */
void edns_write(struct writer *w, const struct edns_reply *e);

#endif
