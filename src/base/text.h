/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text put together in a buffer of fixed size.
 *
 * What does not fit is cut, never written past the end; `cut` says so.
 * The buffer always ends in NUL.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *buf;
	size_t size; /* with the NUL, >= 1 */
	size_t len;
	bool cut;
};

void text_init(struct text *t, char *buf, size_t size);
void text_char(struct text *t, char c);
void text_str(struct text *t, const char *s);
void text_bytes(struct text *t, const char *s, size_t len);
void text_u64(struct text *t, uint64_t n);
void text_printf(struct text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Printable ASCII as it is, any other byte as \DDD (RFC 1035 5.1). */
void text_escaped(struct text *t, const char *s, size_t len);

#endif
