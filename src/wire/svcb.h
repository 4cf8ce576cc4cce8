/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RDATA of SVCB and HTTPS records (RFC 9460): read strictly, and written
 * again without what a client must not have.
 */
#ifndef WIRE_SVCB_H
#define WIRE_SVCB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "wire/message.h"
#include "wire/writer.h"

/* RFC 9460 14.3.2 */
enum svcb_key {
	SVCB_MANDATORY,
	SVCB_ALPN,
	SVCB_NO_DEFAULT_ALPN,
	SVCB_PORT,
	SVCB_IPV4HINT,
	SVCB_ECH,
	SVCB_IPV6HINT,
	SVCB_INVALID = 65535
};

/* Of one hint; what stands behind them is not looked at and removed. */
enum { SVCB_HINTS_MAX = 64 };

/* The value of a parameter, in the bytes that were read. */
struct svcb_value {
	const uint8_t *bytes; /* NULL: the key is not there */
	size_t len;
};

struct svcb {
	uint16_t priority;  /* 0: alias mode */
	struct name target; /* case as it came; ".": the owner itself, or in
			       alias mode nothing */
	bool has_port;
	uint16_t port;
	bool no_default_alpn;
	struct svcb_value mandatory, alpn, hint4, hint6;
	struct svcb_value params; /* all of them, one behind the other */
};

/* Borrows rdata. ERR_TORN: malformed in the sense of RFC 9460 2.2: cut short,
 * a packed target, keys that do not rise, a value that its key does not
 * allow, a mandatory key that is missing. */
enum err svcb_read(const uint8_t *rdata, size_t len, struct svcb *out);
/* The same of a record; ERR_MISSING for any other type or class. */
enum err rr_service(const struct message *m, const struct rr *rr,
		    struct svcb *out);
/* Hints of a family (4 or 6), at most SVCB_HINTS_MAX, and the i-th of them. */
unsigned svcb_hint_count(const struct svcb *s, uint8_t family);
void svcb_hint(const struct svcb *s, uint8_t family, unsigned i,
	       struct addr *out);
/* Without a port parameter a client uses that of the URL: 443 for HTTPS, N
 * where qname begins with _N._https (RFC 9460 9.1). 0: it cannot be known. */
uint16_t svcb_default_port(const struct name *qname, uint16_t type);

/* Whether an HTTPS record offers a protocol over TCP (http/1.1 always, unless
 * no-default-alpn says otherwise), and whether it offers one over QUIC. */
bool svcb_offers_tcp(const struct svcb *s);
bool svcb_offers_quic(const struct svcb *s);
/* The x of _N._https.x; false where the name is made otherwise. Both may be
 * the same. */
bool svcb_plain_name(const struct name *qname, struct name *out);

typedef bool svcb_keep_fn(void *arg, const struct addr *hint);

struct svcb_edit {
	bool strip_ech;
	svcb_keep_fn *keep; /* NULL: all hints stay */
	void *arg;
};
/* Writes the record's RDATA without the hints that edit does not keep; a hint
 * with no address left goes with its key, and in alias mode all parameters
 * do (RFC 9460 2.4.2). ERR_MISSING: a mandatory key would go, so that no
 * client could use the record; the caller undoes what was written. ERR_FULL:
 * no room. */
enum err svcb_write(const struct svcb *s, const struct svcb_edit *edit,
		    struct writer *w);

#endif
