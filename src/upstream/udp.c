/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One try by UDP: a socket that lives for one question (net/query_socket.h). */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/query_socket.h"
#include "upstream/pending.h"
#include "wire/reply.h"

void
udp_try_close(struct udp_try *t)
{
	if (t->fd == -1)
		return;
	ready_want(t->ask->house->loop, &t->ready, false, false);
	close(t->fd);
	t->fd = -1;
}

static void
on_readable(void *owner, bool readable, bool writable)
{
	struct udp_try *t = owner;
	struct upstreams *u = t->ask->house;
	struct report r = { .kind = TRY_UDP, .at = t->at, .sent = &t->sent };
	ssize_t got = recv(t->fd, u->bytes, sizeof(u->bytes), 0);

	(void)readable, (void)writable;
	if (got == -1) {
		if (errno == EAGAIN || errno == EINTR)
			return;
		udp_try_close(t);
		ask_try_failed(t->ask, r.at);
		return;
	}
	r.match = match_answer(&t->sent, u->bytes, (size_t)got, &u->message);
	ask_heard(t->ask, &r);
}

static struct udp_try *
free_try(struct upstream_ask *a)
{
	for (unsigned i = 0; i < UPSTREAM_TRIES; i++) {
		if (a->udp[i].fd == -1)
			return &a->udp[i];
	}
	return NULL;
}

enum err
udp_try_begin(struct upstream_ask *a, unsigned at)
{
	struct upstreams *u = a->house;
	struct udp_try *t = free_try(a);
	uint8_t query[QUERY_SIZE];
	size_t len;

	assert(t != NULL);
	if (query_socket_open(&u->up[at].at, u->random, &t->fd) != ERR_NONE)
		return ERR_SYSTEM;
	t->at = at;
	t->ask = a;
	t->sent_ms = loop_now_ms(u->loop);
	ask_prepare(a, at, &t->sent);
	ready_init(&t->ready, t->fd, on_readable, t);
	len = ask_write(a, at, &t->sent, query);
	if (send(t->fd, query, len, MSG_NOSIGNAL) == -1) {
		udp_try_close(t);
		return ERR_SYSTEM;
	}
	u->stats->upstream_udp++;
	ready_want(u->loop, &t->ready, true, false);
	return ERR_NONE;
}
