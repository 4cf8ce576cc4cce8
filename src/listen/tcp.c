/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queries by TCP (RFC 7766): accepted, counted, and who is let in.
 *
 * Every connection has its slot from the start, so that a thousand of them
 * cost what one costs: nobody gets a slot over the share of this worker, and
 * no client more than 32, nor more than three quarters, so that others find
 * room. Where the process has no descriptor left it stops accepting for a
 * moment instead of spinning. What happens on a connection is in
 * tcp_client.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listen/packet_info.h"
#include "listen/tcp_client.h"

enum {
	SHARE_LEAST = 4,
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

static bool
client_may_connect(const struct tcp *t, const struct addr *client)
{
	size_t most = t->clients.count - t->clients.count / 4;
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

static void
welcome(struct tcp *t, int fd, const union sockaddr_any *from)
{
	struct tcp_client *c;
	struct endpoint client;

	if (endpoint_from_sockaddr(from, &client) != ERR_NONE ||
	    !client_may_connect(t, &client.addr) ||
	    (c = pool_take(&t->clients)) == NULL) {
		t->stats->tcp_refused++;
		close(fd);
		return;
	}
	t->stats->tcp_accepted++;
	tcp_client_init(c, t, fd, &client);
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
			t->stats->tcp_refused++;
			watch_listeners(t, false);
			due_in(t->loop, &t->pause, ACCEPT_PAUSE_MS);
			return;
		} else if (errno != ECONNABORTED && errno != EINTR) {
			return;
		}
	}
}

static unsigned
share_of(const struct listen_setup *setup)
{
	unsigned share = setup->opt->max_connections / setup->workers;

	return share > SHARE_LEAST ? share : SHARE_LEAST;
}

static enum err
make_pools(struct tcp *t, unsigned share)
{
	if (pool_init(&t->clients, sizeof(struct tcp_client), share) ||
	    pool_init(&t->buffers, TCP_BUFFER_SIZE,
		      share < BUFFERS_MOST ? share : BUFFERS_MOST))
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
	list_init(&t->live);
	due_init(&t->pause, on_pause_over, t);
	if (setup->count > LISTEN_MAX_SOCKETS ||
	    make_pools(t, share_of(setup)) != ERR_NONE) {
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
