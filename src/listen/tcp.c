/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queries by TCP (RFC 7766): accepted, counted, and who is let in.
 *
 * All workers share one number of connections: each counts its own on its
 * page of counters and reads those of the others; a page has one writer. (Two
 * that accept at the same moment may both take the last place.) A client,
 * which always meets the same worker, gets 32 of them at most, and never the
 * last quarter; one that no net of the policy contains, none where a quarter
 * is taken. Where three quarters are taken, idle ones are closed sooner.
 * Where the process has no descriptor left it stops accepting for a moment
 * instead of spinning. What happens on a connection is in tcp_client.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/packet_info.h"
#include "listen/tcp_client.h"

enum {
	CLIENT_MOST = 32,
	ACCEPT_BATCH = 16,
	ACCEPT_PAUSE_MS = 100,
	BUFFERS_MOST = 256 /* connections that read slowly at one time */
};

static void
watch_listeners(struct tcp *t, bool on)
{
	for (unsigned i = 0; i < t->count; i++)
		ready_want(t->loop, &t->socket[i].ready, on, false);
}

static void
on_pause_over(void *owner)
{
	struct tcp *t = owner;

	watch_listeners(t, true);
}

static uint64_t
open_of(const struct worker_stats *w)
{
	uint64_t closed = w->tcp_closed; /* first: never more than accepted */

	return w->tcp_accepted - closed;
}

/* Of all workers. */
static uint64_t
count_open(const struct tcp *t)
{
	uint64_t open = open_of(t->stats);

	for (unsigned i = 0; t->others != NULL && t->others[i] != NULL; i++)
		open += open_of(t->others[i]);
	return open;
}

static bool
client_may_connect(const struct tcp *t, const struct addr *client)
{
	size_t most = t->most - t->most / 4;
	size_t held = 0;

	if (most > CLIENT_MOST)
		most = CLIENT_MOST;
	for (struct list *l = t->live.next; l != &t->live; l = l->next) {
		const struct tcp_client *c =
		    LIST_OWNER(l, struct tcp_client, link);

		held += addr_equal(&c->client.addr, client);
	}
	return held < most;
}

/* They get no answer but a refusal, and must not keep clients from theirs. */
static bool
is_stranger_too_many(const struct tcp *t, int fd, const struct addr *client)
{
	struct packet_info info;

	if (count_open(t) * 4 < (uint64_t)t->most)
		return false;
	packet_info_of_stream(fd, &info);
	return !query_knows(t->house, client, info.ifindex);
}

static bool
room_is_scarce(const struct tcp *t)
{
	return count_open(t) * 4 > (uint64_t)t->most * 3;
}

int64_t
tcp_idle_ms(struct tcp *t)
{
	if (t->idle_ms > TCP_HURRY_MS && room_is_scarce(t))
		return TCP_HURRY_MS;
	return t->idle_ms;
}

/* Those that came when there was room are hurried too, once. */
static void
hurry_idle(struct tcp *t)
{
	bool scarce = t->idle_ms > TCP_HURRY_MS && room_is_scarce(t);
	int64_t now_ms = loop_now_ms(t->loop);

	if (scarce && !t->hurried) {
		for (struct list *l = t->live.next; l != &t->live;
		     l = l->next) {
			struct tcp_client *c =
			    LIST_OWNER(l, struct tcp_client, link);
			int64_t left_ms =
			    c->heard_ms + TCP_HURRY_MS - now_ms;

			if (c->asked > 0 && !c->leaving)
				due_in(t->loop, &c->idle,
				       left_ms > 0 ? left_ms : 0);
		}
	}
	t->hurried = scarce;
}

static void
refuse(struct tcp *t, int fd, enum limit limit, const struct addr *client)
{
	limit_reached(&t->house->limits, t->stats, limit, client);
	close(fd);
}

