/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where primaries say that zones have changed: sockets of their own, by UDP
 * and TCP, on which nothing else is answered.
 */
#ifndef SUPPLY_NOTIFY_SOCKET_H
#define SUPPLY_NOTIFY_SOCKET_H

#include "net/loop.h"
#include "proc/role.h"
#include "supply/notify.h"

enum {
	NOTIFY_A_SECOND = 200, /* letters that are looked at; others are lost */
	NOTIFY_CALLERS = 8,    /* connections at one time */
	NOTIFY_CALL_MS = 5000  /* that one lasts at most */
};

/* Judges a letter, and does what is to be done. */
typedef void notify_heard_fn(void *owner, const struct notify_letter *letter,
			     struct notify_result *out);

/* Whether that is the address of a primary. */
typedef bool notify_knows_fn(void *owner, const struct addr *from);

/* How much was heard of one side. */
struct notify_ear {
	int64_t second_ms; /* when the one that is counted began */
	unsigned heard;	   /* in it */
};

bool notify_may_hear(struct notify_ear *e, int64_t now_ms);

struct notify_setup {
	struct loop *loop;
	const struct role_kit *kit; /* its sockets, which stay its own, and its
				     * channels to the workers, which do not */
	notify_heard_fn *fn;
	notify_knows_fn *knows;
	void *owner;
};

struct notify_sockets;

/* NULL: no memory. */
struct notify_sockets *notify_sockets_open(const struct notify_setup *setup);
void notify_sockets_close(struct notify_sockets *n);

#endif
