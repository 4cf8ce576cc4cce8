/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text of a fixed size, for log lines, answers and error messages.
 *
 * The promise: nothing is ever written past the end, and the buffer is a
 * string after every call. An escape is written whole or not at all, so
 * that a text that was cut can still be read back.
 */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static size_t
room(const struct text *t)
{
	return t->cut ? 0 : t->size - 1 - t->len;
}

void
text_init(struct text *t, char *buf, size_t size)
{
	*t = (struct text){ .buf = buf, .size = size };
	buf[0] = '\0';
}

void
text_bytes(struct text *t, const char *s, size_t len)
{
	size_t n = len < room(t) ? len : room(t);

	if (n > 0)
		memcpy(t->buf + t->len, s, n);
	t->len += n;
	t->buf[t->len] = '\0';
	if (n < len)
		t->cut = true;
}

void
text_char(struct text *t, char c)
{
	text_bytes(t, &c, 1);
}

void
text_str(struct text *t, const char *s)
{
	text_bytes(t, s, strlen(s));
}

void
text_u64(struct text *t, uint64_t n)
{
	char digit[20];
	size_t at = sizeof(digit);

	do {
		digit[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	text_bytes(t, digit + at, sizeof(digit) - at);
}

void
text_printf(struct text *t, const char *format, ...)
{
	size_t left = room(t);
	va_list args;
	int n;

	if (t->cut)
		return;
	va_start(args, format);
	n = vsnprintf(t->buf + t->len, left + 1, format, args);
	va_end(args);
	if (n < 0)
		n = 0;
	t->cut = (size_t)n > left;
	t->len += t->cut ? left : (size_t)n;
	t->buf[t->len] = '\0';
}

static void
escape(struct text *t, uint8_t byte)
{
	char e[4] = { '\\', (char)('0' + byte / 100),
		      (char)('0' + byte / 10 % 10), (char)('0' + byte % 10) };

	if (room(t) < sizeof(e))
		t->cut = true;
	else
		text_bytes(t, e, sizeof(e));
}

void
text_escaped(struct text *t, const char *s, size_t len)
{
	for (size_t i = 0; i < len && !t->cut; i++) {
		uint8_t byte = (uint8_t)s[i];

		if (byte >= 0x20 && byte < 0x7f)
			text_char(t, s[i]);
		else
			escape(t, byte);
	}
}
