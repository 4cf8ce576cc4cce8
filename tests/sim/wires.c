/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As the kernel does it: a thing lives while a descriptor leads to it or a
 * letter carries one; epoll forgets it only then.
 */
#include "wires.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "proc/role.h"
#include "process.h"
#include "world.h"

int __real_close(int fd);

enum { REAL_MOST = 1000, LETTERS_ROOM = 200000 };

struct descriptor {
	struct thing *thing; /* NULL: free */
	struct process *owner;
};

static struct {
	struct descriptor at[WIRES_MOST];
	struct process *real[REAL_MOST];
	struct thing *epoll[PROCESS_MOST];
} wires;

/* ---- things ------------------------------------------------------------- */

/* Where it stands among those that watch. */
static struct thing **
epoll_place(const struct thing *t)
{
	for (unsigned i = 0; i < PROCESS_MOST; i++) {
		if (wires.epoll[i] == t)
			return &wires.epoll[i];
	}
	broken("too many epoll descriptors");
}

struct thing *
thing_new(enum thing_kind kind)
{
	struct thing *t = world_take(sizeof(*t));

	t->kind = kind;
	t->room = LETTERS_ROOM;
	t->window = SIZE_MAX;
	if (kind == THING_EPOLL)
		*epoll_place(NULL) = t;
	return t;
}

static void
thing_free(struct thing *t)
{
	if (t->kind == THING_EPOLL)
		*epoll_place(t) = NULL;
	while (t->first != NULL)
		thing_drop_first(t);
	world_give(t->watched);
	world_give(t);
}

void
thing_keep(struct thing *t)
{
	t->keepers++;
}

void
thing_let_go(struct thing *t)
{
	if (--t->keepers == 0 && t->holders == 0)
		thing_free(t);
}

bool
thing_is_open(const struct thing *t)
{
	return t->holders > 0;
}

struct parcel *
thing_put(struct thing *t, const void *bytes, size_t len, int64_t due_us)
{
	struct parcel *p = world_take(sizeof(*p) + len);

	if (t->last != NULL && t->last->due_us > due_us)
		due_us = t->last->due_us;
	p->due_us = due_us;
	p->len = len;
	p->real = -1;
	if (len > 0)
		memcpy(p->bytes, bytes, len);
	if (t->last != NULL)
		t->last->next = p;
	else
		t->first = p;
	t->last = p;
	t->queued += len;
	t->parcels++;
	if (due_us > now_us())
		look_at_us(due_us);
	return p;
}

struct parcel *
thing_first(const struct thing *t)
{
	return t->first != NULL && t->first->due_us <= now_us() ? t->first
								: NULL;
}

void
thing_drop_first(struct thing *t)
{
	struct parcel *p = t->first;

	t->first = p->next;
	if (t->first == NULL)
		t->last = NULL;
	t->queued -= p->len;
	t->parcels--;
	world_give(p);
}

static uint32_t
letters_ready(const struct thing *t)
{
	uint32_t events = 0;

	if (thing_first(t) || t->peer == NULL || t->reset)
		events |= EPOLLIN;
	if (t->peer == NULL)
		return events | EPOLLOUT | EPOLLHUP;
	return t->peer->queued < t->peer->room ? events | EPOLLOUT : events;
}

static uint32_t
stream_ready(const struct thing *t)
{
	uint32_t events = 0;

	if (t->error != 0)
		return EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP;
	if (t->connecting)
		return 0;
	if (thing_first(t) || (t->eof && t->first == NULL))
		events |= EPOLLIN;
	return t->window > 0 ? events | EPOLLOUT : events;
}

uint32_t
thing_ready(const struct thing *t)
{
	switch (t->kind) {
	case THING_LETTERS:
		return letters_ready(t);
	case THING_STREAM:
		return stream_ready(t);
	case THING_DOOR:
	case THING_LISTENER:
	case THING_ASKER:
		break;
	case THING_EPOLL:
		return 0;
	}
	return (thing_first(t) || t->error != 0 ? EPOLLIN : 0u) | EPOLLOUT;
}

