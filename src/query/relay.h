/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NOTIFY messages (RFC 1996) that come to the address of the clients: whole
 * and unread they go to the lists process, which judges them, and what it
 * answers goes back.
 */
#ifndef QUERY_RELAY_H
#define QUERY_RELAY_H

#include "query/path.h"

enum {
	RELAY_MOST = 16,    /* that wait for their answer */
	RELAY_A_SECOND = 50 /* of one worker; others are dropped */
};

struct relay {
	struct loop *loop;
	struct post post; /* channel -1: there is no lists process */
	struct ready ready;
	struct {
		struct query *q; /* NULL: free */
		uint32_t seq;
	} waiting[RELAY_MOST];
	uint32_t seq;	   /* of the last */
	int64_t second_ms; /* when the one that is counted began */
	unsigned sent;	   /* in it */
};

void relay_init(struct relay *r, struct loop *loop);
/* A channel to another lists process; -1: there is none. It is the relay's. */
void relay_take(struct relay *r, int channel);

/* Some list is transferred from where the query came from. */
bool relay_hears(const struct query *q);
/* Its bytes are passed on: WAIT, or DROP where that is too much. */
enum step_result relay_send(struct query *q);
/* No answer is waited for any more. */
void relay_forget(struct query *q);
/* The query ends, answered with these bytes; len 0: dropped. */
void relay_end(struct query *q, const uint8_t *bytes, size_t len);

#endif
