/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting: poll(2), and epoll(7) as libev uses it. */
#include "calls.h"

#include <errno.h>
#include <sys/epoll.h>

#include "process.h"
#include "wires.h"
#include "world.h"

static int
fail(int error)
{
	errno = error;
	return -1;
}

struct polled {
	struct pollfd *at;
	nfds_t count;
};

static unsigned
poll_now(struct polled *p)
{
	unsigned n = 0;

	for (nfds_t i = 0; i < p->count; i++) {
		struct pollfd *f = &p->at[i];
		struct thing *t = wires_thing(f->fd);

		f->revents = 0;
		if (t != NULL)
			f->revents =
			    (short)(thing_ready(t) &
				    ((uint16_t)f->events | POLLERR | POLLHUP));
		n += f->revents != 0;
	}
	return n;
}

static bool
is_polled_ready(void *arg)
{
	return poll_now(arg) > 0;
}

static int64_t
until(int timeout_ms)
{
	return timeout_ms < 0 ? INT64_MAX : now_us() + (int64_t)timeout_ms * MS;
}

int
__wrap_poll(struct pollfd *at, nfds_t count, int timeout_ms)
{
	struct polled p = { at, count };

	process_point();
	if (poll_now(&p) == 0 && timeout_ms != 0)
		process_wait(until(timeout_ms), is_polled_ready, &p);
	return (int)poll_now(&p);
}

int
epoll_create1(int flags)
{
	(void)flags;
	return wires_open(thing_new(THING_EPOLL), process_current());
}

int
epoll_create(int size)
{
	return epoll_create1(size);
}

static struct watched *
watched_of(struct thing *e, int fd, const struct thing *t)
{
	for (unsigned i = 0; i < e->watched_count; i++) {
		if (e->watched[i].fd == fd && e->watched[i].thing == t)
			return &e->watched[i];
	}
	return NULL;
}

static struct watched *
watch(struct thing *e, int fd, struct thing *t)
{
	if (e->watched_count == e->watched_room) {
		e->watched_room += 64;
		e->watched = world_more(e->watched,
					e->watched_room * sizeof(*e->watched));
	}
	e->watched[e->watched_count] = (struct watched){ .fd = fd, .thing = t };
	return &e->watched[e->watched_count++];
}

int
epoll_ctl(int epoll, int deed, int fd, struct epoll_event *event)
{
	struct thing *e = wires_thing(epoll), *t = wires_thing(fd);
	struct watched *w;

	if (t == NULL)
		return fail(EBADF);
	w = watched_of(e, fd, t);
	if (deed == EPOLL_CTL_ADD ? w != NULL : w == NULL)
		return fail(w != NULL ? EEXIST : ENOENT);
	if (deed == EPOLL_CTL_DEL) {
		*w = e->watched[--e->watched_count];
		return 0;
	}
	if (w == NULL)
		w = watch(e, fd, t);
	w->events = event->events | EPOLLERR | EPOLLHUP;
	w->data = event->data.u64;
	return 0;
}

static int
epoll_now(const struct thing *e, struct epoll_event *out, int most)
{
	unsigned first = e->watched_count > 1 ? below(e->watched_count) : 0;
	int n = 0;

	for (unsigned i = 0; i < e->watched_count && n < most; i++) {
		const struct watched *w =
		    &e->watched[(first + i) % e->watched_count];
		uint32_t events = thing_ready(w->thing) & w->events;

		if (events == 0)
			continue;
		out[n].events = events;
		out[n++].data.u64 = w->data;
	}
	return n;
}

static bool
is_epoll_ready(void *arg)
{
	const struct thing *e = arg;

	for (unsigned i = 0; i < e->watched_count; i++) {
		if (thing_ready(e->watched[i].thing) & e->watched[i].events)
			return true;
	}
	return false;
}

int
epoll_wait(int epoll, struct epoll_event *out, int most, int timeout_ms)
{
	struct thing *e = wires_thing(epoll);

	process_point();
	if (!is_epoll_ready(e) && timeout_ms != 0)
		process_wait(until(timeout_ms), is_epoll_ready, e);
	process_current()->woke_us = now_us();
	return epoll_now(e, out, most);
}
