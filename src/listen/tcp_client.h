/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection of a client, and what tcp.c and tcp_client.c share. */
#ifndef LISTEN_TCP_CLIENT_H
#define LISTEN_TCP_CLIENT_H

#include "base/list.h"
#include "base/pool.h"
#include "listen/listener.h"
#include "net/frame.h"
#include "net/stream.h"

enum {
	TCP_PIECE = 2048,	  /* read at one time */
	TCP_IN_FLIGHT_MOST = 100, /* queries of one connection */
	TCP_QUERIES_MOST = 1000,  /* of one connection, then it is closed */
	TCP_FIRST_QUERY_MS = 2000,
	TCP_HURRY_MS = 3000,   /* idle, where room becomes scarce */
	TCP_FAREWELL_MS = 2000, /* for the client to end its side */
	/* 64 KiB of answers wait for a slow reader, and one more */
	TCP_BUFFER_SIZE = 65536 + FRAME_HEAD + MESSAGE_MAX
};

struct tcp_socket {
	int fd;
	struct tcp *tcp;
	struct ready ready;
};

struct tcp {
	struct loop *loop;
	struct query_house *house;
	struct worker_stats *stats;
	int64_t idle_ms; /* where there is room */
	unsigned most;	 /* connections of all workers */
	const struct worker_stats *const *others;
	bool hurried; /* room was scarce when we looked last */
	uint64_t serial; /* of the connection accepted last */
	bool deaf;	 /* reads and accepts no more */
	struct pool clients, buffers;
	struct list live;
	struct due pause; /* no descriptors left */
	unsigned count;
	struct tcp_socket socket[LISTEN_MAX_SOCKETS];
};

struct tcp_client {
	struct list link; /* tcp.live; first, so that serial outlives it */
	struct tcp *tcp;
	uint64_t serial; /* 0: the slot is free */
	struct endpoint client;
	struct addr local;
	uint32_t ifindex;
	unsigned in_flight, asked;
	int64_t heard_ms; /* when its last whole query came */
	bool ended;  /* the client writes no more */
	bool spent;  /* it has asked all it may */
	bool leaving; /* we write no more, and read only to its end */
	bool broken; /* to be closed when no query is being walked */
	struct stream stream;
	struct due idle;
	struct due settle;
	/* bytes read that are not yet in the frame */
	size_t piece_at, piece_end;
	uint8_t piece[TCP_PIECE];
	struct frame frame;
	uint8_t query[LISTEN_QUERY_MAX];
};

/* How long a connection may be idle now. */
int64_t tcp_idle_ms(struct tcp *t);
/* Takes the descriptor; c is a slot of t->clients. */
void tcp_client_init(struct tcp_client *c, struct tcp *t, int fd,
		     const struct endpoint *client);
/* Closes, forgets its queries and gives the slot back. */
void tcp_client_close(struct tcp_client *c);

#endif
