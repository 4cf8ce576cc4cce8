/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets that clients reach us by.
 *
 * The supervisor opens them all (listener_open, with power), the workers
 * serve them. For each bind address there is one UDP and one TCP socket a
 * worker in a SO_REUSEPORT group; a classic BPF program over the source
 * address sends a client always to the same worker.
 */
#ifndef LISTEN_LISTENER_H
#define LISTEN_LISTENER_H

#include "net/loop.h"
#include "query/query.h"

struct udp; /* all UDP sockets of a worker */
struct tcp; /* all TCP sockets and connections of a worker */

struct listen_setup {
	struct loop *loop;
	struct query_house *house;
	const struct options *opt;
	struct worker_stats *stats;
	const int *fd; /* one a bind address, -1: none; still the caller's */
	unsigned count;
	/* of the other workers, which share opt->max_connections; NULL ends
	 * them, or none */
	const struct worker_stats *const *others;
};

enum {
	LISTEN_QUERY_MAX = 4096, /* a longer query is not read */
	LISTEN_MAX_SOCKETS = 16
};

enum err udp_new(const struct listen_setup *setup, struct udp **out);
void udp_free(struct udp *u);
/* Sends what is queued (sendmmsg). Call it before the loop waits. */
void udp_flush(struct udp *u);
/* Takes no more queries; answers still go out. */
void udp_stop_reading(struct udp *u);

/* Its limits: opt->max_connections over all workers; at most 32 connections
 * a client and never the last quarter; 1,000 queries a connection; 2 s to the
 * first whole query, opt->timeout_s from each to the next, 3 s where three
 * quarters of all connections are taken. */
enum err tcp_new(const struct listen_setup *setup, struct tcp **out);
void tcp_free(struct tcp *t);
/* Accepts and reads no more; answers still go out. */
void tcp_stop_reading(struct tcp *t);

#endif
