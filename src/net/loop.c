/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop that every process waits in: libev with epoll, and nothing else
 * of libev seen outside this file and its header.
 *
 * A watcher carries its owner and the function that moves the owner's bytes.
 * This room decides nothing, keeps no descriptor of its own but epoll's, and
 * never blocks anywhere but in loop_run().
 */
#include "net/loop.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"

struct loop {
	struct ev_loop *ev;
	ev_check woken;
	int64_t now_ms;
};

/* The watcher is the first member of what carries it. */
static void
on_woken(struct ev_loop *ev, ev_check *check, int events)
{
	struct loop *l = check->data;

	(void)ev, (void)events;
	l->now_ms = clock_ms();
}

/* libev would abort(). It asks for little, and while it begins for the most
 * of it. */
static void *
allocate(void *old, long size)
{
	void *new = NULL;

	if (size == 0)
		free(old);
	else
		new = realloc(old, (size_t)size);
	if (new == NULL && size != 0) {
		log_error("No memory for the event loop");
		exit(EXIT_FAILURE);
	}
	return new;
}

struct loop *
loop_new(void)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	ev_set_allocator(allocate);
	l->ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	if (l->ev == NULL) {
		free(l);
		return NULL;
	}
	l->now_ms = clock_ms();
	ev_check_init(&l->woken, on_woken);
	/* The time must be right before any other watcher is called. */
	ev_set_priority(&l->woken, EV_MAXPRI);
	l->woken.data = l;
	ev_check_start(l->ev, &l->woken);
	ev_unref(l->ev);
	return l;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	ev_loop_destroy(l->ev);
	free(l);
}

void
loop_run(struct loop *l)
{
	ev_run(l->ev, 0);
}

void
loop_stop(struct loop *l)
{
	ev_break(l->ev, EVBREAK_ALL);
}

int64_t
loop_now_ms(const struct loop *l)
{
	return l->now_ms;
}

static void
on_io(struct ev_loop *ev, ev_io *io, int events)
{
	struct ready *r = (struct ready *)(void *)io;

	(void)ev;
	r->fn(r->owner, events & EV_READ, events & EV_WRITE);
}

void
ready_init(struct ready *r, int fd, ready_fn *fn, void *owner)
{
	ev_io_init(&r->io, on_io, fd, 0);
	r->fn = fn;
	r->owner = owner;
}

void
ready_want(struct loop *l, struct ready *r, bool read, bool write)
{
	int want = (read ? EV_READ : 0) | (write ? EV_WRITE : 0);

	if (ev_is_active(&r->io)) {
		if ((r->io.events & (EV_READ | EV_WRITE)) == want)
			return;
		ev_io_stop(l->ev, &r->io);
	}
	if (want == 0)
		return;
	ev_io_set(&r->io, r->io.fd, want);
	ev_io_start(l->ev, &r->io);
}

static void
on_timer(struct ev_loop *ev, ev_timer *timer, int events)
{
	struct due *d = (struct due *)(void *)timer;

	(void)ev, (void)events;
	d->fn(d->owner);
}

void
due_init(struct due *d, due_fn *fn, void *owner)
{
	ev_timer_init(&d->timer, on_timer, 0., 0.);
	d->fn = fn;
	d->owner = owner;
}

void
due_in(struct loop *l, struct due *d, int64_t wait_ms)
{
	ev_timer_stop(l->ev, &d->timer);
	ev_timer_set(&d->timer, (double)wait_ms / 1000., 0.);
	ev_timer_start(l->ev, &d->timer);
}

void
due_stop(struct loop *l, struct due *d)
{
	ev_timer_stop(l->ev, &d->timer);
}

static void
on_prepare(struct ev_loop *ev, ev_prepare *prepare, int events)
{
	struct before_wait *b = (struct before_wait *)(void *)prepare;

	(void)ev, (void)events;
	b->fn(b->owner);
}

void
before_wait_init(struct loop *l, struct before_wait *b, due_fn *fn, void *owner)
{
	ev_prepare_init(&b->prepare, on_prepare);
	b->fn = fn;
	b->owner = owner;
	ev_prepare_start(l->ev, &b->prepare);
	/* Alone it gives the loop no reason to go on. */
	ev_unref(l->ev);
}

void
before_wait_stop(struct loop *l, struct before_wait *b)
{
	if (!ev_is_active(&b->prepare))
		return;
	ev_ref(l->ev);
	ev_prepare_stop(l->ev, &b->prepare);
}
