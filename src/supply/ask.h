/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One question to one server: by UDP, and by TCP where that was cut short,
 * looked forged, or would be too small anyway.
 *
 * An answer counts only where id, QR, opcode and question are ours. It may
 * have 65,535 bytes.
 */
#ifndef SUPPLY_ASK_H
#define SUPPLY_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/random.h"
#include "net/loop.h"
#include "wire/message.h"

enum {
	ASK_WAIT_MS = 1500, /* for an answer to the first of two datagrams */
	ASK_UDP_TRIES = 2,  /* the second waits twice as long */
	ASK_TCP_WAITS = 6   /* times as long for the whole answer by TCP */
};

enum ask_end {
	ASK_ANSWERED,
	ASK_SILENT, /* nothing came in time */
	ASK_FAILED, /* sockets failed: cause says why; 0: it closed */
	ASK_TORN    /* what came, also by TCP, is not ours or malformed */
};

/* Valid during the call only. */
struct ask_answer {
	enum ask_end end;
	int cause;	      /* errno of ASK_FAILED */
	bool stream;	      /* it came by TCP */
	const uint8_t *bytes; /* of ASK_ANSWERED */
	size_t len;
	struct header header;
	struct records records; /* at the first of header.ancount */
};

typedef void ask_done_fn(void *owner, const struct ask_answer *answer);

/* Adds to the query what else it has to have (a signature), behind its len
 * bytes; the new length, 0 where it cannot. Called for each try. */
typedef size_t ask_seal_fn(void *owner, uint8_t *bytes, size_t size,
			   size_t len);

struct ask_question {
	const struct endpoint *to;
	struct question q;
	bool stream;	   /* by TCP at once */
	int64_t wait_ms;   /* ASK_WAIT_MS */
	ask_seal_fn *seal; /* may be NULL */
	ask_done_fn *done;
	void *owner;
};

struct ask;

/* done is called once, never from within this. ERR_FULL: no memory. */
enum err ask_begin(struct loop *loop, struct random *random,
		   const struct ask_question *question, struct ask **out);
/* done will not be called; NULL is harmless. Not from within done. */
void ask_cancel(struct ask *ask);

/* "no answer in time", "Connection refused" */
const char *ask_end_text(const struct ask_answer *answer);

#endif
