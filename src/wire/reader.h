/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads strangers' bytes in a row. A read past the end yields zero and sets
 * `torn`, which stays set: read everything, ask once. */
#ifndef WIRE_READER_H
#define WIRE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
	const uint8_t *bytes;
	size_t len;
	size_t at;
	bool torn;
};

static inline struct reader
reader_of(const uint8_t *bytes, size_t len)
{
	return (struct reader){ .bytes = bytes, .len = len };
}

static inline size_t
reader_left(const struct reader *r)
{
	return r->torn ? 0 : r->len - r->at;
}

/* The next n bytes, or NULL (and torn). */
static inline const uint8_t *
reader_take(struct reader *r, size_t n)
{
	const uint8_t *p;

	if (r->torn || n > r->len - r->at) {
		r->torn = true;
		return NULL;
	}
	p = r->bytes + r->at;
	r->at += n;
	return p;
}

static inline uint8_t
reader_u8(struct reader *r)
{
	const uint8_t *p = reader_take(r, 1);

	return p ? p[0] : 0;
}

static inline uint16_t
reader_u16(struct reader *r)
{
	const uint8_t *p = reader_take(r, 2);

	if (p == NULL)
		return 0;
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
reader_u32(struct reader *r)
{
	uint32_t high = reader_u16(r);

	return high << 16 | reader_u16(r);
}

static inline uint64_t
reader_u64(struct reader *r)
{
	uint64_t high = reader_u32(r);

	return high << 32 | reader_u32(r);
}

#endif
