/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The buffer between the recorder and whoever reads the access log.
 *
 * It is written to the reader as far as it takes it. A write may end in the
 * middle of a line; the rest goes first the next time, before anything else,
 * so that a reader who stalls and comes back sees whole lines only.
 */
#include "record/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/sink.h"

enum err
queue_init(struct line_queue *q)
{
	*q = (struct line_queue){ .bytes = malloc(QUEUE_BYTES) };
	return q->bytes ? ERR_NONE : ERR_SYSTEM;
}

void
queue_fini(struct line_queue *q)
{
	free(q->bytes);
	*q = (struct line_queue){ 0 };
}

static void
make_room(struct line_queue *q)
{
	memmove(q->bytes, q->bytes + q->at, q->len);
	q->at = 0;
}

void
queue_add(struct line_queue *q, const char *line, size_t len)
{
	if (len > QUEUE_BYTES - q->len) {
		q->dropped++;
		return;
	}
	if (len > QUEUE_BYTES - q->at - q->len)
		make_room(q);
	memcpy(q->bytes + q->at + q->len, line, len);
	q->len += len;
}

static void
drop_all(struct line_queue *q)
{
	for (size_t i = 0; i < q->len; i++)
		q->dropped += q->bytes[q->at + i] == '\n';
	q->at = q->len = 0;
}

enum err
queue_write(struct line_queue *q, int fd)
{
	while (q->len > 0) {
		ssize_t n = sink_write(fd, q->bytes + q->at, q->len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			return ERR_AGAIN;
		if (n <= 0) {
			int cause = errno; /* of the message the owner logs */

			drop_all(q);
			errno = cause;
			return ERR_SYSTEM;
		}
		q->at += (size_t)n;
		q->len -= (size_t)n;
	}
	q->at = 0;
	return ERR_NONE;
}
