/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors of the simulation and what lies behind them: channels, sockets
 * of clients and upstreams, and epoll. Numbers are the lowest that are free,
 * so that what is closed too late hits a stranger.
 */
#ifndef TESTS_SIM_WIRES_H
#define TESTS_SIM_WIRES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct process;

enum { WIRES_FIRST = 1000, WIRES_MOST = 8192 };

enum thing_kind {
	THING_LETTERS,	/* one end of a channel */
	THING_DOOR,	/* UDP socket that clients ask at */
	THING_ASKER,	/* UDP socket that is connected to an upstream */
	THING_LISTENER, /* TCP socket that clients connect to */
	THING_STREAM,	/* TCP connection */
	THING_EPOLL
};

/* Bytes that are on their way, or have arrived. */
struct parcel {
	struct parcel *next;
	int64_t due_us;
	size_t len, at; /* at: what was read of a stream's */
	/* letters: what comes along; real -1: no real descriptor */
	struct thing *thing;
	int real;
	/* of a datagram */
	struct endpoint from;
	struct addr local;
	uint32_t ifindex;
	uint8_t bytes[];
};

struct watched {
	int fd;
	struct thing *thing;
	uint32_t events;
	uint64_t data;
};

struct thing {
	enum thing_kind kind;
	unsigned holders; /* descriptors, and letters that carry it */
	unsigned keepers; /* who else looks at it */
	struct parcel *first, *last;
	size_t queued; /* bytes of parcels */
	unsigned parcels;
	/* LETTERS */
	struct thing *peer; /* NULL: the other end is gone */
	bool reset;
	size_t room;
	uint32_t delay_most_us;
	/* DOOR, LISTENER */
	bool six;
	uint32_t worker, overflow;
	/* ASKER, STREAM */
	struct endpoint to, local;
	uint32_t ifindex;
	int error; /* of the next call */
	bool connecting, eof, shut;
	size_t window; /* bytes the other end still takes */
	void (*heard)(struct thing *t, const uint8_t *bytes, size_t len);
	void (*left)(struct thing *t); /* no descriptor leads to it any more */
	void *owner;
	/* EPOLL */
	struct watched *watched;
	unsigned watched_count, watched_room;
};

struct thing *thing_new(enum thing_kind kind);
void thing_keep(struct thing *t);
void thing_let_go(struct thing *t);
bool thing_is_open(const struct thing *t);
/* EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP */
uint32_t thing_ready(const struct thing *t);
/* Appends; due no sooner than what is queued already. */
struct parcel *thing_put(struct thing *t, const void *bytes, size_t len,
			 int64_t due_us);
/* The first that is due, or NULL. */
struct parcel *thing_first(const struct thing *t);
/* The first goes; what it carries is the caller's. */
void thing_drop_first(struct thing *t);

/* Two ends of a channel. */
void letters_pair(struct thing *out[2]);

/* -1: none left. owner NULL: the supervisor. */
int wires_open(struct thing *t, struct process *owner);
struct thing *wires_thing(int fd);
/* Another descriptor for the same, of another process. */
int wires_give(int fd, struct process *to);
/* -1, and errno is EBADF: no such descriptor. */
int wires_close(int fd);
/* A real descriptor now belongs to that process. */
void wires_own_real(int fd, struct process *owner);
void wires_close_all(struct process *p);
unsigned wires_count(const struct process *owner);

#endif
