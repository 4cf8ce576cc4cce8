/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a message into a buffer of fixed size. What does not fit sets
 * `full` and writes nothing; writer_back() undoes whole records. */
#ifndef WIRE_WRITER_H
#define WIRE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct writer {
	uint8_t *bytes;
	size_t size;
	size_t at;
	bool full;
};

static inline struct writer
writer_of(uint8_t *bytes, size_t size)
{
	return (struct writer){ .bytes = bytes, .size = size };
}

static inline uint8_t *
writer_room(struct writer *w, size_t n)
{
	uint8_t *p = w->bytes + w->at;

	if (w->full || n > w->size - w->at) {
		w->full = true;
		return NULL;
	}
	w->at += n;
	return p;
}

/* Undoes everything written at or behind `at`. */
static inline void
writer_back(struct writer *w, size_t at)
{
	w->at = at;
	w->full = false;
}

static inline void
writer_bytes(struct writer *w, const void *from, size_t n)
{
	uint8_t *p = writer_room(w, n);

	if (p && n > 0)
		memcpy(p, from, n);
}

static inline void
writer_u8(struct writer *w, uint8_t v)
{
	writer_bytes(w, &v, 1);
}

static inline void
writer_u16(struct writer *w, uint16_t v)
{
	uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	writer_bytes(w, b, sizeof(b));
}

static inline void
writer_u32(struct writer *w, uint32_t v)
{
	writer_u16(w, (uint16_t)(v >> 16));
	writer_u16(w, (uint16_t)v);
}

static inline void
writer_u64(struct writer *w, uint64_t v)
{
	writer_u32(w, (uint32_t)(v >> 32));
	writer_u32(w, (uint32_t)v);
}

#endif
