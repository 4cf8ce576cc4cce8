/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A question in flight, and what is decided about it; for the files of this
 * room only.
 *
 * udp.c and tcp.c carry bytes and report here what came of a try. Each
 * report may end the question and give its slot back: the reporter touches
 * neither question nor try afterwards.
 */
#ifndef UPSTREAM_PENDING_H
#define UPSTREAM_PENDING_H

#include "base/list.h"
#include "base/log.h"
#include "base/pool.h"
#include "net/frame.h"
#include "net/stream.h"
#include "upstream/choice.h"
#include "upstream/spelling.h"
#include "upstream/standing.h"
#include "upstream/match.h"
#include "upstream/upstream.h"

enum {
	UPSTREAMS_MOST = 72,
	STREAM_WAIT_MS = 1000,	/* over TCP, before the next is asked */
	PLAIN_MS = 3600 * 1000, /* an upstream without EDNS stays so */
	QUERY_SIZE = 360,	/* suffices for a query with a cookie */
	STREAM_TRIES_MAX = 128	/* questions over TCP at one time */
};

/* One resolver that is asked. */
struct upstream {
	struct endpoint at;
	struct standing standing;
	struct spelling spelling;
	int64_t plain_until_ms; /* it does not know EDNS */
	int64_t cookieless_until_ms; /* it chokes on cookies */
	struct cookie cookie;	     /* ours, and behind it its own */
	bool knows_cookies;	     /* it has sent one */
};

struct udp_try {
	int fd;	     /* -1: slot is free */
	unsigned at; /* index of the upstream */
	struct ready ready;
	struct upstream_ask *ask;
	int64_t sent_ms;
	struct sent sent;
};

struct tcp_try {
	unsigned at;
	struct upstream_ask *ask;
	struct sent sent;
	struct stream stream;
	struct frame frame;
	uint8_t bytes[MESSAGE_MAX];
};

struct upstream_ask {
	struct list link; /* upstreams.live */
	struct upstreams *house;
	upstream_done_fn *done;
	void *owner;
	struct question q; /* with the client's case */
	bool dnssec_ok, checking_disabled;
	bool stream;	 /* TCP from now on */
	struct choice choice; /* whom to ask, of UDP or of TCP */
	unsigned tries;	 /* upstreams begun, of UDP or of TCP */
	unsigned latest; /* upstream of the latest try, */
	int64_t latest_ms; /* begun then */
	bool is_probe;	 /* one try, to find out who is back */
	bool plain;	 /* that one was asked again without EDNS: */
	unsigned plain_at;
	bool cookieless, cookie_renewed;
	bool failed; /* some upstream answered with: */
	unsigned failed_rcode;
	bool misspelt; /* that one answered by UDP in another case: */
	unsigned misspelt_at;
	uint64_t misspelt_digest;
	bool forged, torn, silent; /* what the end will be called */
	int64_t deadline_ms;
	struct due due;
	struct udp_try udp[UPSTREAM_TRIES];
	struct tcp_try *tcp; /* NULL: none open */
};

struct upstreams {
	struct loop *loop;
	const struct options *opt;
	struct random *random;
	struct worker_stats *stats;
	/* those of --upstream, then those of --forward, as the options have
	 * them */
	struct upstream up[UPSTREAMS_MOST];
	unsigned count;
	unsigned heard; /* whose answer lies in message */
	struct pool asks, tcp_tries, stream_buffers;
	struct list live;
	struct due probe;
	bool probing; /* the timer is armed */
	struct log_limit log;
	struct hash_key hash;
	struct message message; /* the answer being looked at */
	uint8_t bytes[MESSAGE_MAX];
};

/* What a try is about to send; the id is new each time. */
void ask_prepare(struct upstream_ask *a, unsigned at, struct sent *out);

/* The query of a try; returns its length. */
size_t ask_write(const struct upstream_ask *a, unsigned at,
		 const struct sent *sent, uint8_t bytes[QUERY_SIZE]);

/* How a try ended. Its sockets are still open when this is called. */
enum try_kind { TRY_UDP, TRY_TCP };
struct report {
	enum try_kind kind;
	unsigned at; /* upstream */
	const struct sent *sent;
	enum match match;
};
/* Something came; it lies in house->message. */
void ask_heard(struct upstream_ask *a, const struct report *r);
/* The socket failed, and is closed by now. */
void ask_try_failed(struct upstream_ask *a, unsigned at);

/* Makes the first try, or the next, or ends it. */
void ask_go_on(struct upstream_ask *a);
/* Closes everything and gives the slot back, without a word. */
void ask_release(struct upstream_ask *a);
void on_ask_due(void *owner);

/* What a try said of its upstream's health; logs what changes. */
void upstream_heard_of(struct upstreams *u, unsigned at, int64_t took_ms);
void upstream_silent(struct upstreams *u, unsigned at, int64_t sent_ms);
/* It loses the case of names, and that is proved. */
void upstream_proved_spelling(struct upstreams *u, unsigned at);

/* One try. ERR_SYSTEM: nothing stays open. ERR_FULL: too many over TCP. */
enum err udp_try_begin(struct upstream_ask *a, unsigned at);
void udp_try_close(struct udp_try *t);
enum err tcp_try_begin(struct upstream_ask *a, unsigned at);
void tcp_try_close(struct upstream_ask *a);

#endif
