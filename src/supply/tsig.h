/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages signed with a key that both ends have (RFC 8945).
 *
 * One exchange is: a request that we sign and an answer of one or many
 * messages that we verify; or a request of somebody else that we verify, and
 * our answer. MACs are compared whole and in constant time.
 */
#ifndef SUPPLY_TSIG_H
#define SUPPLY_TSIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "supply/key.h"
#include "wire/signature.h"
#include "wire/writer.h"

enum {
	TSIG_FUDGE_S = 300,
	TSIG_UNSIGNED_MAX = 99, /* messages in a row, RFC 8945 5.3.1 */
	TSIG_ROOM = 700		/* more than any signature takes */
};

enum tsig_verdict {
#define TSIG(name, text) TSIG_##name,
#include "supply/tsig.def"
#undef TSIG
	TSIG_VERDICTS
};

struct tsig {
	const struct tsig_key *key;
	struct evp_mac_ctx_st *mac; /* of all since the last signature */
	uint8_t prior[SIGNATURE_MAC_MAX];
	size_t prior_len;
	unsigned waiting; /* messages since the last signature */
	bool begun;	  /* one was verified: timers only from here on */
	int64_t off_s;	  /* TIME, REMOTE_BADTIME: our clock is so many
			   * seconds ahead of the other end's */
};

/* Readies libcrypto, which may open files at its first use: to be called
 * before a sandbox is entered. */
enum err tsig_prepare(void);
/* The key stays the caller's. ERR_FULL: no memory, or the algorithm is not
 * there. Begins anew where it was used before. */
enum err tsig_begin(struct tsig *t, const struct tsig_key *key);
void tsig_end(struct tsig *t);

/* Signs the whole message in w; time in seconds since 1970. ERR_FULL: the
 * signature does not fit. */
enum err tsig_sign(struct tsig *t, struct writer *w, uint64_t now_s);
/* The same with all but the MAC as *s has it: a refusal that tells our time. */
enum err tsig_sign_as(struct tsig *t, struct writer *w, struct signature *s);
/* Verifies the next message of the other end, all of it. Anything other than
 * VALID and LATER ends the exchange. */
enum tsig_verdict tsig_verify(struct tsig *t, const uint8_t *bytes, size_t len,
			      uint64_t now_s);
/* Whether the last message was signed: a transfer may end here. */
bool tsig_is_settled(const struct tsig *t);

const char *tsig_text(enum tsig_verdict verdict);
/* " (our clock is 400 s behind)" */
void tsig_print_off(const struct tsig *t, struct text *out);

#endif
