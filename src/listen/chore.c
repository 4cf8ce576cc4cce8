/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dumps and flushes of the cache. A dump is bounded, so that a worker is never
 * away from its clients for long; what it writes to was handed with the wish.
 */
#include "listen/chore.h"

#include <string.h>
#include <unistd.h>

#include "proc/post.h"

enum { DUMP_PIECE = 16384, DUMP_MOST = 1 << 20 /* bytes of one worker */ };

/* Lines gather here, and are written by the piece. */
struct dump {
	int fd;
	uint64_t count, cut;
	size_t written, len;
	char piece[DUMP_PIECE];
};

static void
write_piece(struct dump *d)
{
	if (d->len > 0 && write(d->fd, d->piece, d->len) == (ssize_t)d->len)
		d->written += d->len;
	d->len = 0;
}

static bool
dump_line(void *arg, const struct text *line)
{
	struct dump *d = arg;

	if (d->written + d->len + line->len > DUMP_MOST) {
		d->cut++;
		return true;
	}
	if (d->len + line->len > sizeof(d->piece))
		write_piece(d);
	memcpy(d->piece + d->len, line->buf, line->len);
	d->len += line->len;
	d->count++;
	return true;
}

static void
dump(struct cache *cache, const struct name *below, int64_t now_ms,
     struct dump *d)
{
	cache_dump(cache, below, now_ms, dump_line, d);
	write_piece(d);
}

void
chore_do(struct cache *cache, int64_t now_ms, const struct cache_letter *wish,
	 int fd, struct cached_letter *done)
{
	struct name name, *below = NULL;
	struct dump d = { .fd = fd };
	size_t at = 0;

	*done = (struct cached_letter){ .seq = wish->seq, .workers = 1 };
	post_head(&done->head, POST_CACHE_DONE, 0);
	if (wish->name_len > 0) {
		below = &name;
		if (name_read(wish->name, wish->name_len, &at, below) !=
		    ERR_NONE)
			return;
	}
	if (wish->deed == CACHE_DEED_FLUSH)
		done->count = cache_flush(cache, below, true);
	if (wish->deed != CACHE_DEED_DUMP || fd == -1)
		return;
	dump(cache, below, now_ms, &d);
	done->count = d.count;
	done->cut = d.cut;
}