static void
welcome(struct tcp *t, int fd, const union sockaddr_any *from)
{
	struct endpoint client;
	struct tcp_client *c;

	if (endpoint_from_sockaddr(from, &client) != ERR_NONE) {
		close(fd);
		return;
	}
	if (!client_may_connect(t, &client.addr)) {
		refuse(t, fd, LIMIT_CLIENT_CONNECTIONS, &client.addr);
		return;
	}
	if (is_stranger_too_many(t, fd, &client.addr)) {
		refuse(t, fd, LIMIT_STRANGER_CONNECTIONS, &client.addr);
		return;
	}
	if (count_open(t) >= t->most ||
	    (c = pool_take(&t->clients)) == NULL) {
		refuse(t, fd, LIMIT_CONNECTIONS, &client.addr);
		return;
	}
	t->stats->tcp_accepted++;
	tcp_client_init(c, t, fd, &client);
	hurry_idle(t);
}

static void
on_connection(void *owner, bool readable, bool writable)
{
	struct tcp_socket *s = owner;
	struct tcp *t = s->tcp;

	(void)readable, (void)writable;
	for (unsigned i = 0; i < ACCEPT_BATCH; i++) {
		union sockaddr_any from;
		socklen_t len = sizeof(from);
		int fd = accept4(s->fd, &from.sa, &len,
				 SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd != -1) {
			welcome(t, fd, &from);
		} else if (errno == EMFILE || errno == ENFILE ||
			   errno == ENOBUFS || errno == ENOMEM) {
			limit_reached(&t->house->limits, t->stats,
				      LIMIT_DESCRIPTORS, NULL);
			watch_listeners(t, false);
			due_in(t->loop, &t->pause, ACCEPT_PAUSE_MS);
			return;
		} else if (errno != ECONNABORTED && errno != EINTR) {
			return;
		}
	}
}

static enum err
make_pools(struct tcp *t)
{
	if (pool_init(&t->clients, sizeof(struct tcp_client), t->most) ||
	    pool_init(&t->buffers, TCP_BUFFER_SIZE,
		      t->most < BUFFERS_MOST ? t->most : BUFFERS_MOST))
		return ERR_SYSTEM;
	return ERR_NONE;
}

static void
watch(struct tcp *t, int fd)
{
	struct tcp_socket *s = &t->socket[t->count++];

	s->fd = fd;
	s->tcp = t;
	ready_init(&s->ready, fd, on_connection, s);
	ready_want(t->loop, &s->ready, true, false);
}

enum err
tcp_new(const struct listen_setup *setup, struct tcp **out)
{
	struct tcp *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return ERR_SYSTEM;
	t->loop = setup->loop;
	t->house = setup->house;
	t->stats = setup->stats;
	t->idle_ms = (int64_t)setup->opt->timeout_s * 1000;
	t->most = setup->opt->max_connections;
	t->others = setup->others;
	/* Connections of a worker that was here before ended with it. */
	t->stats->tcp_closed = t->stats->tcp_accepted;
	list_init(&t->live);
	due_init(&t->pause, on_pause_over, t);
	if (setup->count > LISTEN_MAX_SOCKETS ||
	    make_pools(t) != ERR_NONE) {
		tcp_free(t);
		return ERR_SYSTEM;
	}
	for (unsigned i = 0; i < setup->count; i++) {
		if (setup->fd[i] != -1)
			watch(t, setup->fd[i]);
	}
	*out = t;
	return ERR_NONE;
}

void
tcp_stop_reading(struct tcp *t)
{
	t->deaf = true;
	watch_listeners(t, false);
	due_stop(t->loop, &t->pause);
	for (struct list *l = t->live.next; l != &t->live; l = l->next)
		stream_read_on(&LIST_OWNER(l, struct tcp_client, link)->stream,
			       false);
}

void
tcp_free(struct tcp *t)
{
	if (t == NULL)
		return;
	tcp_stop_reading(t);
	while (!list_is_empty(&t->live))
		tcp_client_close(
		    LIST_OWNER(t->live.next, struct tcp_client, link));
	pool_fini(&t->clients);
	pool_fini(&t->buffers);
	free(t);
}
