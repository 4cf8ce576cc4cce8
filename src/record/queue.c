/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The buffer between the recorder and whoever reads the access log.
 *
 * It is written to the reader as far as it takes it. A write may end in the
 * middle of a line; the rest goes first the next time, before anything else,
 * so that a reader who stalls and comes back sees whole lines only. A parcel
 * has its length before it, goes whole or not at all, and waits for another
 * reader where there is none.
 */
#include "record/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/sink.h"

enum err
queue_init(struct line_queue *q, bool parcels)
{
	*q = (struct line_queue){ .parcels = parcels,
				  .room = parcels ? QUEUE_PARCEL_BYTES :
						    QUEUE_BYTES };
	q->bytes = malloc(q->room);
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

static void
append(struct line_queue *q, const void *bytes, size_t len)
{
	memcpy(q->bytes + q->at + q->len, bytes, len);
	q->len += len;
}

void
queue_add(struct line_queue *q, const char *line, size_t len)
{
	const uint32_t head = (uint32_t)len;
	size_t all = len + (q->parcels ? sizeof(head) : 1);

	if (all > q->room - q->len) {
		q->dropped++;
		return;
	}
	if (all > q->room - q->at - q->len)
		make_room(q);
	/* What was to follow half a line was dropped with a full disk. */
	if (!q->parcels && q->torn && q->len == 0)
		append(q, "\n", 1);
	if (q->parcels)
		append(q, &head, sizeof(head));
	append(q, line, len);
}

static void
drop_all(struct line_queue *q)
{
	for (size_t i = 0; i < q->len; i++)
		q->dropped += q->bytes[q->at + i] == '\n';
	q->at = q->len = 0;
}

static void
shift(struct line_queue *q, size_t len)
{
	q->at += len;
	q->len -= len;
}

static enum err
send_cause(void)
{
	switch (errno) {
	case EAGAIN:
	case ENOBUFS:
	case ENOMEM:
		return ERR_AGAIN;
	case EMSGSIZE:
		return ERR_RANGE;
	default:
		return ERR_CLOSED;
	}
}

static enum err
send_parcels(struct line_queue *q, int fd)
{
	while (q->len > 0) {
		enum err err = ERR_NONE;
		uint32_t len;

		memcpy(&len, q->bytes + q->at, sizeof(len));
		if (sink_write(fd, q->bytes + q->at + sizeof(len), len) == -1)
			err = errno == EINTR ? ERR_AGAIN : send_cause();
		if (err == ERR_AGAIN || err == ERR_CLOSED)
			return err;
		if (err == ERR_RANGE)
			q->dropped++;
		shift(q, sizeof(len) + len);
	}
	q->at = 0;
	return ERR_NONE;
}

enum err
queue_write(struct line_queue *q, int fd)
{
	if (q->parcels)
		return send_parcels(q, fd);
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
		shift(q, (size_t)n);
		q->torn = q->bytes[q->at - 1] != '\n';
	}
	q->at = 0;
	return ERR_NONE;
}
