/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wishes for the caches, passed on and answered. Neither the names in them
 * nor what the workers write is looked at here: a dump is a file in memory
 * that goes from hand to hand.
 */
#include "proc/caches.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static struct caches_wish *
find(struct caches *c, uint32_t seq)
{
	for (unsigned i = 0; i < CACHES_MOST; i++)
		if (c->wish[i].seq == seq)
			return &c->wish[i];
	return NULL;
}

/* Also where nobody was asked. */
static void
answer(struct caches_wish *w, struct crew *crew)
{
	struct child *control = crew_find(crew, ROLE_CONTROL);

	post_head(&w->sum.head, POST_CACHED, 0);
	w->sum.seq = w->asked_seq;
	if (control != NULL && control->channel != -1)
		post_send(control->channel, &w->sum, sizeof(w->sum), w->dump);
	if (w->dump != -1)
		close(w->dump);
	w->seq = 0;
	w->dump = -1;
}

/* All write behind each other. */
static int
open_dump(void)
{
	int fd = memfd_create("cache", MFD_CLOEXEC);

	if (fd != -1)
		fcntl(fd, F_SETFL, O_APPEND);
	return fd;
}

void
caches_ask(struct caches *c, struct crew *crew,
	   const struct cache_letter *letter, int64_t now_ms)
{
	struct caches_wish none = { .asked_seq = letter->seq, .dump = -1 };
	struct caches_wish *w = find(c, 0);
	struct cache_letter wish = *letter;

	if (w == NULL) {
		answer(&none, crew);
		return;
	}
	*w = none;
	w->seq = wish.seq = ++c->seq ? c->seq : ++c->seq;
	w->end_ms = now_ms + CACHES_MS;
	if (wish.deed == CACHE_DEED_DUMP)
		w->dump = open_dump();
	post_head(&wish.head, POST_CACHE_DO, 0);
	for (unsigned i = 0; i < crew->count; i++) {
		const struct child *child = &crew->child[i];

		if (child->role != ROLE_WORKER || !child->ready)
			continue;
		if (post_send(child->channel, &wish, sizeof(wish), w->dump) ==
		    ERR_NONE)
			w->missing++;
	}
	if (w->missing == 0)
		answer(w, crew);
}

void
caches_hear(struct caches *c, struct crew *crew,
	    const struct cached_letter *letter)
{
	struct caches_wish *w = letter->seq ? find(c, letter->seq) : NULL;

	if (w == NULL)
		return;
	w->sum.workers++;
	w->sum.count += letter->count;
	w->sum.cut += letter->cut;
	if (--w->missing == 0)
		answer(w, crew);
}

void
caches_tick(struct caches *c, struct crew *crew, int64_t now_ms)
{
	for (unsigned i = 0; i < CACHES_MOST; i++)
		if (c->wish[i].seq != 0 && now_ms >= c->wish[i].end_ms)
			answer(&c->wish[i], crew);
}
