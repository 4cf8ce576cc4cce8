/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages cut out of a stream (RFC 1035 4.2.2).
 *
 * Used by the listener and by the upstream side alike. Strangers choose how
 * their bytes arrive, one at a time or a thousand messages at once, so the
 * state is two counters and nothing is ever read that has not come. It never
 * looks inside a message.
 */
#include "net/frame.h"

#include <assert.h>
#include <string.h>

void
frame_init(struct frame *f, uint8_t *bytes, size_t least, size_t most)
{
	*f = (struct frame){ .bytes = bytes, .least = least, .most = most };
}

static void
take(struct frame *f, const uint8_t **in, size_t *n)
{
	size_t part = f->len - f->have;

	if (part > *n)
		part = *n;
	if (part == 0)
		return;
	memcpy(f->bytes + f->have, *in, part);
	f->have += part;
	*in += part;
	*n -= part;
}

/* A message that was handed out makes room for the next. */
static void
begin_anew(struct frame *f)
{
	if (f->head_have < FRAME_HEAD || f->len > f->most)
		return;
	if (f->have < f->len || f->len < f->least)
		return;
	f->head_have = 0;
	f->have = f->len = 0;
}

enum frame_news
frame_feed(struct frame *f, const uint8_t **in, size_t *n)
{
	begin_anew(f);
	while (f->head_have < FRAME_HEAD) {
		if (*n == 0)
			return FRAME_MORE;
		f->head[f->head_have++] = **in;
		++*in;
		--*n;
	}
	f->len = (size_t)f->head[0] << 8 | f->head[1];
	if (f->len < f->least || f->len > f->most)
		return FRAME_BAD;
	take(f, in, n);
	return f->have == f->len ? FRAME_WHOLE : FRAME_MORE;
}

void
frame_head(uint8_t head[FRAME_HEAD], size_t len)
{
	assert(len <= UINT16_MAX);
	head[0] = (uint8_t)(len >> 8);
	head[1] = (uint8_t)len;
}
