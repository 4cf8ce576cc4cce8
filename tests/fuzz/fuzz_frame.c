/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first byte says how large the pieces are in which the rest comes. The
 * messages cut from it must be those that its length fields name. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/frame.h"

enum { LEAST = 12, MOST = 4096 };

struct oracle {
	const uint8_t *bytes;
	size_t len, at;
};

/* The next message as one reads it with all bytes at hand; NULL: bad or not
 * all there. */
static const uint8_t *
next_message(struct oracle *o, size_t *len_out)
{
	const uint8_t *message = o->bytes + o->at + FRAME_HEAD;

	if (o->len - o->at < FRAME_HEAD)
		return NULL;
	*len_out = (size_t)o->bytes[o->at] << 8 | o->bytes[o->at + 1];
	if (*len_out < LEAST || *len_out > MOST ||
	    *len_out > o->len - o->at - FRAME_HEAD)
		return NULL;
	o->at += FRAME_HEAD + *len_out;
	return message;
}

static void
check(int fact)
{
	if (!fact)
		abort();
}

static enum frame_news
feed_piece(struct frame *f, struct oracle *o, const uint8_t *in, size_t n)
{
	for (;;) {
		size_t before = n, len = 0;
		enum frame_news news = frame_feed(f, &in, &n);
		const uint8_t *message;

		check(n <= before);
		if (news != FRAME_WHOLE)
			return news;
		message = next_message(o, &len);
		check(message != NULL && len == f->len);
		check(memcmp(message, f->bytes, len) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[MOST];
	struct oracle o;
	struct frame f;
	size_t piece, len;

	if (size < 1)
		return 0;
	piece = data[0] ? data[0] : size;
	o = (struct oracle){ .bytes = data + 1, .len = size - 1 };
	frame_init(&f, bytes, LEAST, MOST);
	for (size_t at = 0; at < o.len; at += piece) {
		size_t n = piece < o.len - at ? piece : o.len - at;

		if (feed_piece(&f, &o, o.bytes + at, n) == FRAME_BAD)
			break;
	}
	check(next_message(&o, &len) == NULL);
	return 0;
}
