/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking the upstreams, and believing only what was asked for.
 *
 * Each try has a socket of its own: connected, random source port and id,
 * name in random case. An answer counts only where id, QR, opcode, question
 * (name to the letter, type, class) are ours. The first datagram that does
 * not match ends UDP for this question: it is asked again over TCP, and only
 * that answer is believed. So is a truncated one. Where an upstream is
 * silent or fails the next is asked, earlier sockets staying open; after
 * UPSTREAM_DEADLINE_MS it is over.
 */
#ifndef UPSTREAM_UPSTREAM_H
#define UPSTREAM_UPSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/random.h"
#include "conf/options.h"
#include "net/loop.h"
#include "proc/board.h"
#include "wire/message.h"

enum {
	UPSTREAM_DEADLINE_MS = 3500, /* no client waits over 4 s */
	UPSTREAM_TRIES = 4
};

struct upstreams; /* all of them; one a worker */

enum upstream_end {
	UPSTREAM_ANSWERED,
	UPSTREAM_SILENT, /* nobody answered in time */
	UPSTREAM_FAILED, /* sockets failed, TCP closed */
	UPSTREAM_FORGED, /* UDP looked forged and TCP did not work */
	UPSTREAM_TORN	 /* over TCP too: matched, but malformed */
};

struct upstream_setup {
	struct loop *loop;
	const struct options *opt;
	struct random *random;
	struct worker_stats *stats;
	unsigned most; /* questions in flight */
};

/* A question in flight; from the room's own pool. */
struct upstream_ask;

/* answer: read and matched (its question has the client's case), valid only
 * during the call; NULL unless UPSTREAM_ANSWERED. */
typedef void upstream_done_fn(void *owner, enum upstream_end end,
			      const struct message *answer);

struct upstream_question {
	const struct question *q;
	bool dnssec_ok, checking_disabled;
	bool stream; /* TCP at once (ANY) */
};

enum err upstreams_new(const struct upstream_setup *setup,
		       struct upstreams **out);
void upstreams_free(struct upstreams *u);
/* ERR_FULL where too many are in flight. done is called once, never from
 * within upstream_ask(). */
enum err upstream_ask(struct upstreams *u, const struct upstream_question *q,
		      upstream_done_fn *done, void *owner,
		      struct upstream_ask **out);
/* Who gave the answer; to be asked within done, where there is one. */
const struct endpoint *upstream_heard(const struct upstreams *u);
/* The query is gone: done will not be called. */
void upstream_cancel(struct upstreams *u, struct upstream_ask *ask);

#endif
