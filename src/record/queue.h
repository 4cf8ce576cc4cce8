/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines that wait for a reader, in memory of fixed size. A line that finds no
 * room is dropped whole and counted; none is ever torn by a slow reader. Where
 * the reader takes datagrams, a parcel of bytes stands for a line.
 */
#ifndef RECORD_QUEUE_H
#define RECORD_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A stream has a buffer of its own, that systemd makes large; datagrams have
 * little, and theirs is for 50,000 lines. What is not used is not touched. */
enum { QUEUE_BYTES = 256 * 1024, QUEUE_PARCEL_BYTES = 32 << 20 };

struct line_queue {
	bool parcels; /* each one a datagram */
	char *bytes;
	size_t room;
	size_t at, len;	  /* what is not yet written: bytes[at .. at + len) */
	bool torn; /* the last byte written was not the end of a line */
	uint64_t dropped; /* lines, since the owner last set it to 0 */
};

enum err queue_init(struct line_queue *q, bool parcels);
void queue_fini(struct line_queue *q);
/* One line with its '\n', or one parcel. */
void queue_add(struct line_queue *q, const char *line, size_t len);
/* Writes what the reader takes. ERR_NONE: nothing is left; ERR_AGAIN: the
 * reader is busy; ERR_SYSTEM: it is gone or the disk is full, and what
 * waited was dropped. ERR_CLOSED, of parcels: nobody is at the other end, and
 * what waited still waits. */
enum err queue_write(struct line_queue *q, int fd);

#endif