/* ---- the last descriptor is closed -------------------------------------- */

static void
forget_watched(const struct thing *t)
{
	for (unsigned i = 0; i < PROCESS_MOST; i++) {
		struct thing *e = wires.epoll[i];

		if (e == NULL)
			continue;
		for (unsigned k = e->watched_count; k-- > 0;) {
			if (e->watched[k].thing == t)
				e->watched[k] = e->watched[--e->watched_count];
		}
	}
}

static void release(struct thing *t);

static void
drop_parcels(struct thing *t)
{
	while (t->first != NULL) {
		struct parcel *p = t->first;
		struct thing *carried = p->thing;

		if (p->real != -1)
			__real_close(p->real);
		thing_drop_first(t);
		if (carried != NULL)
			release(carried);
	}
}

static void
release(struct thing *t)
{
	if (--t->holders > 0)
		return;
	forget_watched(t);
	if (t->peer != NULL) {
		t->peer->reset = t->first != NULL;
		t->peer->peer = NULL;
	}
	drop_parcels(t);
	thing_keep(t);
	if (t->left != NULL)
		t->left(t);
	thing_let_go(t);
}

void
letters_pair(struct thing *out[2])
{
	out[0] = thing_new(THING_LETTERS);
	out[1] = thing_new(THING_LETTERS);
	out[0]->peer = out[1];
	out[1]->peer = out[0];
}

/* ---- descriptors -------------------------------------------------------- */

/* Each child has the channel to the supervisor under the same number. */
static int
resolve(int fd)
{
	const struct process *p = process_current();

	return fd == ROLE_CHANNEL && p != NULL ? p->channel : fd;
}

int
wires_open(struct thing *t, struct process *owner)
{
	for (int i = 0; i < WIRES_MOST; i++) {
		if (wires.at[i].thing != NULL)
			continue;
		wires.at[i] = (struct descriptor){ t, owner };
		t->holders++;
		return WIRES_FIRST + i;
	}
	broken("no descriptor is left");
}

struct thing *
wires_thing(int fd)
{
	int at = resolve(fd) - WIRES_FIRST;

	return at >= 0 && at < WIRES_MOST ? wires.at[at].thing : NULL;
}

int
wires_give(int fd, struct process *to)
{
	return wires_open(wires_thing(fd), to);
}

int
wires_close(int fd)
{
	int at = resolve(fd) - WIRES_FIRST;
	struct thing *t = wires_thing(fd);

	if (t == NULL) {
		if (fd < 0 || fd >= REAL_MOST ||
		    wires.real[fd] != process_current())
			broken("descriptor %d is closed twice", fd);
		wires.real[fd] = NULL;
		return __real_close(fd);
	}
	if (wires.at[at].owner != process_current())
		broken("descriptor %d of another process is closed", fd);
	wires.at[at].thing = NULL;
	release(t);
	return 0;
}

void
wires_own_real(int fd, struct process *owner)
{
	if (fd >= REAL_MOST)
		broken("too many real descriptors");
	wires.real[fd] = owner;
}

void
wires_close_all(struct process *p)
{
	for (int i = 0; i < WIRES_MOST; i++) {
		struct thing *t = wires.at[i].thing;

		if (t == NULL || wires.at[i].owner != p)
			continue;
		wires.at[i].thing = NULL;
		release(t);
	}
	for (int i = 0; i < REAL_MOST; i++) {
		if (wires.real[i] != p)
			continue;
		wires.real[i] = NULL;
		__real_close(i);
	}
}

unsigned
wires_count(const struct process *owner)
{
	unsigned n = 0;

	for (unsigned i = 0; i < WIRES_MOST; i++)
		n += wires.at[i].thing != NULL && wires.at[i].owner == owner;
	return n;
}
