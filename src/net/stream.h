/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connected TCP socket that never blocks: what the kernel does not take at
 * once waits in a buffer of fixed size.
 *
 * The buffer comes from a pool only while something waits in it, so many
 * quiet connections cost nothing.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/pool.h"
#include "net/loop.h"

struct stream {
	int fd; /* -1: none */
	struct loop *loop;
	struct ready ready;
	bool reading;	      /* wants to be called when bytes come */
	bool connecting;      /* writable will mean connected */
	struct pool *buffers; /* slots of stream_setup.buffer_size */
	size_t buffer_size;
	uint8_t *waiting; /* slot, or NULL: nothing waits */
	size_t waiting_at, waiting_end;
};

struct stream_setup {
	struct loop *loop;
	struct pool *buffers;
	size_t buffer_size;
	ready_fn *fn; /* called when readable (or ended), or writable */
	void *owner;
};

/* Takes a connected, non-blocking socket; from then on the stream's. It does
 * not read until stream_read_on(). */
void stream_init(struct stream *s, const struct stream_setup *setup, int fd);
/* Begins to connect; fn is called writable when that has ended, and
 * stream_flush() then says how. What is written before waits. ERR_SYSTEM:
 * nothing stays open. */
enum err stream_connect(struct stream *s, const struct stream_setup *setup,
			const struct endpoint *to);
/* Writes no more, which the other end sees when it has read everything; what
 * waits must have gone. */
void stream_end(struct stream *s);
/* Closes, forgets what waits. Harmless where nothing is open. */
void stream_close(struct stream *s);

/* Whether fn is called for bytes that come. */
void stream_read_on(struct stream *s, bool on);
/* ERR_NONE: *got_out >= 1 bytes. ERR_AGAIN: none now. ERR_CLOSED: the other
 * end writes no more. ERR_SYSTEM: broken. */
enum err stream_read(struct stream *s, void *bytes, size_t size,
		     size_t *got_out);
/* Both parts, one after the other. ERR_FULL: the other end reads too slowly;
 * a piece may have gone, so the stream is of no more use. ERR_SYSTEM:
 * broken. ERR_CLOSED: not open. */
struct stream_part {
	const void *bytes;
	size_t len;
};
enum err stream_write(struct stream *s, const struct stream_part part[2]);
/* To be called when writable: sends what waits. ERR_SYSTEM: broken, or the
 * connection could not be made. */
enum err stream_flush(struct stream *s);
bool stream_is_drained(const struct stream *s);

#endif
