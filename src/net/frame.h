/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS over a stream: each message behind its length in two bytes
 * (RFC 1035 4.2.2, RFC 7766 8). Input comes in pieces of any size; what is
 * kept never exceeds the buffer given at the start.
 */
#ifndef NET_FRAME_H
#define NET_FRAME_H

#include <stddef.h>
#include <stdint.h>

enum { FRAME_HEAD = 2 };

enum frame_news {
	FRAME_MORE,  /* all input was taken, the message is not whole */
	FRAME_WHOLE, /* bytes[0..len) is a message until the next call */
	FRAME_BAD    /* the length is out of bounds: close the stream */
};

struct frame {
	uint8_t *bytes;	    /* the caller's; `most` of them */
	size_t least, most; /* lengths that are accepted */
	size_t len;	    /* of the message, once its head was read */
	size_t have;	    /* bytes of it that came */
	unsigned head_have; /* bytes of the head that came */
	uint8_t head[FRAME_HEAD];
};

void frame_init(struct frame *f, uint8_t *bytes, size_t least, size_t most);
/* Takes input up to the end of one message: *in and *n move past what was
 * taken. After FRAME_WHOLE call it again for what is left. After FRAME_BAD
 * every further call says so too. */
enum frame_news frame_feed(struct frame *f, const uint8_t **in, size_t *n);
/* Writes the head of a message of len bytes (<= 65535). */
void frame_head(uint8_t head[FRAME_HEAD], size_t len);

#endif
